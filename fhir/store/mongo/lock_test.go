package mongo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// collide reports whether two commits write a lock in common.
func collide(a, b store.Commit, stripeA, stripeB int) bool {
	locks := mongo.Locks(&b, stripeB)
	return slices.ContainsFunc(mongo.Locks(&a, stripeA), func(l string) bool { return slices.Contains(locks, l) })
}

// known is a patient with identifiers, written if all of the criteria match
// nothing.
func known(id string, identifiers []string, criteria ...string) store.Commit {
	w := put(patient(id), 0, 1)
	for _, i := range identifiers {
		w.Index.Terms = append(w.Index.Terms, search.Term("Patient.identifier:a|"+i))
	}
	w.Index.Terms = append(w.Index.Terms, "Patient.gender=female")
	c := store.Commit{Writes: []store.Write{w}}
	for _, i := range criteria {
		c.Preconditions = append(c.Preconditions, store.Precondition{Criteria: identified(i)})
	}
	return c
}

func needing(id, target string) store.Commit {
	return store.Commit{Writes: []store.Write{put(patient(id), 0, 1)}, Preconditions: []store.Precondition{{Exists: patient(target)}}}
}

// asking is a patient written if nothing matches; the terms of one criterion
// stand for one another.
func asking(id string, criteria ...string) store.Commit {
	q := &search.Query{Type: "Patient", Limit: 2}
	for _, c := range criteria {
		var any []search.Term
		for term := range strings.FieldsSeq(c) {
			any = append(any, search.Term(term))
		}
		q.All = append(q.All, search.Clause{Any: any})
	}
	return store.Commit{Writes: []store.Write{put(patient(id), 0, 1)}, Preconditions: []store.Precondition{{Criteria: q}}}
}

// either asks for one leaf or another.
func either(id string, terms ...search.Term) store.Commit {
	var any search.Or
	for _, t := range terms {
		any = append(any, search.Leaf{Exact: []search.Term{t}})
	}
	c := asking(id)
	c.Preconditions[0].Criteria.Where = any
	return c
}

func TestWhatCollides(t *testing.T) {
	remove := store.Commit{Writes: []store.Write{{Key: patient("t"), Method: store.Delete, Expect: 1}}}
	matching := needing("x", "t")
	matching.Preconditions = []store.Precondition{{Criteria: identified("1"), Matches: "t"}}
	for _, c := range []struct {
		name             string
		a, b             store.Commit
		stripeA, stripeB int
		want             bool
	}{
		{"one identifier wanted twice", known("a", nil, "1"), known("b", nil, "1"), 0, 1, true},
		{"two identifiers", known("a", nil, "1"), known("b", nil, "2"), 0, 0, false},
		{"each writes what the other one asks for", known("a", []string{"1", "2"}, "1"), known("b", []string{"1", "2"}, "2"), 0, 1, true},
		{"a value that nobody asks for", known("a", []string{"1"}, "1"), known("b", []string{"2"}, "2"), 0, 0, false},
		{"an unconditional write", known("a", []string{"1"}, "1"), known("b", []string{"1"}), 0, 0, false},
		{"a target wanted and deleted", needing("a", "t"), remove, 7, 0, true},
		{"a match wanted and deleted", matching, remove, 7, 0, true},
		{"a target wanted twice", needing("a", "t"), needing("b", "t"), 1, 2, false},
		{"a match wanted twice", matching, matching, 1, 2, false},
		{"another target", needing("a", "u"), remove, 0, 0, false},
		{"one code wanted twice", asking("a", "Patient.gender=x"), asking("b", "Patient.gender=x"), 0, 0, true},
		{"one code wanted beside two identifiers", asking("a", "Patient.gender=x", "Patient.identifier:a|1"), asking("b", "Patient.gender=x", "Patient.identifier:a|2"), 0, 0, false},
		{"one reference wanted beside two codes", asking("a", "Patient.link=Patient/1", "Patient.gender=x"), asking("b", "Patient.link=Patient/1", "Patient.gender=y"), 0, 0, true},
		{"one reference wanted beside an identifier", asking("a", "Patient.link=Patient/1", "Patient.identifier:a|1"), asking("b", "Patient.link=Patient/1"), 0, 0, true},
		{"one of several identifiers", asking("a", "Patient.identifier:a|1 Patient.identifier:a|2"), asking("b", "Patient.identifier:a|2"), 0, 0, true},
		{"an identifier or a code", either("a", "Patient.identifier:a|1", "Patient.gender=x"), asking("b", "Patient.gender=x"), 0, 0, true},
	} {
		if got := collide(c.a, c.b, c.stripeA, c.stripeB); got != c.want {
			t.Errorf("%s: collide is %v", c.name, got)
		}
	}
}

func TestLocksHoldNoValues(t *testing.T) {
	in := mongotest.Server(t)
	s := opened(t, in.URI)
	c := known("a", []string{"secret-1"}, "secret-1")
	c.Writes = append(c.Writes, put(patient("b"), 0, 1))
	commit(t, s, put(patient("secret-2"), 0, 1))
	c.Preconditions = append(c.Preconditions, store.Precondition{Exists: patient("secret-2")})
	if _, err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	cursor, err := collection(t, in, "lock").Find(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var docs []bson.Raw
	if err := cursor.All(t.Context(), &docs); err != nil || len(docs) != 2 {
		t.Fatalf("%d locks, error %v; want one of a term and one of a target", len(docs), err)
	}
	for _, d := range docs {
		if strings.Contains(d.String(), "secret") {
			t.Errorf("a lock holds a value: %v", d)
		}
	}
}

// TestTargetsAndDeletes: once a deletion is acknowledged with its instant, no
// commit that needed the resource has a later one.
func TestTargetsAndDeletes(t *testing.T) {
	s := opened(t, mongotest.Server(t).URI)
	for round := range 10 {
		target := fmt.Sprintf("t%d", round)
		commit(t, s, put(patient(target), 0, 1))
		var wg sync.WaitGroup
		var mu sync.Mutex
		var made []store.Version
		var deleted store.Version
		for i := range 8 {
			wg.Go(func() {
				for n := range 5 {
					versions, err := s.Commit(t.Context(), needing(fmt.Sprintf("r%d-%d-%d", round, i, n), target))
					mu.Lock()
					made = append(made, versions...)
					mu.Unlock()
					var c *store.Conflict
					if err != nil && (!errors.As(err, &c) || c.Kind != store.TargetMissing) {
						t.Error(err)
					}
				}
			})
		}
		wg.Go(func() {
			v, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{{Key: patient(target), Method: store.Delete, Expect: 1}}})
			if err != nil {
				t.Error(err)
				return
			}
			deleted = v[0]
		})
		wg.Wait()
		for _, v := range made {
			if v.LastUpdated.After(deleted.LastUpdated) {
				t.Errorf("round %d: a reference was made at %v, its target deleted at %v", round, v.LastUpdated, deleted.LastUpdated)
			}
		}
	}
}

// TestCrossedIdentities: two systems know one person by two identifiers each,
// and each asks for its own. Only one of them may create the person.
func TestCrossedIdentities(t *testing.T) {
	in := mongotest.Server(t)
	stores := []store.Store{opened(t, in.URI), opened(t, in.URI)}
	for round := range 20 {
		both := []string{fmt.Sprintf("%d-left", round), fmt.Sprintf("%d-right", round)}
		var won atomic.Int32
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				_, err := stores[i%2].Commit(t.Context(), known(fmt.Sprintf("p%d-%d", round, i), both, both[i%2]))
				var c *store.Conflict
				switch {
				case err == nil:
					won.Add(1)
				case !errors.As(err, &c) || c.Kind != store.CriteriaChanged:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d of 4 were created", round, won.Load())
		}
	}
}

func TestKeysInIDs(t *testing.T) {
	k := fhir.Key{Type: "Patient", ID: "a-1.b"}
	for _, n := range []int64{1, 9, 10, 1<<63 - 1} {
		if got := mongo.SplitID(mongo.DisplacedID(k.String(), n)); got != k {
			t.Errorf("%d: %v", n, got)
		}
	}
	ordered := []string{
		mongo.DisplacedID("P/1", 1), mongo.DisplacedID("P/1", 9), mongo.DisplacedID("P/1", 10),
		mongo.DisplacedID("P/1-x", 1), mongo.DisplacedID("P/1.", 1), mongo.DisplacedID("P/10", 1), mongo.DisplacedID("P/1a", 1),
	}
	if !slices.IsSorted(ordered) {
		t.Errorf("_ids aren't in the order of keys and versions: %q", ordered)
	}
}

func TestSuccessor(t *testing.T) {
	for prefix, want := range map[string]string{
		"a": "b", "az": "a{", "a\u007f": "a\u0080", "\ud7ff": "\ue000", "a\U0010ffff": "b", "\U0010ffff": "", "": "",
	} {
		got, ok := mongo.Successor(prefix)
		if got != want || ok != (want != "") {
			t.Errorf("behind %q: %q, %v; want %q", prefix, got, ok, want)
		}
	}
}
