package interaction_test

import (
	"context"
	"testing"

	"caseway/fhir"
	"caseway/fhir/builtin"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

func TestWhatTheServerBringsAlongIsReadable(t *testing.T) {
	e := newEngine(t, interaction.Config{})
	keys := []fhir.Key{{Type: "CompartmentDefinition", ID: "patient"}, {Type: "CompartmentDefinition", ID: "relatedperson"}}
	for _, p := range search.OwnParameters() {
		keys = append(keys, fhir.Key{Type: "SearchParameter", ID: p.URL[len("https://caseway.dev/fhir/SearchParameter/"):]})
	}
	if len(keys) < 5 {
		t.Fatal(keys)
	}
	for _, key := range keys {
		v := must[[]byte](t)(do(e, "GET "+key.String(), nil))
		if old := must[[]byte](t)(do(e, "GET "+key.String()+"/_history/1", nil)); string(old) != string(v) {
			t.Errorf("version 1 of %s: %s", key, old)
		}
		if tree, err := fhir.Decode(definition.R4(), v, fhir.Limits{}); err != nil || tree.ID() != key.ID {
			t.Errorf("%s: %v in %s", key, err, v)
		}
	}
}

func TestTheServedCompartmentIsTheOneThatWorks(t *testing.T) {
	e := newEngine(t, interaction.Config{})
	tree := must[*fhir.Tree](t)(fhir.Decode(definition.R4(), must[[]byte](t)(do(e, "GET CompartmentDefinition/patient", nil)), fhir.Limits{}))
	tasks := ""
	for n := range tree.Root().All("resource") {
		if n.Child("code").Text() == "Task" {
			tasks = n.Child("param").Text()
		}
	}
	if tasks != "patient" {
		t.Errorf("tasks are in the compartment by %q", tasks)
	}
}

func TestAStoredResourceGoesBeforeWhatTheServerBringsAlong(t *testing.T) {
	e := newEngine(t, interaction.Config{})
	body := `{"resourceType":"CompartmentDefinition","id":"patient","url":"http://x","name":"mine","status":"draft","code":"Patient","search":false}`
	r := must[interaction.Result](t)(e.Update(context.Background(), interaction.UpdateRequest{
		Key: fhir.Key{Type: "CompartmentDefinition", ID: "patient"}, Body: []byte(body),
	}))
	if v := must[[]byte](t)(do(e, "GET CompartmentDefinition/patient", nil)); string(v) != string(r.Version.JSON) || !r.Created {
		t.Error(string(v))
	}
}

func TestResourcesThatAreGivenAreReadable(t *testing.T) {
	key := fhir.Key{Type: "CodeSystem", ID: "case-phase"}
	e := newEngine(t, interaction.Config{Builtin: []builtin.Resource{{
		Key: key, JSON: []byte(`{"resourceType":"CodeSystem","id":"case-phase","status":"active","content":"complete"}`),
	}}})
	v := must[[]byte](t)(do(e, "GET CodeSystem/case-phase", nil))
	if tree, err := fhir.Decode(definition.R4(), v, fhir.Limits{}); err != nil || tree.ID() != key.ID {
		t.Errorf("%v in %s", err, v)
	}
}
