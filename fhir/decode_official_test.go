package fhir_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir/fhirtest"
)

// exampleExceptions are the official examples that decoding refuses, with the
// reason and the elements that must be at fault. All others must decode,
// whatever newer rules their verdict names.
var exampleExceptions = map[string]struct {
	reason string
	issues []string // prefixes, each of which at least one issue has; every issue has one of them
}{
	"ImplementationGuide/ImplementationGuide-fhir.json": {
		"name and status are required and not there", []string{"required ImplementationGuide.name", "required ImplementationGuide.status"},
	},
	"Questionnaire/Questionnaire-qs1.json": {
		"items have no linkId, which is required", []string{"required Questionnaire.item[0].item["},
	},
}

func TestDecodeOfficialExamples(t *testing.T) {
	folder := filepath.Join(fhirtest.SharedDir(t), "data/examples/r4")
	count := 0
	for _, line := range ndjson(t, filepath.Join(folder, "index.ndjson")) {
		var example struct {
			File  string
			Valid bool `json:"oracle_valid"`
		}
		unmarshal(t, line, &example)
		count++
		_, err := decode(string(readFile(t, filepath.Join(folder, example.File))))
		exception, expected := exampleExceptions[example.File]
		switch {
		case expected && example.Valid:
			t.Errorf("%s is an exception, but valid", example.File)
		case expected:
			expectIssues(t, example.File, err, exception.issues)
		case err != nil:
			t.Errorf("%s is refused: %.300v", example.File, err)
		}
	}
	if count != 731 {
		t.Errorf("%d examples were read, there are 731", count)
	}
}

func expectIssues(t *testing.T, name string, err error, prefixes []string) {
	t.Helper()
	_, issues := problems(err)
	used := map[string]bool{}
	for _, issue := range issues {
		found := ""
		for _, p := range prefixes {
			if strings.HasPrefix(issue, p) {
				found = p
			}
		}
		if found == "" {
			t.Errorf("%s: unexpected issue %s", name, issue)
		}
		used[found] = true
	}
	for _, p := range prefixes {
		if !used[p] {
			t.Errorf("%s: no issue begins with %s", name, p)
		}
	}
}

// refusedMessages are parts of the messages with which the official
// validator's test cases expect what decoding must refuse.
var refusedMessages = []string{
	"is not a valid Base64 value", "must be a JSON Array", "Array cannot be empty", "If a date has a time, it must have a timezone",
	"Invalid Resource id", "longer than permitted maximum length", "Invalid Characters", "Comments are not allowed in JSON", "MalformedJsonException", "has no quotes around",
	"Unrecognized property", "Not a valid date format", "not valid base64", "Invalid entity in the XHTML", "Invalid element name in the XHTML ('script')",
	"minimum required = 1, but only found 0 (from http://hl7.org/fhir/StructureDefinition/MedicationRequest|4.0.1)",
	"minimum required = 1, but only found 0 (from http://hl7.org/fhir/StructureDefinition/StructureDefinition|4.0.1)",
	"minimum required = 1, but only found 0 (from http://hl7.org/fhir/StructureDefinition/Observation|4.0.1)",
}

// stricter are validator cases that decoding refuses for another reason than
// the messages above.
var stricter = map[string]string{
	"patient-id-extensions.json": `R4 gives Resource.id the type System.String, which has no "_" twin; the validator lets it pass`,
	"patient-hs-1.json":          "null in a list of given names: the validator fails on it",
	"bundle-ea-testcase.json":    "the List in a contained Bundle lacks status and mode",
	"bundle-enrl.json":           "image/* as a signature's format is a range, not a media type",
	"versioned-extension.json":   "an extension without url",
	"obs-quantity.json":          "an Observation without code",
}

func TestDecodeValidatorCases(t *testing.T) {
	folder := filepath.Join(fhirtest.SharedDir(t), "data/testcases/validator")
	seen, refused := map[string]bool{}, 0
	for _, line := range ndjson(t, filepath.Join(folder, "cases.ndjson")) {
		var c struct {
			File   string
			Errors [][]any `json:"oracle_errors"`
		}
		unmarshal(t, line, &c)
		seen[c.File] = true
		_, err := decode(string(readFile(t, filepath.Join(folder, "files", c.File))))
		must := stricter[c.File] != "" || mustRefuse(c.Errors)
		if must != (err != nil) {
			t.Errorf("%s: expected to be refused: %v; got %.300v", c.File, must, err)
		}
		if err != nil {
			refused++
		}
	}
	for file := range stricter {
		if !seen[file] {
			t.Errorf("%s is listed, but no case", file)
		}
	}
	if refused < 40 {
		t.Errorf("only %d cases were refused", refused)
	}
}

func mustRefuse(errors [][]any) bool {
	for _, e := range errors {
		message, _ := e[len(e)-1].(string)
		for _, part := range refusedMessages {
			if strings.Contains(message, part) {
				return true
			}
		}
	}
	return false
}

// TestDecodeOfficialRoundTrip: what a store makes of an example decodes again
// and means the same.
func TestDecodeOfficialRoundTrip(t *testing.T) {
	folder := filepath.Join(fhirtest.SharedDir(t), "data/examples/r4")
	count := 0
	for _, line := range ndjson(t, filepath.Join(folder, "index.ndjson")) {
		var example struct{ File string }
		unmarshal(t, line, &example)
		if _, refused := exampleExceptions[example.File]; refused {
			continue
		}
		count++
		checkRoundTrip(t, mustDecode(t, string(readFile(t, filepath.Join(folder, example.File)))))
	}
	if count < 700 {
		t.Errorf("only %d examples were read", count)
	}
}

// ndjson gives a file's lines.
func ndjson(t *testing.T, path string) (lines [][]byte) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		lines = append(lines, append([]byte(nil), s.Bytes()...))
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return lines
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unmarshal(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
