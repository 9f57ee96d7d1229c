package fhirpath_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

func TestHooks(t *testing.T) {
	organization := tree(t, `{"resourceType":"Organization","id":"7","name":"Clinic"}`)
	traced := map[string]string{}
	ctx := &fhirpath.Context{
		Schema: definition.R4(),
		Resolve: func(reference string, _ fhir.Node) (fhir.Node, error) {
			if reference == "Organization/7" {
				return organization.Root(), nil
			}
			return fhir.Node{}, nil
		},
		MemberOf: func(v fhirpath.Value, valueSet string) (fhir.Membership, error) {
			if valueSet == "urn:any" {
				return fhir.Unknown, nil
			}
			if v.String() == "final" {
				return fhir.Member, nil
			}
			return fhir.NotMember, nil
		},
		ConformsTo: func(n fhir.Node, profile string) (bool, error) {
			return n.Type().Name == "Observation" && profile == "urn:profile", nil
		},
		Trace: func(name string, items fhirpath.Collection) { traced[name] = texts(items) },
	}
	focus := fhirpath.OfNode(tree(t, observation).Root())
	for expression, want := range map[string]string{
		"performer.resolve().ofType(Organization).name": "Clinic",
		"status.memberOf('urn:set')":                    "true",
		"id.memberOf('urn:set')":                        "false",
		"status.memberOf('urn:any')":                    "",
		"conformsTo('urn:profile')":                     "true",
		"conformsTo('urn:other')":                       "false",
		"component.code.text.trace('c')":                "a, b, c, d",
		"component.trace('d', code.text).count()":       "4",
	} {
		t.Run(expression, func(t *testing.T) {
			got, err := compile(t, expression).Eval(ctx, focus)
			if err != nil || texts(got) != want {
				t.Errorf("%s: %s, %v", expression, texts(got), err)
			}
		})
	}
	if traced["c"] != "a, b, c, d" || traced["d"] != "a, b, c, d" {
		t.Errorf("traced %v", traced)
	}
}

var errAway = errors.New("away")

func TestHooksErrorsCarryOn(t *testing.T) {
	ctx := &fhirpath.Context{
		Resolve:  func(string, fhir.Node) (fhir.Node, error) { return fhir.Node{}, errAway },
		MemberOf: func(fhirpath.Value, string) (fhir.Membership, error) { return fhir.Unknown, errAway },
	}
	focus := fhirpath.OfNode(tree(t, observation).Root())
	for _, expression := range []string{
		"performer[1].resolve()", "performer[3].where(resolve() is Patient) | performer[3].resolve()", "status.memberOf('a')",
	} {
		t.Run(expression, func(t *testing.T) {
			if _, err := compile(t, expression).Eval(ctx, focus); !errors.Is(err, errAway) {
				t.Errorf("%s: got %v, want the error of the resolver", expression, err)
			}
		})
	}
}

func TestReferencesInABundle(t *testing.T) {
	bundle := tree(t, `{"resourceType":"Bundle","type":"collection","entry":[
		{"fullUrl":"http://example.org/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1"}},
		{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"CareTeam","id":"2"}},
		{"fullUrl":"http://example.org/fhir/CarePlan/3","resource":{"resourceType":"CarePlan","id":"3","status":"active","intent":"plan",
			"subject":{"reference":"Patient/1"},"careTeam":[{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]}}]}`)
	focus := fhirpath.OfNode(bundle.Root())
	for expression, want := range map[string]string{
		"entry.resource.subject.resolve().id":                                               "1",
		"entry.resource.careTeam.resolve().id":                                              "2",
		"entry.resource.careTeam.where(resolve() is CareTeam).count()":                      "1",
		"entry.resource.ofType(CarePlan).select(%resource.type)":                            "collection",
		"entry.resource.where($this is CarePlan).subject.where(resolve() is Group).empty()": "true",
	} {
		t.Run(expression, func(t *testing.T) {
			got, err := compile(t, expression).Eval(nil, focus)
			if err != nil || texts(got) != want {
				t.Errorf("%s: %s, %v", expression, texts(got), err)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	for expression, want := range map[string]fhirpath.Truth{
		"status = 'final'": fhirpath.True, "status = 'x'": fhirpath.False, "method = 'x'": fhirpath.Unknown, "code": fhirpath.True,
	} {
		t.Run(expression, func(t *testing.T) {
			if got, err := compile(t, expression).Test(nil, focus); got != want || err != nil {
				t.Errorf("%s is %v, %v", expression, got, err)
			}
		})
	}
}

// TestExprsAreSharedByGoroutines runs under the race detector too.
func TestExprsAreSharedByGoroutines(t *testing.T) {
	e := compile(t, "component.where(code.text.matches('[a-d]')).count() + value.value + performer.where(resolve() is Patient).count()")
	ctx := &fhirpath.Context{Schema: definition.R4()}
	focus := fhirpath.OfNode(tree(t, observation).Root())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got, err := e.Eval(ctx, focus); err != nil || texts(got) != "6.50" {
					t.Errorf("%s, %v", texts(got), err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	items, err := compile(t, "id").Append(nil, nil, focus)
	if err != nil {
		t.Fatal(err)
	}
	if items, err = compile(t, "status | code.text").Append(items, nil, focus); err != nil || texts(items) != "o1, final, Blood  Pressure" {
		t.Errorf("%s, %v", texts(items), err)
	}
	if items, err = compile(t, "code > 1").Append(items, nil, focus); err == nil || len(items) != 3 {
		t.Errorf("after an error %s, %v", texts(items), err)
	}
}

func TestEvaluationsShareWork(t *testing.T) {
	focus := fhirpath.OfNode(tree(t, observation).Root())
	e := compile(t, "descendants().count() > 0")
	w := budget.NewWork(t.Context(), 1000)
	ctx := &fhirpath.Context{Schema: definition.R4(), Work: w}
	done := 0
	for ; done < 1000; done++ {
		if _, err := e.Eval(ctx, focus); err != nil {
			if !errors.Is(err, fhirpath.ErrTooCostly) {
				t.Fatalf("got %v, want that it costs too much", err)
			}
			break
		}
	}
	if done == 0 || done == 1000 {
		t.Errorf("%d evaluations on 1,000 steps: want some, and then none", done)
	}
	if !fhir.Is(w.Err(), fhir.TooCostly) {
		t.Errorf("work says %v, want kind TooCostly", w.Err())
	}
}

func TestNoEvaluationBeginsForWhoHasLeft(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	w := budget.NewWork(gone, 1000)
	leave()
	_, err := compile(t, "1 + 1").Eval(&fhirpath.Context{Work: w})
	if !errors.Is(err, fhirpath.ErrTooCostly) || !errors.Is(w.Err(), context.Canceled) {
		t.Errorf("got %v and %v, want neither a result nor work left", err, w.Err())
	}
}
