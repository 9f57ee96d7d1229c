package validate

import (
	"fmt"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
)

const spread = `{
  "resourceType": "Patient",
  "name": [
    { "text": "é \" x", "family": "Ünal" }, {"family":"b"}
  ],
  "_birthDate": {"extension":[{"url":"http://x","valueString":"y"}]},
  "gender"  :  "male"
}`

func TestPositions(t *testing.T) {
	tree, err := fhir.Decode(definition.R4(), []byte(spread), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for expression, want := range map[string]string{
		"Patient":                        "1:1",
		"Patient.gender":                 "7:16",
		"Patient.name[0].text":           "4:15",
		"Patient.name[0].family":         "4:35",
		"Patient.name[1]":                "4:45",
		"Patient.name[1].family":         "4:55",
		"Patient.name[1].given[0]":       "4:45",
		"Patient.birthDate":              "6:31",
		"Patient.birthDate.extension[0]": "6:31",
		"":                               "1:1",
	} {
		t.Run(expression, func(t *testing.T) {
			p := Positions([]byte(spread), tree, []Issue{{Expression: "Patient.gender"}, {Expression: expression}})[1]
			if got := fmt.Sprintf("%d:%d", p.Line, p.Column); got != want {
				t.Errorf("%s is at %s, want %s", expression, got, want)
			}
		})
	}
	if p := Positions(nil, nil, []Issue{{}}); p[0] != (Position{}) {
		t.Errorf("what isn't JSON has the position %v", p)
	}
}
