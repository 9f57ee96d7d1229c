package cases_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/auth/access"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/server/cases"
	"caseway/server/cases/file"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
	"caseway/server/operation"

	"pgregory.net/rapid"
)

// leakRequests is how many requests somebody makes of a random store.
const leakRequests = 30

// leaking is a store with two doors: one that decides, and one by which it is
// filled.
type leaking struct {
	guarded, open *interaction.Session
	cases         *cases.Service
	files         *file.Service
	operations    *operation.Service
	made          bool // the server has made an id
}

func newLeaking(t testing.TB, s store.Store) *leaking {
	t.Helper()
	r4 := definition.R4()
	clock := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	guard := rules.New(rules.Config{Schema: r4, Clock: clock})
	c := interaction.Config{Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Base: here, Compartments: []interaction.Compartment{membership.Compartment()}}
	c.Guards = []interaction.Guard{membership.NewGuard(r4)}
	open, err := interaction.New(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Guards = []interaction.Guard{guard}
	guarded, err := interaction.New(c)
	if err != nil {
		t.Fatal(err)
	}
	decides, err := access.New(access.Config{Store: s, Schema: r4, Base: here, Registry: guarded.Registry, Membership: membership.NewGuard(r4)})
	if err != nil {
		t.Fatal(err)
	}
	x := &leaking{open: open.As(nil), guarded: guarded.As(decides)}
	config := cases.Config{Guard: guard, Caller: x.guarded, Server: guarded.As(nil)}
	x.cases, x.files = cases.New(config), file.New(config)
	x.operations = operation.New(operation.Config{Engine: x.guarded, Cases: x.cases, Schema: r4, Clock: clock})
	return x
}

func (x *leaking) fill(t *rapid.T, all []*piece) {
	entries := make([]string, len(all))
	for i, p := range all {
		entries[i] = `{"resource":` + p.json() + `,"request":{"method":"PUT","url":"` + p.key() + `"}}`
	}
	body := `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
	if _, err := x.open.Bundle(context.Background(), interaction.BundleRequest{Body: []byte(body), Base: here}); err != nil {
		t.Fatal(err)
	}
}

// TestCasesTellNothingHidden holds the case API and the operations on cases to
// non-interference: two stores that differ only in what somebody may not read over
// FHIR answer them the same, byte by byte, in ETags, counts, problems and
// Provenance too.
func TestCasesTellNothingHidden(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { leakCheck(t, rt, openSQLite) })
}

// TestCasesTellNothingHiddenFromMongoDB is the same with fewer stores.
func TestCasesTellNothingHiddenFromMongoDB(t *testing.T) {
	for seed := range 3 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rapid.Custom(func(rt *rapid.T) any {
				leakCheck(t, rt, openMongoDB)
				return nil
			}).Example(seed)
		})
	}
}

func openSQLite(t testing.TB) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openMongoDB(t testing.TB) store.Store {
	t.Helper()
	s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func leakCheck(t *testing.T, rt *rapid.T, open func(testing.TB) store.Store) {
	all := drawPieces(rt)
	who, scopes := drawCaller(rt)
	one, other := newLeaking(t, open(t)), newLeaking(t, open(t))
	ctx := (&office{t: t}).as(who, scopes)
	one.fill(rt, all)
	hidden := one.hiddenFrom(ctx, all)
	single := rapid.Bool().Draw(rt, "one part judged")
	other.fill(rt, disguised(rt, all, hidden, single))
	requests := slices.Concat(asking, outsideReference, outsideReference, outsideReference)
	if !single {
		requests = slices.Concat(requests, doing, doing)
	}
	for n := range leakRequests {
		begins := n == leakRequests-1
		if begins {
			requests = beginning
		}
		r := drawLine(rt, rapid.SampledFrom(requests).Draw(rt, "request"))
		a, b := one.ask(ctx, r), other.ask(ctx, r)
		if !strings.HasPrefix(r, "GET ") && succeeded(a) && succeeded(b) {
			one.made, other.made = true, true // a Provenance, which an answer needn't show
		}
		same := one.plain(a) == other.plain(b) || begins && succeeded(a) && succeeded(b)
		if !same || strings.HasPrefix(a, "broken") {
			rt.Fatalf("%s as %+v with %s\nanswers\n%s\nor\n%s", r, who, scopes, a, b)
		}
		for key := range hidden {
			i := slices.IndexFunc(all, func(p *piece) bool { return p.key() == key })
			if strings.Contains(a, all[i].secret) {
				rt.Fatalf("%s as %+v with %s\ntells of %s\n%s", r, who, scopes, key, a)
			}
		}
	}
}

func succeeded(answer string) bool {
	return !strings.HasPrefix(answer, "error") && !strings.HasPrefix(answer, "problem")
}

// hiddenFrom are the keys of what somebody can neither read nor find over FHIR.
func (x *leaking) hiddenFrom(ctx context.Context, all []*piece) map[string]bool {
	hidden := map[string]bool{}
	for _, p := range all {
		_, err := x.guarded.Read(ctx, fhir.Key{Type: p.typ, ID: p.id})
		if err == nil {
			continue
		}
		page, err := x.guarded.Search(ctx, interaction.SearchRequest{Type: p.typ, Parameters: []search.Pair{{Name: "_id", Value: p.id}}})
		if err != nil || !bytes.Contains(page, []byte(`"id":"`+p.id+`"`)) {
			hidden[p.key()] = true
		}
	}
	return hidden
}

// disguised is a store in which what is hidden is another or isn't there. Of a case
// that is seen, parts are left out only where no other part is judged by them. What
// is written to a part that is seen is held to the rules of its case, which bind
// nobody where the episode isn't there.
func disguised(t *rapid.T, all []*piece, hidden map[string]bool, single bool) []*piece {
	entered := map[string]bool{} // ids of the cases of which a part is seen
	for _, p := range all {
		entered[p.of] = entered[p.of] || p.of != "" && !hidden[p.key()]
	}
	var others []*piece
	for _, p := range all {
		if hidden[p.key()] {
			q := *p
			q.secret = "other!" + strings.TrimPrefix(p.secret, "secret")
			p = &q
			wholly := p.of == "" || hidden["EpisodeOfCare/"+p.of]
			decides := p.decides() || !single && entered[p.of] && p.binds()
			if !decides && (single && p.loose() || wholly) && rapid.Bool().Draw(t, "absent") {
				continue
			}
		}
		others = append(others, p)
	}
	return others
}

var (
	madeID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	madeTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	madePage = regexp.MustCompile(`cursor=[A-Za-z0-9_%-]+`)
	madeETag = regexp.MustCompile(`"?[0-9a-f]{24}"?`)
)

// plain is an answer without what is made anew each time. Once the server has made
// ids, which are in any order where they are made at once, lists are sorted, and
// ETags, which are made of ids, aren't compared.
func (x *leaking) plain(answer string) string {
	answer = madePage.ReplaceAllString(madeTime.ReplaceAllString(answer, "TIME"), "cursor=X")
	x.made = x.made || madeID.MatchString(answer)
	if !x.made {
		return answer
	}
	lines := strings.Split(madeETag.ReplaceAllString(madeID.ReplaceAllString(answer, "ID"), "ETAG"), "\n")
	for i, line := range lines {
		var v any
		at := strings.IndexByte(line, '{')
		if at >= 0 && json.Unmarshal([]byte(line[at:]), &v) == nil {
			lines[i] = line[:at] + text(sorted(v))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// sorted is JSON with its lists in an order that ids don't give.
func sorted(v any) any {
	switch v := v.(type) {
	case object:
		for name := range v {
			v[name] = sorted(v[name])
		}
	case []any:
		for i := range v {
			v[i] = sorted(v[i])
		}
		slices.SortFunc(v, func(a, b any) int { return strings.Compare(text(a), text(b)) })
	}
	return v
}
