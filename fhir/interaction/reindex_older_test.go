package interaction_test

import (
	"context"
	"encoding/json"
	"testing"

	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// TestStoreOfAnOlderProgramIsIndexedAnew: what an older program stored is found
// by what only the extraction of this one knows.
func TestStoreOfAnOlderProgramIsIndexedAnew(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		defer func() { _ = s.Close() }()
		older := join(t, interaction.Config{Store: s})
		older.put("MedicationRequest", "a", `{"resourceType":"MedicationRequest","id":"a","status":"active","intent":"order","subject":{"display":"x"},
			"medicationReference":{"reference":"#m"},"contained":[{"resourceType":"Medication","id":"m","code":{"coding":[{"code":"pill"}]}}]}`)
		older.put("Patient", "a", `{"resourceType":"Patient","id":"a","name":[{"family":"Sørensen"}]}`)
		older.put("Observation", "a", `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},`+
			`"valueQuantity":{"value":3,"system":"http://unitsofmeasure.org","code":"{score}"}}`)
		older.keep()
		older.opens()
		older.halt()
		ageIndex(t, s)
		now := join(t, interaction.Config{Store: s})
		now.keep()
		now.opens()
		now.wantIDs("MedicationRequest", "medication.code", "pill", "a")
		now.wantIDs("Patient", "family", "sorensen", "a")
		now.wantIDs("Observation", "value-quantity", "3|http://unitsofmeasure.org|{score}", "a")
		now.wantIDs("Observation", "value-quantity", "3|http://unitsofmeasure.org|1")
	})
}

// ageIndex takes the terms of all resources away and has the store say that
// another program made them.
func ageIndex(t *testing.T, s store.Store) {
	t.Helper()
	ctx := context.Background()
	record := must[[]store.Record](t)(s.Records(ctx, "search", "state", "", 1))[0]
	state := map[string]any{}
	if err := json.Unmarshal(record.Value, &state); err != nil {
		t.Fatal(err)
	}
	page := must[search.Page](t)(s.Scan(ctx, search.Scan{Limit: 100}))
	var changes []store.Reindexed
	for _, h := range page.Hits {
		changes = append(changes, store.Reindexed{Key: h.Key, VersionID: h.VersionID})
	}
	if err := s.Reindex(ctx, int64(state["generation"].(float64)), changes); err != nil || len(changes) < 3 {
		t.Fatal(err, changes)
	}
	state["program"] = "an older one"
	value := must[[]byte](t)(json.Marshal(state))
	_, err := s.Commit(ctx, store.Commit{Records: []store.RecordWrite{{Kind: "search", Key: "state", Value: value, Expect: record.Version}}})
	if err != nil {
		t.Fatal(err)
	}
}
