package fhir_test

import (
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
)

func TestASubsetKeepsWhatIsMandatoryAndSaysThatItIsOne(t *testing.T) {
	const (
		meta   = `"meta":{"versionId":"1","lastUpdated":"2024-01-01T00:00:00.000Z"`
		tag    = `"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]`
		head   = `{"resourceType":"Observation","id":"1",`
		narr   = `"text":{"status":"generated","div":"<div>\u00e9</div>"}`
		status = `"status":"final"`
		code   = `"code":{"extension":[{"url":"http://x"}],"coding":[{"id":"i","system":"s","code":"c"}]}`
		slim   = `"code":{"coding":[{"system":"s","code":"c"}]}`
		value  = `"valueQuantity":{"value":1.500,"unit":"g"}`
		note   = `"note":[{"text":"n"}]`
		whole  = head + meta + "}," + narr + "," + status + "," + code + "," + value + "," + note + "}"
	)
	for _, c := range []struct {
		name   string
		subset fhir.Subset
		want   string
	}{
		{"all", fhir.Subset{}, whole},
		{"true", fhir.Subset{Summary: fhir.SummaryTrue}, head + meta + "," + tag + "}," + status + "," + slim + "," + value + "}"},
		{"text", fhir.Subset{Summary: fhir.SummaryText}, head + meta + "," + tag + "}," + narr + "," + status + "," + code + "}"},
		{"data", fhir.Subset{Summary: fhir.SummaryData}, head + meta + "," + tag + "}," + status + "," + code + "," + value + "," + note + "}"},
		{"elements", fhir.Subset{Elements: []string{"value"}}, head + meta + "," + tag + "}," + status + "," + code + "," + value + "}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			typ := definition.R4().Type("Observation")
			if got := string(c.subset.Of(typ, []byte(whole))); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTheTagOfASubsetJoinsOthers(t *testing.T) {
	typ := definition.R4().Type("Patient")
	subset := fhir.Subset{Elements: []string{"gender"}}
	once := subset.Of(typ, []byte(`{"resourceType":"Patient","id":"1","meta":{"versionId":"1","tag":[{"code":"a"}],"source":"b"},"active":true,"_gender":{"id":"g"}}`))
	want := `{"resourceType":"Patient","id":"1","meta":{"versionId":"1","tag":[{"code":"a"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}],"source":"b"},"_gender":{"id":"g"}}`
	if string(once) != want {
		t.Errorf("got %s, want the subset of the row", once)
	}
	if twice := subset.Of(typ, once); string(twice) != want {
		t.Errorf("got %s of the subset itself, want it again", twice)
	}
	bare := string(subset.Of(typ, []byte(`{"resourceType":"Patient","active":true}`)))
	if !strings.Contains(bare, "SUBSETTED") || strings.Contains(bare, "active") {
		t.Error(bare)
	}
}

func TestAnObjectWithoutAnySummaryIsKeptWhole(t *testing.T) {
	typ := definition.R4().Type("Observation")
	text := `{"resourceType":"Observation","id":"1","status":"final","code":{"extension":[{"url":"http://x","valueCode":"unknown"}]}}`
	got := string(fhir.Subset{Summary: fhir.SummaryTrue}.Of(typ, []byte(text)))
	if !strings.Contains(got, `"code":{"extension":[{"url":"http://x","valueCode":"unknown"}]}`) {
		t.Error(got)
	}
}
