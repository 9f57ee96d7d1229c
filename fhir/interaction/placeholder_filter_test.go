package interaction_test

import (
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store/sqlite"
)

const (
	patientURL = "urn:uuid:11111111-1111-1111-1111-111111111111"
	plainURL   = "http://a.example/Patient/one"
)

// filterBundle is a transaction that makes a patient with a fullUrl and an
// observation of theirs, unless there is one that criteria match.
func filterBundle(fullURL, criteria string) []byte {
	return []byte(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"fullUrl":"` + fullURL + `","resource":{"resourceType":"Patient","identifier":[{"system":"http://a.example","value":"1"},{"system":"urn:oid:1.2","value":"5"}]},
		 "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://a.example|1"}},
		{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"` + fullURL + `"},
		 "valueString":"` + patientURL + `","identifier":[{"value":"urn:oid:1.2.3"}]},
		 "request":{"method":"POST","url":"Observation","ifNoneExist":"` + criteria + `"}}]}`)
}

func filterEngine(t *testing.T) *interaction.Session {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return newEngine(t, interaction.Config{Store: s})
}

// TestPlaceholdersInAFilter: criteria may name other entries within _filter, too;
// else each repetition of the transaction makes another resource.
func TestPlaceholdersInAFilter(t *testing.T) {
	for _, row := range []struct{ fullURL, criteria string }{
		{patientURL, "_filter=subject re " + patientURL},
		{patientURL, "_filter=(status eq final and (subject re " + patientURL + "))"},
		{patientURL, "_filter=subject._id eq " + patientURL},
		{patientURL, "_filter=subject[_id eq " + patientURL + "].identifier eq http://a.example|1"},
		{patientURL, "_filter=subject re " + patientURL + "&subject=" + patientURL},
		{plainURL, "_filter=subject re " + plainURL + " and status eq final"},
		// What isn't a name of a resource stays as it is.
		{patientURL, `_filter=value-string eq \"` + patientURL + `\"`},
		{patientURL, "_filter=value-string eq " + patientURL},
		{patientURL, "subject.identifier=urn:oid:1.2|5"},
		{patientURL, "_filter=identifier eq urn:oid:1.2.3"},
	} {
		t.Run(row.criteria, func(t *testing.T) {
			e := filterEngine(t)
			for i, want := range []string{`"status":"201`, `"status":"200`} {
				answer, err := e.Bundle(t.Context(), interaction.BundleRequest{Base: base, Body: filterBundle(row.fullURL, row.criteria)})
				if err != nil {
					t.Fatalf("time %d: got the error %v, want none", i, err)
				}
				if got := strings.Count(string(answer), want); got != 2 {
					t.Errorf("time %d: %d entries have %s, want 2: %s", i, got, want, answer)
				}
			}
		})
	}
}

// TestUnknownPlaceholdersInAFilter are refused, as they are in other parameters.
func TestUnknownPlaceholdersInAFilter(t *testing.T) {
	e := filterEngine(t)
	const unknown = "urn:uuid:22222222-2222-2222-2222-222222222222"
	for _, criteria := range []string{"subject=" + unknown, "_filter=subject re " + unknown, "_filter=not (subject._id eq " + unknown + ")"} {
		_, err := e.Bundle(t.Context(), interaction.BundleRequest{Base: base, Body: filterBundle(patientURL, criteria)})
		const told = "the criteria name a fullUrl that no POST, PUT or PATCH entry of the transaction has"
		if !fhir.Is(err, fhir.Invalid) || !strings.Contains(err.Error(), told) {
			t.Errorf("%s: got the error %v, want %q", criteria, err, told)
		}
	}
}
