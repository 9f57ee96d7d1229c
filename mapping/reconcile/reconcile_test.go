package reconcile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
)

func decoded(t *testing.T, text []byte) *fhir.Tree {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), text, fhir.DefaultLimits)
	if err != nil || tree.Type() == nil {
		t.Fatalf("%v: %s", err, text)
	}
	return tree
}

// value is a value of a type that an extension can have.
func value(t *testing.T, typed string) fhir.Node {
	t.Helper()
	tree := decoded(t, []byte(`{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x.example","value`+typed+`}]}`))
	return tree.Root().Child("extension").Child("value")
}

func TestValuesAreTheSameWhereTheyMeanTheSame(t *testing.T) {
	p := &Plan{Base: "http://here.example/fhir"}
	c := &comparing{here: p, there: p}
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{`String":"Walk again"`, `String":" walk  AGAIN "`, true},
		{`String":"walk"`, `String":"swim"`, false},
		{`Code":"a"`, `Code":"A"`, false},
		{`Decimal":1.0`, `Decimal":1`, true},
		{`Decimal":1e300`, `Decimal":1e300`, false}, // not worth its cost
		{`Integer":3`, `Integer":4`, false},
		{`Boolean":true`, `Boolean":true`, true},
		{`Date":"2026-01"`, `Date":"2026-01-31"`, true},
		{`Date":"2026-01"`, `Date":"2026-02-01"`, false},
		{`DateTime":"2026-01-31T23:30:00-02:00"`, `DateTime":"2026-02-01T01:30:00Z"`, true},
		{`Date":"2026-01-31"`, `DateTime":"2026-01-31T10:00:00Z"`, true},
		{`Period":{"start":"2026-01-01","end":"2026-01-02"}`, `Period":{"end":"2026-01-02","start":"2026-01-01"}`, true},
		{`Period":{"start":"2026-01-01"}`, `Period":{"start":"2026-01-01","end":"2026-01-02"}`, false},
		{`Quantity":{"value":1,"system":"http://unitsofmeasure.org","code":"g"}`, `Quantity":{"value":1000.0,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}`, true},
		{`Quantity":{"value":1,"system":"http://unitsofmeasure.org","code":"g"}`, `Quantity":{"value":1,"system":"http://unitsofmeasure.org","code":"mg"}`, false},
		{`Quantity":{"value":1,"unit":"Tablet"}`, `Quantity":{"value":1.0,"unit":"tablet"}`, true},
		{`Quantity":{"value":1,"comparator":"<"}`, `Quantity":{"value":1}`, false},
		{`Money":{"value":5,"currency":"USD"}`, `Money":{"value":5,"currency":"EUR"}`, false},
		{`CodeableConcept":{"coding":[{"system":"s","code":"1"}],"text":"one"}`, `CodeableConcept":{"coding":[{"system":"z","code":"9"},{"system":"s","code":"1","display":"uno"}]}`, true},
		{`CodeableConcept":{"coding":[{"system":"s","code":"1"}],"text":"one"}`, `CodeableConcept":{"coding":[{"system":"s","code":"2"}],"text":"one"}`, false},
		{`CodeableConcept":{"coding":[{"system":"s","code":"1"}],"text":"one"}`, `CodeableConcept":{"coding":[{"system":"z","code":"2","display":"One"}]}`, true},
		{`CodeableConcept":{"text":"one"}`, `CodeableConcept":{"text":"two"}`, false},
		{`Reference":{"reference":"Goal/1"}`, `Reference":{"reference":"http://here.example/fhir/Goal/1/_history/3","display":"x"}`, true},
		{`Reference":{"reference":"Goal/1"}`, `Reference":{"reference":"http://else.example/fhir/Goal/1"}`, false},
		{`Reference":{"identifier":{"system":"s","value":"1"}}`, `Reference":{"reference":"Goal/1","identifier":{"system":"s","value":"1"}}`, true},
		{`Reference":{"display":"Ann"}`, `Reference":{"display":"ann"}`, true},
		{`Timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"wk"}}`, `Timing":{"repeat":{"period":1.0,"periodUnit":"wk","frequency":3},"id":"x"}`, true},
		{`Timing":{"repeat":{"frequency":3,"period":1,"periodUnit":"wk"}}`, `Timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"wk"}}`, false},
		{`Timing":{"repeat":{"dayOfWeek":["mon","fri"]}}`, `Timing":{"repeat":{"dayOfWeek":["fri","mon"]}}`, true},
		{`String":"daily"`, `Timing":{"repeat":{"frequency":1}}`, false},
	} {
		t.Run(row.a, func(t *testing.T) {
			if got := c.same(value(t, row.a), value(t, row.b)); got != row.same {
				t.Errorf("%s and %s: %t", row.a, row.b, got)
			}
			if got := c.same(value(t, row.b), value(t, row.a)); got != row.same {
				t.Errorf("%s and %s: %t", row.b, row.a, got)
			}
		})
	}
}

// shuffled is a resource with its lists in another order.
func shuffled(v any, r *rand.Rand) any {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			v[name] = shuffled(x, r)
		}
	case []any:
		for i := range v {
			v[i] = shuffled(v[i], r)
		}
		r.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
	}
	return v
}

// TestRealPlansAgreeWithThemselvesInAnyOrder: and merged with themselves they
// have no more than they had, and decode.
func TestRealPlansAgreeWithThemselvesInAnyOrder(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fhirtest.SharedDir(t), "data/examples/r4/CarePlan/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r map[string]any
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		delete(r, "text")
		other, err := json.Marshal(shuffled(r, rand.New(rand.NewPCG(1, uint64(i)))))
		if err != nil {
			t.Fatal(err)
		}
		here, there := &Plan{Tree: decoded(t, text)}, &Plan{Tree: decoded(t, other)}
		result, err := Compare(here, there)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range result.Findings() {
			if f.Kind != Agree {
				t.Errorf("%s: %s %s %s %v", filepath.Base(file), f.Kind, f.Element, f.Words, f.Differences)
			}
		}
		merged, err := result.Merge(Names{}, time.Unix(0, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range []string{"goal", "activity", "addresses", "careTeam", "category"} {
			t.Run(list, func(t *testing.T) {
				had, _ := r[list].([]any)
				has, _ := merged[list].([]any)
				if len(had) != len(has) {
					t.Errorf("%s: %d of %s, and had %d", filepath.Base(file), len(has), list, len(had))
				}
			})
		}
		whole, err := json.Marshal(merged)
		if err != nil {
			t.Fatal(err)
		}
		decoded(t, whole)
	}
}

// TestItemsOfOneCodeFindTheirLikes before those that differ.
func TestItemsOfOneCodeFindTheirLikes(t *testing.T) {
	plan := func(times ...int) *Plan {
		all := []any{map[string]any{"detail": map[string]any{"status": "scheduled", "code": map[string]any{"text": "other"}}}}
		for _, n := range times {
			all = append(all, map[string]any{"detail": map[string]any{
				"status": "scheduled", "code": map[string]any{"text": "therapy"}, "scheduledTiming": map[string]any{"repeat": map[string]any{"frequency": n}},
			}})
		}
		text, err := json.Marshal(map[string]any{
			"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": map[string]any{"reference": "Patient/1"}, "activity": all,
		})
		if err != nil {
			t.Fatal(err)
		}
		return &Plan{Tree: decoded(t, text)}
	}
	count := func(here, there *Plan) string {
		n := map[Kind]int{}
		result, err := Compare(here, there)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range result.Findings() {
			if f.Element == "CarePlan.activity" {
				n[f.Kind]++
			}
		}
		return fmt.Sprint(n[Agree], n[Conflict], n[OnlyHere], n[OnlyThere])
	}
	for _, row := range []struct {
		here, there *Plan
		want        string
	}{
		{plan(1, 2, 3), plan(3, 1, 2), "4 0 0 0"},
		{plan(9, 2, 3), plan(3, 2, 1), "3 1 0 0"},
		{plan(1), plan(2, 1), "2 0 0 1"},
		{plan(1, 2), plan(2), "2 0 1 0"},
		{plan(), plan(2), "1 0 0 1"},
	} {
		t.Run(row.want, func(t *testing.T) {
			if got := count(row.here, row.there); got != row.want {
				t.Errorf("%s, not %s", got, row.want)
			}
		})
	}
	many := make([]int, 500)
	for i := range many {
		many[i] = i + 1
	}
	mixed := slices.Clone(many)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	if got := count(plan(many...), plan(mixed...)); got != "501 0 0 0" {
		t.Errorf("of 500 with one code: %s", got)
	}
}

// TestPlansThatWouldCostTooMuchAreRefused: many activities of one code, each by
// many.
func TestPlansThatWouldCostTooMuchAreRefused(t *testing.T) {
	plan := func(name string) *Plan {
		var performers, all []any
		for i := range 200 {
			performers = append(performers, map[string]any{"display": name + fmt.Sprint(i)})
		}
		for range 300 {
			all = append(all, map[string]any{"detail": map[string]any{"status": "scheduled", "code": map[string]any{"text": "therapy"}, "performer": performers}})
		}
		text, err := json.Marshal(map[string]any{
			"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": map[string]any{"reference": "Patient/1"}, "activity": all,
		})
		if err != nil {
			t.Fatal(err)
		}
		return &Plan{Tree: decoded(t, text)}
	}
	_, err := Compare(plan("a"), plan("b"))
	if !fhir.Is(err, fhir.TooCostly) {
		t.Errorf("got %v, want it refused as too costly", err)
	}
}
