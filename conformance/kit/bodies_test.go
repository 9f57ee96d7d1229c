package kit_test

import (
	"fmt"
	"strings"
)

// patient, carePlan and task make small resources that hold a marker; id is
// "" for a create.

func patient(id, marker string) []byte {
	return []byte(fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"system":"http://caseway.example/marker","value":%q}],`+
		`"active":true,"name":[{"family":"Kill","given":["Test","Round"]}],"gender":"other","birthDate":"1970-01-01"}`, idMember(id), marker))
}

func carePlan(id, subject, marker string) []byte {
	return []byte(fmt.Sprintf(`{"resourceType":"CarePlan",%s"identifier":[{"system":"http://caseway.example/marker","value":%q}],`+
		`"status":"active","intent":"plan","subject":{"reference":%q},`+
		`"activity":[{"detail":{"status":"in-progress","description":"Physical therapy twice a week"}}]}`, idMember(id), marker, subject))
}

func task(id, subject, marker string) []byte {
	return []byte(fmt.Sprintf(`{"resourceType":"Task",%s"identifier":[{"system":"http://caseway.example/marker","value":%q}],`+
		`"status":"requested","intent":"order","for":{"reference":%q},"description":"Call after discharge"}`, idMember(id), marker, subject))
}

func idMember(id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(`"id":%q,`, id)
}

// body makes a new body for a resource under its key.
func body(key, id, marker string) []byte {
	switch typ, _, _ := strings.Cut(key, "/"); typ {
	case "CarePlan":
		return carePlan(id, "http://elsewhere.example/fhir/Patient/1", marker)
	case "Task":
		return task(id, "http://elsewhere.example/fhir/Patient/1", marker)
	default:
		return patient(id, marker)
	}
}
