package interaction_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// together calls do from n goroutines at once.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// onTwoEngines runs a test with two engines on one store, as two processes
// would be: their locks know nothing of one another.
func onTwoEngines(t *testing.T, test func(t *testing.T, engines [2]*interaction.Session)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			s := b.open(t)
			test(t, [2]*interaction.Session{
				newEngine(t, interaction.Config{Store: s}),
				newEngine(t, interaction.Config{Store: s}),
			})
		})
	}
}

func TestConditionalCreateHappensExactlyOnce(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		const racers = 50
		results := make([]interaction.Result, racers)
		for _, err := range together(racers, func(i int) (err error) {
			results[i], err = engines[i%2].Create(context.Background(), interaction.CreateRequest{
				Type: "Patient", IfNoneExist: "identifier=http://a|1",
				Body: []byte(`{"resourceType":"Patient","identifier":[{"system":"http://a","value":"1"}]}`),
			})
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		created := 0
		for _, r := range results {
			if r.Created == r.Matched {
				t.Errorf("created %v, matched %v", r.Created, r.Matched)
			}
			if r.Created {
				created++
			}
			if r.Version.Key != results[0].Version.Key {
				t.Errorf("%s and %s", r.Version.Key, results[0].Version.Key)
			}
		}
		if created != 1 {
			t.Errorf("created %d times", created)
		}
	})
}

func TestConditionalUpdateCreatesExactlyOnce(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		const racers = 30
		results := make([]interaction.Result, racers)
		for _, err := range together(racers, func(i int) (err error) {
			results[i], err = engines[i%2].Update(context.Background(), interaction.UpdateRequest{
				Key: fhir.Key{Type: "Patient"}, Criteria: "identifier=http://a|1&active=true",
				Body: []byte(`{"resourceType":"Patient","active":true,"identifier":[{"system":"http://a","value":"1"}]}`),
			})
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		seen := map[int64]bool{}
		for _, r := range results {
			if r.Version.Key != results[0].Version.Key || r.Created != (r.Version.VersionID == 1) {
				t.Errorf("%s version %d, created %v", r.Version.Key, r.Version.VersionID, r.Created)
			}
			seen[r.Version.VersionID] = true
		}
		if len(seen) != racers {
			t.Errorf("%d versions of %d updates", len(seen), racers)
		}
	})
}

func TestConditionalDeleteHappensOnce(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		_, err := engines[0].Create(context.Background(), interaction.CreateRequest{
			Type: "Patient", Body: []byte(`{"resourceType":"Patient","identifier":[{"value":"1"}]}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		const racers = 10
		results := make([]interaction.Result, racers)
		deleted := 0
		for i, err := range together(racers, func(i int) (err error) {
			results[i], err = engines[i%2].Delete(context.Background(), interaction.DeleteRequest{
				Key: fhir.Key{Type: "Patient"}, Criteria: "identifier=1",
			})
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
			if results[i].Version.Exists() {
				deleted++
			}
		}
		if deleted != 1 {
			t.Errorf("deleted %d times", deleted)
		}
	})
}

func TestConditionalCreateInTransactionsHappensExactlyOnce(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		const racers = 30
		const body = `{"resourceType":"Bundle","type":"transaction","entry":[
			{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001",
			 "resource":{"resourceType":"Patient","identifier":[{"system":"http://a","value":"1"}]},
			 "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://a|1"}},
			{"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001"}},
			 "request":{"method":"POST","url":"Basic"}}]}`
		created := 0
		var mu sync.Mutex
		for _, err := range together(racers, func(i int) error {
			answer, err := engines[i%2].Bundle(context.Background(), interaction.BundleRequest{Body: []byte(body)})
			mu.Lock()
			defer mu.Unlock()
			created += strings.Count(string(answer), "201 Created")
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if created != racers+1 {
			t.Errorf("%d creations, want one Patient and %d others", created, racers)
		}
	})
}

func TestUpdatesOfOneResourceAreAllKept(t *testing.T) {
	onEach(t, func(t *testing.T, e *interaction.Session) {
		const racers = 64
		key := fhir.Key{Type: "Patient", ID: "one"}
		versions := make([]int64, racers)
		for _, err := range together(racers, func(i int) error {
			r, err := e.Update(context.Background(), interaction.UpdateRequest{
				Key: key, Body: fmt.Appendf(nil, `{"resourceType":"Patient","id":"one","multipleBirthInteger":%d}`, i),
			})
			versions[i] = r.Version.VersionID
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		seen := map[int64]bool{}
		for i, n := range versions {
			if n < 1 || n > racers || seen[n] {
				t.Errorf("update %d has version %d", i, n)
			}
			seen[n] = true
		}
	})
}

func TestOfUpdatesThatExpectOneVersionOneHappens(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		key := fhir.Key{Type: "Patient", ID: "one"}
		r := interaction.UpdateRequest{Key: key, Body: []byte(`{"resourceType":"Patient","id":"one"}`)}
		must[interaction.Result](t)(engines[0].Update(context.Background(), r))
		r.IfMatch = 1
		won := 0
		for _, err := range together(20, func(i int) error {
			_, err := engines[i%2].Update(context.Background(), r)
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			wantError(t, err, fhir.VersionConflict, fhir.IssueConflict, "")
		}
		if won != 1 {
			t.Errorf("%d updates won", won)
		}
	})
}

func TestTransactionsThatCrossDontDeadlock(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		for _, err := range together(24, func(i int) error {
			a, b := "a", "b"
			if i%4 < 2 {
				a, b = b, a
			}
			_, err := engines[i%2].Bundle(context.Background(), interaction.BundleRequest{Body: fmt.Appendf(nil,
				`{"resourceType":"Bundle","type":"transaction","entry":[
				{"resource":{"resourceType":"Patient","id":%[1]q},"request":{"method":"PUT","url":"Patient/%[1]s"}},
				{"resource":{"resourceType":"Patient","id":%[2]q},"request":{"method":"PUT","url":"Patient/%[2]s"}}]}`, a, b)})
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{"a", "b"} {
			t.Run(id, func(t *testing.T) {
				v, err := engines[0].Read(context.Background(), fhir.Key{Type: "Patient", ID: id})
				if err != nil || v.VersionID != 24 {
					t.Errorf("%s has version %d, %v", id, v.VersionID, err)
				}
			})
		}
	})
}

func TestDeletesAtOnceLeaveOneTombstone(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		key := fhir.Key{Type: "Patient", ID: "one"}
		must[interaction.Result](t)(engines[0].Update(context.Background(),
			interaction.UpdateRequest{Key: key, Body: []byte(`{"resourceType":"Patient","id":"one"}`)}))
		for _, err := range together(20, func(i int) error {
			r, err := engines[i%2].Delete(context.Background(), interaction.DeleteRequest{Key: key})
			if err == nil && (r.Version.VersionID != 2 || !r.Version.Deleted()) {
				return errors.New("not the tombstone")
			}
			return err
		}) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAWaitForOthersEndsWithItsContext(t *testing.T) {
	e := newEngine(t, interaction.Config{Guards: []interaction.Guard{stuckGuard{}}})
	first, end := context.WithCancel(context.Background())
	defer end()
	started := make(chan struct{})
	request := interaction.UpdateRequest{Key: fhir.Key{Type: "Patient", ID: "one"}, Body: []byte(`{"resourceType":"Patient","id":"one"}`)}
	go func() {
		_, _ = e.Update(context.WithValue(first, stuckGuard{}, started), request)
	}()
	<-started
	second, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Update(second, request); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// stuckGuard holds a commit until its context ends.
type stuckGuard struct{}

func (stuckGuard) Check(ctx context.Context, _ *interaction.Pending) error {
	if started, ok := ctx.Value(stuckGuard{}).(chan struct{}); ok {
		close(started)
		<-ctx.Done()
	}
	return ctx.Err()
}
