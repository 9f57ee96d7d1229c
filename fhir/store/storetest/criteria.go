package storetest

import (
	"fmt"
	"slices"
	"testing"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var criteriaCases = []testCase{
	{"criteria/none, one, other, several", criteriaOutcomes},
	{"criteria/more than terms", criteriaWhere},
	{"criteria/own writes don't count", criteriaOwnWrites},
	{"criteria/conditional create is exactly once", createdOnce},
	{"criteria/by a range alone", criteriaRange},
	{"criteria/two that ask differently", askedDifferently},
	{"criteria/two identifiers in two orders", crossedIdentifiers},
	{"criteria/conditional update against delete", updateAgainstDelete},
}

// having is a new resource with one identifier.
func having(id, value string) store.Write {
	w := create(patient(id), 1)
	w.Index.Terms = []search.Term{identifier(w.Key, value)}
	return w
}

// matching asks that exactly the resource with this id has the identifier.
func matching(value, id string) store.Precondition {
	return store.Precondition{
		Criteria: &search.Query{
			Type: "Patient", Limit: 2,
			All: []search.Clause{{Any: []search.Term{identifier(patient(""), value)}}},
		},
		Matches: id,
	}
}

func criteriaOutcomes(t *testing.T, d *database) {
	s := d.store(t)
	commit(d.ctx, t, s, having("one", "1"), having("x", "many"), having("y", "many"), having("gone", "gone"))
	commit(d.ctx, t, s, remove(patient("gone"), 1))
	for i, c := range []struct {
		value, id string
		holds     bool
	}{
		{"none", "", true},
		{"none", "one", false},
		{"1", "one", true},
		{"1", "", false},
		{"1", "x", false},
		{"many", "x", false},
		{"many", "y", false},
		{"many", "", false},
		{"gone", "", true},
		{"gone", "gone", false},
	} {
		_, err := s.Commit(d.ctx, store.Commit{
			Writes:        []store.Write{create(patient(fmt.Sprintf("w%d", i)), 1)},
			Preconditions: []store.Precondition{{Exists: patient("one")}, matching(c.value, c.id)},
		})
		if c.holds && err != nil {
			t.Errorf("%q matches %q: %v", c.value, c.id, err)
		}
		if !c.holds {
			wantConflict(t, err, store.CriteriaChanged, 1)
		}
	}
}

// criteriaWhere: what the index alone doesn't decide counts as well.
func criteriaWhere(t *testing.T, d *database) {
	s := d.store(t)
	born := func(id, value, date string) store.Write {
		return indexed(patient(id), 0, []search.Term{search.Term("Patient.birthdate<" + date), identifier(patient(id), value)},
			[]search.Term{search.Term("Patient.name;s" + id)})
	}
	commit(d.ctx, t, s, born("old", "1", "19500101"), born("young", "1", "20200101"), born("other", "2", "20200101"))
	where := func(e search.Expr, id string) store.Precondition {
		p := matching("1", id)
		p.Criteria.Where = e
		return p
	}
	young := search.Leaf{From: "Patient.birthdate<2000", To: "Patient.birthdate="}
	unborn := search.Leaf{From: "Patient.birthdate<2030", To: "Patient.birthdate="}
	named := search.Leaf{From: "Patient.name;s", To: "Patient.name;t", Test: func(t search.Term) bool { return t == "Patient.name;sold" }}
	for i, c := range []struct {
		e     search.Expr
		id    string
		holds bool
	}{
		{young, "young", true},
		{young, "", false},
		{young, "other", false},
		{unborn, "", true},
		{unborn, "young", false},
		{named, "old", true},
		{named, "young", false},
		{search.Not{Expr: young}, "old", true},
		{search.And{young, named}, "", true},
		{search.Or{young, named}, "young", false},
		{search.Keys{patient("old"), patient("other")}, "old", true},
	} {
		_, err := s.Commit(d.ctx, store.Commit{
			Writes:        []store.Write{create(patient(fmt.Sprintf("w%d", i)), 1)},
			Preconditions: []store.Precondition{where(c.e, c.id)},
		})
		if c.holds && err != nil {
			t.Errorf("%d: got the error %v, want none, for the condition holds", i, err)
		}
		if !c.holds {
			wantConflict(t, err, store.CriteriaChanged, 0)
		}
	}
}

// criteriaRange: criteria need no term that is compared exactly.
func criteriaRange(t *testing.T, d *database) {
	s := d.store(t)
	commit(d.ctx, t, s, indexed(patient("old"), 0, []search.Term{"Patient.birthdate<19500101"}, nil))
	since := func(from search.Term, id string) store.Precondition {
		q := search.Query{Type: "Patient", Where: search.Leaf{From: "Patient.birthdate<" + from, To: "Patient.birthdate="}, Limit: 2}
		return store.Precondition{Criteria: &q, Matches: id}
	}
	for i, c := range []struct {
		from  search.Term
		id    string
		holds bool
	}{{"1940", "old", true}, {"1940", "", false}, {"2000", "", true}, {"2000", "old", false}} {
		_, err := s.Commit(d.ctx, store.Commit{
			Writes:        []store.Write{create(patient(fmt.Sprintf("w%d", i)), 1)},
			Preconditions: []store.Precondition{since(c.from, c.id)},
		})
		if c.holds && err != nil {
			t.Errorf("from %s matching %q: %v", c.from, c.id, err)
		}
		if !c.holds {
			wantConflict(t, err, store.CriteriaChanged, 0)
		}
	}
}

// askedDifferently lets commits that make one thing ask for it by different
// criteria, each of which it meets.
func askedDifferently(t *testing.T, d *database) {
	s := d.store(t)
	for round := range scaled(10, 3) {
		value := fmt.Sprintf("thing-%d", round)
		terms := []search.Term{
			identifier(patient(""), value), search.Term("Patient.family=" + value), search.Term("Patient.general-practitioner=Practitioner/" + value),
			search.Term("Patient.birthdate<" + value),
		}
		asks := make([]search.Expr, len(terms))
		for i, t := range terms {
			asks[i] = search.Leaf{Exact: []search.Term{t}}
		}
		asks[3] = search.Leaf{From: terms[3], To: terms[3] + "!"}
		won := 0
		for i, err := range together(4*len(asks), func(i int) error {
			_, err := s.Commit(d.ctx, store.Commit{
				Writes:        []store.Write{indexed(patient(fmt.Sprintf("a%d-%d", round, i)), 0, slices.Sorted(slices.Values(terms)), nil)},
				Preconditions: []store.Precondition{{Criteria: &search.Query{Type: "Patient", Where: asks[i%len(asks)], Limit: 2}}},
			})
			return err
		}) {
			if err == nil {
				won++
			} else if !isConflict(err, store.CriteriaChanged) {
				t.Errorf("round %d, commit %d: %v", round, i, err)
			}
		}
		if won != 1 {
			t.Errorf("round %d: got %d commits that happened, want 1", round, won)
		}
	}
}

func criteriaOwnWrites(t *testing.T, d *database) {
	s := d.store(t)
	if _, err := s.Commit(d.ctx, store.Commit{
		Writes:        []store.Write{having("a", "1"), having("b", "2")},
		Preconditions: []store.Precondition{matching("1", ""), matching("2", "")},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(d.ctx, store.Commit{
		Writes:        []store.Write{remove(patient("a"), 1), having("c", "2")},
		Preconditions: []store.Precondition{matching("1", "a"), matching("2", "b")},
	}); err != nil {
		t.Fatal(err)
	}
}

func createdOnce(t *testing.T, d *database) {
	s := d.store(t)
	for round := range scaled(5, 2) {
		value := fmt.Sprintf("id-%d", round)
		winner := ""
		for i, err := range together(50, func(i int) error {
			_, err := s.Commit(d.ctx, store.Commit{
				Writes:        []store.Write{having(fmt.Sprintf("p%d-%d", round, i), value)},
				Preconditions: []store.Precondition{matching(value, "")},
			})
			return err
		}) {
			if err != nil {
				wantConflict(t, err, store.CriteriaChanged, 0)
				continue
			}
			if winner != "" {
				t.Errorf("round %d: a second commit won", round)
			}
			winner = fmt.Sprintf("p%d-%d", round, i)
		}
		found := searchIDs(d.ctx, t, s, matching(value, "").Criteria)
		if len(found) != 1 || found[0] != winner {
			t.Errorf("round %d: winner %q, stored %q", round, winner, found)
		}
	}
}

// crossedIdentifiers lets commits need two identifiers to be free, half of
// them in the other order, so that a store that locks must not deadlock.
func crossedIdentifiers(t *testing.T, d *database) {
	s := d.store(t)
	won := 0
	for _, err := range together(scaled(50, 20), func(i int) error {
		a, b := "a", "b"
		if i%2 == 0 {
			a, b = b, a
		}
		_, err := s.Commit(d.ctx, store.Commit{
			Writes:        []store.Write{having(fmt.Sprintf("x%d", i), a), having(fmt.Sprintf("y%d", i), b)},
			Preconditions: []store.Precondition{matching(a, ""), matching(b, "")},
		})
		return err
	}) {
		if err == nil {
			won++
		} else if !isConflict(err, store.CriteriaChanged) {
			t.Errorf("got the error %v, want none or that the criteria have changed", err)
		}
	}
	if won != 1 {
		t.Errorf("%d commits won, want 1", won)
	}
}

func updateAgainstDelete(t *testing.T, d *database) {
	s := d.store(t)
	for round := range scaled(20, 5) {
		id := fmt.Sprintf("p%d", round)
		key := patient(id)
		commit(d.ctx, t, s, having(id, id))
		errs := together(2, func(i int) error { return deleteOrUpdate(d, s, key, i == 0) })
		for _, err := range errs {
			if err != nil && !isConflict(err, store.CriteriaChanged) {
				t.Errorf("got the error %v, want none or that the criteria have changed", err)
			}
		}
		// Either order is right; what is wrong is an update on top of the tombstone.
		if v := read(d.ctx, t, s, key); !v.Deleted() || errs[0] != nil {
			t.Errorf("round %d: %s after a delete with error %v", round, show(v), errs[0])
		}
	}
}

func deleteOrUpdate(d *database, s store.Store, key fhir.Key, del bool) error {
	c := store.Commit{Writes: []store.Write{remove(key, store.AnyVersion)}}
	if !del {
		w := having(key.ID, key.ID)
		w.Method, w.Expect = store.Put, store.AnyVersion
		c = store.Commit{Writes: []store.Write{w}, Preconditions: []store.Precondition{matching(key.ID, key.ID)}}
	}
	_, err := s.Commit(d.ctx, c)
	return err
}
