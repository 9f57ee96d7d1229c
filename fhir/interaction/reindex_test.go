package interaction_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
)

// reopened are stores that can be closed and opened again: open gives the same
// database each time.
var reopened = []struct {
	name  string
	start func(t *testing.T) (open func() store.Store)
}{
	{"sqlite", func(t *testing.T) func() store.Store {
		path := filepath.Join(t.TempDir(), "caseway.db")
		return func() store.Store {
			return must[*sqlite.Store](t)(sqlite.Open(context.Background(), path, sqlite.Options{}))
		}
	}},
	{"mongo", func(t *testing.T) func() store.Store {
		uri := mongotest.Server(t).URI
		return func() store.Store {
			return must[*mongo.Store](t)(mongo.Open(context.Background(), uri, mongo.Options{}))
		}
	}},
}

// onEachStore runs a test on a store of each kind, empty at first.
func onEachStore(t *testing.T, test func(t *testing.T, open func() store.Store)) {
	for _, r := range reopened {
		t.Run(r.name, func(t *testing.T) { test(t, r.start(t)) })
	}
}

// process is an engine that keeps its store's index.
type process struct {
	*interaction.Session
	t    *testing.T
	halt func()
}

// join makes an engine that takes part in keeping the index, without the
// background work.
func join(t *testing.T, c interaction.Config) *process {
	t.Helper()
	e := newEngine(t, c)
	if err := e.JoinIndexing(context.Background()); err != nil {
		t.Fatal(err)
	}
	return &process{Session: e, t: t, halt: func() {}}
}

// keep begins the background work.
func (p *process) keep() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.KeepIndexed(ctx)
	}()
	p.halt = func() {
		cancel()
		<-ended
		p.halt = func() {}
	}
	p.t.Cleanup(func() { p.halt() })
}

func (p *process) put(typ, id, body string) interaction.Result {
	p.t.Helper()
	r, err := p.Update(context.Background(), interaction.UpdateRequest{Key: fhir.Key{Type: typ, ID: id}, Body: []byte(body)})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// ids searches for resources of a type and gives their ids.
func (p *process) ids(typ, code, value string) ([]string, error) {
	answer, err := p.Search(context.Background(), interaction.SearchRequest{
		Type: typ, Base: base, Parameters: []search.Pair{{Name: code, Value: value}, {Name: "_count", Value: "1000"}},
	})
	if err != nil {
		return nil, err
	}
	var bundle struct {
		Entry []struct {
			Resource struct{ ID string }
		}
	}
	if err := json.Unmarshal(answer, &bundle); err != nil {
		p.t.Fatal(err)
	}
	ids := []string{}
	for _, e := range bundle.Entry {
		ids = append(ids, e.Resource.ID)
	}
	slices.Sort(ids)
	return ids, nil
}

func (p *process) wantIDs(typ, code, value string, want ...string) {
	p.t.Helper()
	got, err := p.ids(typ, code, value)
	if err != nil || !slices.Equal(got, want) {
		p.t.Errorf("%s?%s=%s gives %v, %v; want %v", typ, code, value, got, err, want)
	}
}

// opens waits until searches may use all parameters.
func (p *process) opens() {
	p.t.Helper()
	p.until(func() bool {
		now := p.IndexProgress()
		return now.Generation > 0 && now.Opened == now.Generation
	})
}

func (p *process) until(holds func() bool) {
	p.t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain: %+v", p.IndexProgress())
		}
	}
}

func patientNamed(id, nickname string) string {
	return `{"resourceType":"Patient","id":"` + id + `","name":[{"use":"nickname","given":["` + nickname + `"]}]}`
}

// nickname is a SearchParameter of Patient with the code "nickname".
func nickname(id, expression string) string {
	return parameterJSON(id, "nickname", "string", "Patient", expression)
}

func parameterJSON(id, code, typ, base, expression string) string {
	return `{"resourceType":"SearchParameter","id":"` + id + `","url":"http://example.org/` + id + `","name":"N","status":"active",` +
		`"description":"d","code":"` + code + `","base":["` + base + `"],"type":"` + typ + `","expression":"` + expression + `"}`
}

const byNickname = "Patient.name.where(use = 'nickname').given"

// refused checks that an error is the client's and says why.
func refused(t *testing.T, err error, text string) {
	t.Helper()
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || !strings.Contains(fe.Error(), text) {
		t.Errorf("error %v, want one that says %q", err, text)
	}
}

func TestNewParameterFindsOldResourcesOnceAllAreIndexed(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		p := join(t, interaction.Config{Store: s})
		p.put("Patient", "old", patientNamed("old", "Teddy"))
		_, err := p.ids("Patient", "nickname", "ted")
		refused(t, err, "no search parameter")
		if r := p.put("SearchParameter", "n", nickname("n", byNickname)); len(r.Issues) > 0 {
			t.Errorf("a parameter that works got issues: %v", r.Issues)
		}
		p.put("Patient", "new", patientNamed("new", "Ted"))
		_, err = p.ids("Patient", "nickname", "ted")
		refused(t, err, "aren't indexed by it yet")
		wantStatus(t, p, "n", "indexing")
		p.wantIDs("Patient", "_id", "old", "old") // others work meanwhile
		p.keep()
		p.opens()
		p.wantIDs("Patient", "nickname", "ted", "new", "old")
		wantStatus(t, p, "n", "indexed")
		if v := must[store.Version](t)(p.Read(context.Background(), fhir.Key{Type: "Patient", ID: "old"})); v.VersionID != 1 {
			t.Error("indexing made a new version")
		}
	})
}

func wantStatus(t *testing.T, p *process, id, want string) {
	t.Helper()
	got := string(must[[]byte](t)(p.ReindexStatus(context.Background(), id)))
	if !strings.Contains(got, `{"name":"status","valueCode":"`+want+`"}`) {
		t.Errorf("status of %q is %s; want %s", id, got, want)
	}
}

func TestChangedParameterIsClosedUntilAllAreIndexedAnew(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		p := join(t, interaction.Config{Store: s})
		p.put("Patient", "a", `{"resourceType":"Patient","id":"a","name":[{"use":"nickname","given":["Ted"],"family":"Oak"}]}`)
		p.put("SearchParameter", "n", nickname("n", byNickname))
		p.keep()
		p.opens()
		p.wantIDs("Patient", "nickname", "ted", "a")
		p.halt()
		p.put("SearchParameter", "n", nickname("n", "Patient.name.where(use = 'nickname').family"))
		_, err := p.ids("Patient", "nickname", "oak")
		refused(t, err, "aren't indexed by it yet")
		p.keep()
		p.opens()
		p.wantIDs("Patient", "nickname", "oak", "a")
		p.wantIDs("Patient", "nickname", "ted")
	})
}

func TestDeletedParameterIsUnknownAgain(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		p := join(t, interaction.Config{Store: s})
		p.put("Patient", "a", patientNamed("a", "Ted"))
		p.put("SearchParameter", "n", nickname("n", byNickname))
		p.put("SearchParameter", "z", nickname("z", "Patient.name.family"))
		wantStatus(t, p, "z", "no-effect")
		p.keep()
		p.opens()
		if _, err := p.Delete(context.Background(), interaction.DeleteRequest{Key: fhir.Key{Type: "SearchParameter", ID: "n"}}); err != nil {
			t.Fatal(err)
		}
		// The other one of the same code takes its place, but not at once.
		p.opens()
		p.wantIDs("Patient", "nickname", "ted")
		if _, err := p.Delete(context.Background(), interaction.DeleteRequest{Key: fhir.Key{Type: "SearchParameter", ID: "z"}}); err != nil {
			t.Fatal(err)
		}
		_, err := p.ids("Patient", "nickname", "ted")
		refused(t, err, "no search parameter")
	})
}

// slow is a store on which making indexes anew stops after some changes.
type slow struct {
	store.Store
	left chan struct{}
}

var errStopped = errors.New("stopped")

func (s slow) Reindex(ctx context.Context, generation int64, changes []store.Reindexed) error {
	select {
	case <-s.left:
		return s.Store.Reindex(ctx, generation, changes)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Millisecond):
		return errStopped
	}
}

func TestReindexingGoesOnAfterARestart(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		const many = 450
		first := open()
		half := slow{first, make(chan struct{}, 2)}
		p := join(t, interaction.Config{Store: half})
		p.putMany(many)
		p.put("SearchParameter", "n", nickname("n", byNickname))
		half.left <- struct{}{}
		half.left <- struct{}{}
		p.keep()
		p.until(func() bool { return len(half.left) == 0 && p.IndexProgress().Done >= 200 })
		_, err := p.ids("Patient", "nickname", "ted")
		refused(t, err, "of about 451 resources are done")
		p.halt()
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		s := open()
		defer func() { _ = s.Close() }()
		if page := must[search.Page](t)(s.Stale(context.Background(), 2, search.Place{}, 1000)); len(page.Hits) != many+1-200 {
			t.Errorf("%d are left after the restart, want %d", len(page.Hits), many+1-200)
		}
		p = join(t, interaction.Config{Store: s})
		_, err = p.ids("Patient", "nickname", "ted")
		refused(t, err, "aren't indexed by it yet")
		p.keep()
		p.opens()
		if ids, err := p.ids("Patient", "nickname", "ted"); len(ids) != many {
			t.Errorf("%d patients, %v; want %d", len(ids), err, many)
		}
	})
}

// putMany stores patients whose nickname is Ted.
func (p *process) putMany(n int) {
	p.t.Helper()
	var entries []string
	for i := range n {
		id := fmt.Sprintf("p%d", i)
		entries = append(entries, `{"resource":`+patientNamed(id, "Ted")+`,"request":{"method":"PUT","url":"Patient/`+id+`"}}`)
	}
	for some := range slices.Chunk(entries, 100) {
		if _, err := p.Bundle(context.Background(), interaction.BundleRequest{
			Base: base, Body: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(some, ",") + `]}`),
		}); err != nil {
			p.t.Fatal(err)
		}
	}
}

func TestNoProcessAnswersBeforeAllWriteByTheParameter(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		one, two := join(t, interaction.Config{Store: s}), join(t, interaction.Config{Store: s})
		one.keep()
		one.put("SearchParameter", "n", nickname("n", byNickname))
		// The other process knows nothing of it and writes as before.
		two.put("Patient", "late", patientNamed("late", "Ted"))
		_, err := one.ids("Patient", "nickname", "ted")
		refused(t, err, "aren't indexed by it yet")
		if got := string(must[[]byte](t)(one.ReindexStatus(context.Background(), "n"))); !strings.Contains(got, "waitingForProcesses") {
			t.Errorf("the status doesn't say that another process is waited for: %s", got)
		}
		two.keep()
		one.opens()
		two.opens()
		one.wantIDs("Patient", "nickname", "ted", "late")
		two.wantIDs("Patient", "nickname", "ted", "late")
		two.put("Patient", "later", patientNamed("later", "Ted"))
		one.wantIDs("Patient", "nickname", "ted", "late", "later")
	})
}

// TestSilentProcessGetsInStepBeforeItGoesOn: nobody waits for a process whose
// lease has ended, so it may neither write nor answer by what it knew.
func TestSilentProcessGetsInStepBeforeItGoesOn(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		one, writes, reads := join(t, interaction.Config{Store: s}), join(t, interaction.Config{Store: s}), join(t, interaction.Config{Store: s})
		for _, silent := range []*process{writes, reads} {
			silent.keep()
			silent.halt()
		}
		one.keep()
		one.put("SearchParameter", "n", nickname("n", byNickname))
		one.opens()
		one.halt() // nobody is left to index anew
		writes.put("Patient", "late", patientNamed("late", "Ted"))
		reads.wantIDs("Patient", "nickname", "ted", "late")
	})
}

func TestWritersMeanwhileAreAllFound(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		p := join(t, interaction.Config{Store: s})
		p.putMany(200)
		p.keep()
		stop, ended := make(chan struct{}), make(chan int)
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					ended <- i
					return
				default:
					id := fmt.Sprintf("w%d", i)
					if _, err := p.Update(context.Background(), interaction.UpdateRequest{
						Key: fhir.Key{Type: "Patient", ID: id}, Body: []byte(patientNamed(id, "Ted")),
					}); err != nil {
						t.Error(err)
					}
				}
			}
		}()
		p.put("SearchParameter", "n", nickname("n", byNickname))
		p.opens()
		close(stop)
		want := 200 + <-ended
		ids, err := p.ids("Patient", "nickname:exact", "Ted")
		if err != nil || len(ids) != min(want, 1000) {
			t.Errorf("%d patients, %v; want %d", len(ids), err, want)
		}
	})
}

func TestReindexOfEverythingKeepsSearchesOpen(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		p := join(t, interaction.Config{Store: s})
		p.put("Patient", "a", patientNamed("a", "Ted"))
		if got := string(must[[]byte](t)(p.Reindex(context.Background()))); !strings.Contains(got, `"indexing"`) {
			t.Errorf("$reindex answers %s", got)
		}
		p.wantIDs("Patient", "given", "ted", "a")
		p.keep()
		p.opens()
		wantStatus(t, p, "", "indexed")
		p.wantIDs("Patient", "given", "ted", "a")
	})
}

func TestStoreOfAnotherProgramIsIndexedAnewBeforeItIsSearched(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		// What was stored without taking part has terms of nobody knows whom.
		newEngineOn(t, s).put("Patient", "a", patientNamed("a", "Ted"))
		p := join(t, interaction.Config{Store: s})
		_, err := p.ids("Patient", "given", "ted")
		wantError(t, err, fhir.Transient, fhir.IssueTransient, "")
		p.keep()
		p.opens()
		p.wantIDs("Patient", "given", "ted", "a")
		p.halt()
		// Another setting makes other terms.
		other := join(t, interaction.Config{Store: s, PreferStoredParameters: true})
		_, err = other.ids("Patient", "given", "ted")
		wantError(t, err, fhir.Transient, fhir.IssueTransient, "")
		other.keep()
		other.opens()
		other.wantIDs("Patient", "given", "ted", "a")
	})
}

func newEngineOn(t *testing.T, s store.Store) *process {
	return &process{Session: newEngine(t, interaction.Config{Store: s}), t: t}
}
