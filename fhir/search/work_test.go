package search_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/search/searchtest"
)

// clinic is a store with a skewed distribution: tasks of n patients, every
// second one active, one in a hundred rare.
func clinic(tb testing.TB, tasks int) *world {
	w := newWorld()
	for i := range 200 {
		h := hitAt("Patient", fmt.Sprint(i), int64(1000+i))
		w.put(h, []search.Term{
			search.Term(fmt.Sprintf("Patient.identifier=%d", i)),
			search.Term(fmt.Sprintf("Patient.gender=%d", i%2)),
			parameter("Patient", "organization").Term(fhir.Key{Type: "Organization", ID: fmt.Sprint(i % 3)}),
		}, nil)
	}
	for i := range tasks {
		terms := []search.Term{
			parameter("Task", "patient").Term(fhir.Key{Type: "Patient", ID: fmt.Sprint(i % 200)}),
			parameter("Task", "owner").Term(fhir.Key{Type: "Organization", ID: "big"}),
			search.Term(fmt.Sprintf("Task.status=%d", i%2)),
			search.Term(fmt.Sprintf("Task.rank<%06d", i)),
		}
		if i%100 == 0 {
			terms = append(terms, "Task.code=rare")
		}
		w.put(hitAt("Task", fmt.Sprint(i), int64(5000+i)), terms, nil)
	}
	w.settle()
	w.Scans, w.Heads, w.Estimates = 0, 0, 0
	return w
}

func exact(terms ...search.Term) search.Leaf { return search.Leaf{Exact: terms} }

func ofPatient(id string) search.Leaf {
	return exact(parameter("Task", "patient").Term(fhir.Key{Type: "Patient", ID: id}))
}

func ofOwner(id string) search.Leaf {
	return exact(parameter("Task", "owner").Term(fhir.Key{Type: "Organization", ID: id}))
}

// Cost grows with the answer, not with the store.
func TestWorkIsInProportion(t *testing.T) {
	const tasks = 20_000
	w := clinic(t, tasks)
	patientChain := func(where search.Expr) search.Expr {
		return search.Chain{Param: parameter("Task", "patient"), Type: "Patient", Where: where}
	}
	for _, c := range []struct {
		name                    string
		where                   search.Expr
		sort                    []search.SortKey
		scans, heads, estimates int
	}{
		{"a reference beside a common token", search.And{exact("Task.status=1"), ofPatient("7")}, nil, 1, 102, 0},
		{"a reference that is common beside a rare token", search.And{ofOwner("big"), exact("Task.code=rare")}, nil, 4, 370, 2},
		{"two tokens, one of them rare", search.And{exact("Task.status=0"), exact("Task.code=rare")}, nil, 3, 200, 2},
		{"two common tokens", search.And{exact("Task.status=0"), exact("Task.status=0")}, nil, 1, 102, 2},
		{"a condition that says again what another does", search.And{ofPatient("7"), search.And{
			exact(ofPatient("7").Exact[0], "Task.x=1"), search.Not{Expr: exact("Task.code=rare")},
		}}, nil, 1, 100, 0},
		{"a term that half of all have", exact("Task.status=1"), nil, 1, 51, 0},
		{"everything", nil, nil, 1, 51, 0},
		{"a small range", search.Leaf{From: "Task.rank<000100", To: "Task.rank<000300"}, nil, 2, 250, 1},
		{"a large range", search.Leaf{From: "Task.rank<000100", To: "Task.rank<020000"}, nil, 3, 360, 1},
		{"a large range at the end", search.Leaf{From: "Task.rank<019000", To: "Task.rank<020000"}, nil, 20, 2000, 2},
		{"keys", search.Keys{{Type: "Task", ID: "1"}, {Type: "Task", ID: "x"}, {Type: "Patient", ID: "1"}}, nil, 1, 1, 0},
		{"a chain to one patient", patientChain(exact("Patient.identifier=3")), nil, 2, 52, 1},
		{"a chain to half of the patients", patientChain(exact("Patient.gender=1")), nil, 105, 1000, 0},
		{"a chain beside a reference", search.And{patientChain(exact("Patient.gender=1")), ofPatient("3")}, nil, 2, 103, 0},
		{"another order with few matches", ofPatient("7"), []search.SortKey{{Field: "_id"}}, 2, 160, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.Scans, w.Heads, w.Estimates = 0, 0, 0
			p := search.Plan{Types: []string{"Task"}, Where: c.where, Sort: c.sort, Count: 50}
			m := mustRun(t, w, p)
			if p.Where == nil {
				p.Where = search.And{}
			}
			want := w.matches(p)
			if !slices.Equal(ids(m.Hits), ids(want[:min(50, len(want))])) {
				t.Errorf("got %v", ids(m.Hits))
			}
			if w.Scans > c.scans || w.Heads > c.heads || w.Estimates > c.estimates {
				t.Errorf("%d scans, %d heads, %d estimates; want at most %d, %d, %d",
					w.Scans, w.Heads, w.Estimates, c.scans, c.heads, c.estimates)
			}
		})
	}
}

// Whichever the condition, an unselective search ends within its budget and
// says which condition is to blame, without its value.
func TestRefusalsNameTheCondition(t *testing.T) {
	w := clinic(t, 3000)
	for _, c := range []struct {
		typ   string
		where search.Expr
		says  string
	}{
		{"Task", search.And{exact("Task.status=1"), search.Not{Expr: exact("Task.status=1")}}, "of the conditions on Task (status, not status) none leads to few enough"},
		{"Task", search.Leaf{From: "Task.note;s", To: "Task.note;t"}, "(note)"},
		{"Task", search.Chain{
			Param: parameter("Task", "owner"), Type: "Organization",
			Where: search.Reverse{Type: "Task", Param: parameter("Task", "owner"), Where: search.Leaf{From: "Task.note;", To: "Task.note<"}},
		}, "conditions on Task (owner._has:Task:owner)"},
		{"Patient", search.Reverse{
			Type: "Task", Param: parameter("Task", "patient"), Where: search.Leaf{From: "Task.note;", To: "Task.note<"},
		}, "conditions on Patient (_has:Task:patient)"},
	} {
		t.Run(c.typ, func(t *testing.T) {
			_, err := search.Run(t.Context(), w, search.Plan{
				Types: []string{c.typ}, Where: c.where, Count: 10, Budget: search.NewBudget(1000),
			})
			if err == nil {
				t.Errorf("%s: answered", c.says)
				return
			}
			checkRefusal(t, err)
			if !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "more than 1000 resources") {
				t.Errorf("got %q, want %q in it", err, c.says)
			}
		})
	}
}

func TestASearchEndsWithItsContext(t *testing.T) {
	w := clinic(t, 10)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := search.Run(ctx, w, search.Plan{Count: 1}); err != context.DeadlineExceeded {
		t.Errorf("after the deadline: error %v, want %v", err, context.DeadlineExceeded)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := search.Run(ctx, w, search.Plan{Count: 1}); err != context.Canceled {
		t.Errorf("cancelled: error %v, want %v", err, context.Canceled)
	}
}

// More inner resources than are looked for first: the outer side is read in
// order and its targets are looked up.
func TestChainWithALargeInnerSide(t *testing.T) {
	w := newWorld()
	for i := range search.MaxChained + 2000 {
		id := fmt.Sprint(i)
		w.put(hitAt("Patient", id, int64(i)), []search.Term{"Patient.gender=f", "Patient.active=true"}, nil)
		w.put(hitAt("Task", id, int64(i)), []search.Term{
			parameter("Task", "patient").Term(fhir.Key{Type: "Patient", ID: id}), "Task.status=done",
		}, nil)
	}
	w.settle()
	p := search.Plan{Types: []string{"Task"}, Count: 20, Where: search.Chain{
		Param: parameter("Task", "patient"), Type: "Patient",
		Where: search.And{exact("Patient.gender=f"), exact("Patient.active=true")},
	}}
	m := mustRun(t, w, p)
	if len(m.Hits) != 20 || m.Hits[19].Key.ID != "19" || !m.More {
		t.Errorf("got %v", ids(m.Hits))
	}
	p.Types, p.Where = []string{"Patient"}, search.Reverse{Type: "Task", Param: parameter("Task", "patient"), Where: exact("Task.status=done")}
	m = mustRun(t, w, p)
	if len(m.Hits) != 20 || m.Hits[19].Key.ID != "19" || !m.More {
		t.Errorf("got %v", ids(m.Hits))
	}
}

// Chains and _has ten deep through data with cycles.
func TestTenDeepThroughCycles(t *testing.T) {
	w := newWorld()
	partOf := parameter("Task", "part-of")
	const ring = 12
	for i := range ring {
		terms := []search.Term{partOf.Term(fhir.Key{Type: "Task", ID: fmt.Sprint((i + 1) % ring)})}
		if i == 0 {
			terms = append(terms, "Task.status=found")
		}
		w.put(hitAt("Task", fmt.Sprint(i), int64(i+1)), terms, nil)
	}
	var chain, has search.Expr = exact("Task.status=found"), exact("Task.status=found")
	for range 10 {
		chain = search.Chain{Param: partOf, Type: "Task", Where: chain}
		has = search.Reverse{Param: partOf, Type: "Task", Where: has}
	}
	for want, where := range map[string]search.Expr{"2": chain, "10": has} {
		t.Run(want, func(t *testing.T) {
			m := mustRun(t, w, search.Plan{Types: []string{"Task"}, Where: where, Count: 5})
			if len(m.Hits) != 1 || m.Hits[0].Key.ID != want || m.Total != 1 {
				t.Errorf("got %v, want %s", ids(m.Hits), want)
			}
		})
	}
}

// A canonical reference is a chain's way too, and keeps to its version.
func TestChainThroughACanonical(t *testing.T) {
	w := newWorld()
	for i, version := range []string{"1", "2"} {
		w.put(hitAt("PlanDefinition", version, int64(i+1)), []search.Term{
			"PlanDefinition.url=http://a.org/p", search.Term("PlanDefinition.version=" + version), search.Term("PlanDefinition.status=s" + version),
		}, nil)
	}
	w.put(hitAt("CarePlan", "any", 10), []search.Term{"CarePlan.instantiates-canonical=http://a.org/p"}, nil)
	w.put(hitAt("CarePlan", "second", 11), []search.Term{"CarePlan.instantiates-canonical=http://a.org/p"},
		[]search.Term{"CarePlan.instantiates-canonical;vhttp://a.org/p|2"})
	canonical := parameter("CarePlan", "instantiates-canonical")
	for status, want := range map[search.Term][]string{"s1": {"CarePlan/any"}, "s2": {"CarePlan/any", "CarePlan/second"}} {
		t.Run(string(status), func(t *testing.T) {
			where := search.Chain{Param: canonical, Type: "PlanDefinition", Where: exact("PlanDefinition.status=" + status)}
			for name, where := range map[string]search.Expr{
				"first":  where,
				"lookup": search.And{where, search.Keys{{Type: "CarePlan", ID: "any"}, {Type: "CarePlan", ID: "second"}}},
			} {
				m := mustRun(t, w, search.Plan{Types: []string{"CarePlan"}, Where: where, Count: 5})
				if !slices.Equal(ids(m.Hits), want) {
					t.Errorf("%s, %s: got %v, want %v", status, name, ids(m.Hits), want)
				}
			}
		})
	}
	for id, want := range map[string][]string{"any": {"PlanDefinition/1", "PlanDefinition/2"}, "second": {"PlanDefinition/2"}} {
		t.Run(id, func(t *testing.T) {
			where := search.Reverse{Type: "CarePlan", Param: canonical, Where: search.Keys{{Type: "CarePlan", ID: id}}}
			m := mustRun(t, w, search.Plan{Types: []string{"PlanDefinition"}, Where: where, Count: 5})
			if !slices.Equal(ids(m.Hits), want) {
				t.Errorf("has %s: got %v, want %v", id, ids(m.Hits), want)
			}
		})
	}
}

// counting is a source that can count a type.
type counting struct{ *searchtest.Memory }

func (c counting) CountType(_ context.Context, typ string, limit int) (int, error) {
	n := 0
	for _, h := range c.All() {
		if h.Key.Type == typ && n < limit {
			n++
		}
	}
	return n, nil
}

func TestCountsFromTheIndexAndEstimates(t *testing.T) {
	w := clinic(t, 4000)
	src := counting{w.Memory}
	count := func(where search.Expr, limit, want int, wantExact bool) {
		t.Helper()
		w.Heads = 0
		n, exact, err := search.Count(t.Context(), src, search.Plan{Types: []string{"Task"}, Where: where}, limit)
		if err != nil || n != want || exact != wantExact {
			t.Errorf("got %d, %v, %v; want %d, %v", n, exact, err, want, wantExact)
		}
	}
	count(nil, 0, 4000, true)
	count(exact("Task.status=1"), 0, 2000, true)
	if w.Heads != 0 {
		t.Error("heads were read to count what the index says")
	}
	count(search.Not{Expr: exact("Task.status=1")}, 100, 2000, false)
	count(search.And{exact("Task.status=1"), ofOwner("big")}, 100, 2000, false)
	count(search.And{exact("Task.status=1"), ofOwner("big")}, 0, 2000, true)
}

// An untyped chain through references to anything asks each type for the same
// patients, which are looked for once.
func TestChainsShareTheirInnerSide(t *testing.T) {
	w := clinic(t, 2000)
	var either search.Or
	types := []string{"CarePlan", "Condition", "Encounter", "Goal", "MedicationRequest", "Observation", "Procedure", "ServiceRequest"}
	for _, typ := range types {
		either = append(either, search.Chain{Param: parameter("Task", "focus"), Type: typ, Where: search.Chain{
			Param: parameter(typ, "patient"), Type: "Patient", Where: exact("Patient.identifier=3"),
		}})
	}
	p := search.Plan{Types: []string{"Task"}, Where: either, Count: 50}
	if m := mustRun(t, w, p); len(m.Hits) > 0 {
		t.Errorf("got %v", ids(m.Hits))
	}
	if most := 2*len(types) + 2; w.Scans+w.Estimates > most {
		t.Errorf("%d scans and %d estimates, want at most %d together", w.Scans, w.Estimates, most)
	}
}
