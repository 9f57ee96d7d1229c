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
	big := writing(asking("a", "Patient.identifier:a|1"), slices.Repeat([]string{"Patient.link=Patient/"}, 100)...)
	for i := range big.Writes[0].Index.Terms {
		big.Writes[0].Index.Terms[i] += search.Term(fmt.Sprint(i))
	}
	for _, c := range []struct {
		name string
		a, b store.Commit
		same bool // stripe
		want bool
	}{
		{"one identifier wanted twice", known("a", nil, "1"), known("b", nil, "1"), false, true},
		{"two identifiers", known("a", nil, "1"), known("b", nil, "2"), false, false},
		{"each writes what the other one asks for", known("a", []string{"1", "2"}, "1"), known("b", []string{"1", "2"}, "2"), false, true},
		{"a value that nobody asks for", known("a", []string{"1"}, "1"), known("b", []string{"2"}, "2"), false, false},
		{"an unconditional write", known("a", []string{"1"}, "1"), known("b", []string{"1"}), true, false},
		{"a target wanted and deleted", needing("a", "t"), remove, false, true},
		{"a match wanted and deleted", matching, remove, false, true},
		{"a target wanted twice", needing("a", "t"), needing("b", "t"), false, false},
		{"a match wanted twice", matching, matching, false, false},
		{"another target", needing("a", "u"), remove, true, false},
		{"an identifier with its system and without", asking("a", "Patient.identifier:a|1"), asking("b", "Patient.identifier=1"), false, true},
		{"a system with a bar", asking("a", `Patient.identifier:a\|b|1`), asking("b", "Patient.identifier=1"), false, true},
		{"one code wanted twice", asking("a", "Patient.gender=x"), asking("b", "Patient.gender=x"), false, true},
		{"two codes", asking("a", "Patient.gender=x"), asking("b", "Patient.active=true"), false, true},
		{"one code wanted beside two identifiers", asking("a", "Patient.gender=x", "Patient.identifier:a|1"), asking("b", "Patient.gender=x", "Patient.identifier:a|2"), false, false},
		{"one reference wanted beside two codes", asking("a", "Patient.link=Patient/1", "Patient.gender=x"), asking("b", "Patient.link=Patient/1", "Patient.gender=y"), false, true},
		{"two references", asking("a", "Patient.link=Patient/1"), asking("b", "Patient.link=Patient/2"), false, false},
		{"one of several identifiers", asking("a", "Patient.identifier:a|1 Patient.identifier:a|2"), asking("b", "Patient.identifier:a|2"), false, true},
		{"an identifier or a code", either("a", "Patient.identifier:a|1", "Patient.gender=x"), asking("b", "Patient.gender=x"), false, true},
		{"a reference, and what has it and asks for an identifier", asking("a", "Patient.link=Patient/1"), writing(asking("b", "Patient.identifier:a|1"), "Patient.organization=Patient/1"), false, true},
		{"a name, and what asks for an identifier", either("a", "Patient.family=x"), asking("b", "Patient.identifier:a|1"), false, true},
		{"one reference had by two that ask for identifiers", writing(asking("a", "Patient.identifier:a|1"), "Patient.link=Patient/1"), writing(asking("b", "Patient.identifier:a|2"), "Patient.link=Patient/1"), false, false},
		{"a reference that is one of very many", asking("a", "Patient.link=Patient/7"), big, false, true},
		{"another identifier beside very many references", asking("a", "Patient.identifier:a|2"), big, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := 8
			if c.same {
				other = 0
			}
			if got := collide(c.a, c.b, 0, other); got != c.want {
				t.Errorf("collide is %v, want %v", got, c.want)
			}
		})
	}
}

// writing gives what a commit writes more terms.
func writing(c store.Commit, terms ...string) store.Commit {
	for _, t := range terms {
		c.Writes[0].Index.Terms = append(c.Writes[0].Index.Terms, search.Term(t))
	}
	return c
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
	if err := cursor.All(t.Context(), &docs); err != nil || len(docs) != 3 {
		t.Fatalf("got %d locks, error %v; want one of an identifier, one of the type and one of a target", len(docs), err)
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
		t.Run(prefix, func(t *testing.T) {
			got, ok := mongo.Successor(prefix)
			if got != want || ok != (want != "") {
				t.Errorf("behind %q: %q, %v; want %q", prefix, got, ok, want)
			}
		})
	}
}
