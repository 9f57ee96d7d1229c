package kit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"

	"caseway/conformance/kit"
)

// writer is one client that writes resources of its own and remembers every
// answer.
type writer struct {
	name   string
	client *kit.Client
	rng    *rand.Rand
	seq    int
	acks   int
	acked  *atomic.Int64 // of all writers together; nil where nobody asks

	owned    []*resource
	snapshot []*resource // what it knew at some moment
	pending  []member    // of the request that was never answered
}

// unanswered ends a writer's run: the server, or its database, is gone.
type unanswered struct{ cause string }

func (u unanswered) Error() string { return "not acknowledged: " + u.cause }

// run writes until a request isn't acknowledged. It returns an error only for
// an answer that is wrong.
func (w *writer) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := w.step(ctx)
		if _, ended := err.(unanswered); ended {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		w.pending = nil
		w.acks++
		if w.acked != nil {
			w.acked.Add(1)
		}
	}
	return nil
}

func (w *writer) step(ctx context.Context) error {
	if len(w.owned) == 0 {
		return w.create(ctx)
	}
	r := w.owned[w.rng.IntN(len(w.owned))]
	switch n := w.rng.IntN(10); {
	case r.current().deleted && n < 8:
		return w.update(ctx, r)
	case n < 3:
		return w.create(ctx)
	case n < 7 && !r.current().deleted:
		return w.update(ctx, r)
	case n < 8 && !r.current().deleted:
		return w.delete(ctx, r)
	default:
		return w.transaction(ctx)
	}
}

// marker makes a text that stands in one body only.
func (w *writer) marker() string {
	w.seq++
	return fmt.Sprintf("%s-%d", w.name, w.seq)
}

// ask sends a request that makes the members. Only a refusal that says that
// the store is away counts as unanswered.
func (w *writer) ask(ctx context.Context, members []member, method, path string, body []byte, header ...string) (kit.Answer, error) {
	w.pending = members
	answer, err := w.client.Do(ctx, method, path, body, header...)
	if err != nil {
		return answer, unanswered{err.Error()}
	}
	if answer.Status == http.StatusServiceUnavailable {
		return answer, unanswered{"503"}
	}
	if !answer.Acknowledged() {
		return answer, fmt.Errorf("%s %s: status %d: %s", method, path, answer.Status, answer.Body)
	}
	return answer, nil
}

func (w *writer) create(ctx context.Context) error {
	marker := w.marker()
	answer, err := w.ask(ctx, []member{{version: 1, marker: marker}}, http.MethodPost, "Patient", patient("", marker))
	if err != nil {
		return err
	}
	key, number := keyOf(answer.Header.Get("Location"))
	if answer.Status != http.StatusCreated || number != 1 || answer.VersionID() != 1 {
		return fmt.Errorf("create: status %d, Location %q, ETag %q", answer.Status, answer.Header.Get("Location"), answer.Header.Get("ETag"))
	}
	w.owned = append(w.owned, &resource{key: key, versions: []version{{body: answer.Body}}})
	return nil
}

func (w *writer) update(ctx context.Context, r *resource) error {
	marker, next := w.marker(), int64(len(r.versions)+1)
	var header []string
	if !r.current().deleted {
		header = []string{"If-Match", fmt.Sprintf(`W/"%d"`, len(r.versions))}
	}
	_, id, _ := strings.Cut(r.key, "/")
	answer, err := w.ask(ctx, []member{{key: r.key, version: next, marker: marker}}, http.MethodPut, r.key, body(r.key, id, marker), header...)
	if err != nil {
		return err
	}
	if answer.VersionID() != next {
		return fmt.Errorf("update of %s to version %d: ETag %q", r.key, next, answer.Header.Get("ETag"))
	}
	r.versions = append(r.versions, version{body: answer.Body})
	return nil
}

func (w *writer) delete(ctx context.Context, r *resource) error {
	next := int64(len(r.versions) + 1)
	etag := fmt.Sprintf(`W/"%d"`, len(r.versions))
	if _, err := w.ask(ctx, []member{{key: r.key, version: next}}, http.MethodDelete, r.key, nil, "If-Match", etag); err != nil {
		return err
	}
	r.versions = append(r.versions, version{deleted: true})
	return nil
}

// transaction makes a patient with a care plan and a task that point to it,
// and updates a resource of before.
func (w *writer) transaction(ctx context.Context) error {
	old := w.owned[w.rng.IntN(len(w.owned))]
	_, id, _ := strings.Cut(old.key, "/")
	urn := w.urn()
	markers := []string{w.marker(), w.marker(), w.marker(), w.marker()}
	members := []member{
		{version: 1, marker: markers[0]},
		{version: 1, marker: markers[1]},
		{version: 1, marker: markers[2]},
		{key: old.key, version: int64(len(old.versions) + 1), marker: markers[3]},
	}
	bundle := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":"Patient"}},
		{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":"CarePlan"}},
		{"fullUrl":%q,"resource":%s,"request":{"method":"POST","url":"Task"}},
		{"resource":%s,"request":{"method":"PUT","url":%q}}]}`,
		urn, patient("", markers[0]), w.urn(), carePlan("", urn, markers[1]), w.urn(), task("", urn, markers[2]),
		body(old.key, id, markers[3]), old.key)
	answer, err := w.ask(ctx, members, http.MethodPost, "", []byte(bundle), "Prefer", "return=representation")
	if err != nil {
		return err
	}
	return w.remember(answer, members, old)
}

// remember takes the versions of a transaction from its answer.
func (w *writer) remember(answer kit.Answer, members []member, old *resource) error {
	var bundle bundle
	if err := json.Unmarshal(answer.Body, &bundle); err != nil {
		return fmt.Errorf("transaction: %w", err)
	}
	if len(bundle.Entry) != len(members) {
		return fmt.Errorf("transaction of %d entries: %d in the answer", len(members), len(bundle.Entry))
	}
	for i, e := range bundle.Entry {
		if n := kit.VersionOf(e.Response.ETag); n != members[i].version || len(e.Resource) == 0 {
			return fmt.Errorf("transaction entry %d: version %d, want %d; resource %q", i, n, members[i].version, e.Resource)
		}
		v := version{body: e.Resource}
		if members[i].key != "" {
			old.versions = append(old.versions, v)
			continue
		}
		key, _ := keyOf(e.Response.Location)
		w.owned = append(w.owned, &resource{key: key, versions: []version{v}})
	}
	return nil
}

func (w *writer) urn() string {
	a, b := w.rng.Uint64(), w.rng.Uint64()
	return fmt.Sprintf("urn:uuid:%08x-%04x-4%03x-a%03x-%012x", uint32(a), uint16(a>>32), uint16(a>>48)&0xfff, uint16(b)&0xfff, b>>16)
}

// bundle is as much of a Bundle as the tests read.
type bundle struct {
	Type string
	Meta struct{ LastUpdated string }
	Link []struct{ Relation, URL string }

	Entry []entry
}

type entry struct {
	FullURL  string
	Resource json.RawMessage
	Request  struct{ Method, URL string }
	Response struct{ Status, Location, ETag, LastModified string }
}

// key is the entry's resource, "Patient/1".
func (e entry) key() string {
	url := e.FullURL
	if url == "" { // a deleted one may have none
		url = e.Request.URL
	}
	key, _ := keyOf(url)
	return key
}

// next is the link to the next page; "" on the last one.
func (b bundle) next() string {
	for _, l := range b.Link {
		if l.Relation == "next" {
			return l.URL
		}
	}
	return ""
}
