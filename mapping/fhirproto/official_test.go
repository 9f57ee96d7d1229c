package fhirproto_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/mapping/fhirproto"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat" // links every R4 proto, and is an oracle
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
)

// values is JSON with numbers kept digit for digit.
func values(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

func thereAndBack(t testing.TB, text []byte) (proto.Message, []byte) {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), text, fhir.Limits{})
	if tree == nil {
		t.Fatal(err)
	}
	m, err := fhirproto.Decode(tree)
	if err != nil {
		t.Fatal(err)
	}
	return m, fhirproto.Encode(m)
}

func TestOfficialExamplesComeBackAsTheyWere(t *testing.T) {
	dir := filepath.Join(fhirtest.SharedDir(t), "data/examples/r4")
	files, err := filepath.Glob(filepath.Join(dir, "*/*.json"))
	if err != nil || len(files) < 700 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	oracle, err := jsonformat.NewMarshaller(false, "", "", fhirversion.R4)
	if err != nil {
		t.Fatal(err)
	}
	seen, asked := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
		if strings.HasPrefix(name, "Bundle/") || strings.HasPrefix(name, "Parameters/") {
			continue // hold resources of any type, and no case does
		}
		tree, err := fhir.Decode(definition.R4(), text, fhir.Limits{})
		if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
			continue // not R4 by our own decoder: the server never stores it
		}
		m, err := fhirproto.Decode(tree)
		if err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
			continue
		}
		seen++
		back := fhirproto.Encode(m)
		want := values(t, text)
		if d := cmp.Diff(want, values(t, back)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
		if bytes.Contains(text, []byte(`"contained"`)) {
			continue // jsonformat keeps contained resources in another form
		}
		if theirs, err := oracle.MarshalResource(m); err == nil {
			asked++
			if d := cmp.Diff(values(t, back), values(t, theirs)); d != "" && !bytes.Contains(theirs, []byte("internal-lexical")) {
				t.Errorf("%s: jsonformat writes the proto otherwise:\n%s", name, d)
			}
		}
	}
	if seen < 600 || asked < 400 {
		t.Errorf("only %d examples converted, %d of them compared with jsonformat", seen, asked)
	}
	t.Logf("%d examples, %d compared with jsonformat", seen, asked)
}

// What R4 allows and the protos have no room for, or where they are easily
// wrong.
func TestOddValuesComeBackAsTheyWere(t *testing.T) {
	for name, text := range map[string]string{
		"digits of decimals":         `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.500}}`,
		"exponents":                  `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":-1.20e-3}}`,
		"one digit of a second":      `{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2024-05-01T10:00:00.5Z"}`,
		"nanoseconds":                `{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveInstant":"2024-05-01T10:00:00.123456789-05:00"}`,
		"leap second":                `{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2016-12-31T23:59:60Z"}`,
		"offset of zero":             `{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2024-05-01T10:00:00+00:00"}`,
		"negative offset of zero":    `{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveDateTime":"2024-05-01T10:00:00-00:00"}`,
		"time":                       `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueTime":"10:00:00.25"}`,
		"midnight":                   `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueTime":"00:00:00"}`,
		"year":                       `{"resourceType":"Patient","birthDate":"1980"}`,
		"before 1970":                `{"resourceType":"Patient","birthDate":"0001-01"}`,
		"value absent":               `{"resourceType":"Patient","_birthDate":{"id":"b","extension":[{"url":"http://x.example","valueCode":"unknown"}]}}`,
		"value with extensions":      `{"resourceType":"Patient","birthDate":"1980-02-29","_birthDate":{"extension":[{"url":"http://x.example","valueString":"a"},{"url":"http://y.example","valueString":"b"}]}}`,
		"odd value with extensions":  `{"resourceType":"Patient","deceasedDateTime":"2024-05-01T10:00:00.5Z","_deceasedDateTime":{"extension":[{"url":"http://x.example","valueString":"a"}]}}`,
		"holes in lists":             `{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"id":"g"},{"extension":[{"url":"http://x.example","valueBoolean":false}]}]}]}`,
		"contained":                  `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","birthDate":"1980"}]}`,
		"versioned reference":        `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/1/_history/2"}}`,
		"absolute reference":         `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"http://x.example/fhir/Patient/1"}}`,
		"conditional reference":      `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient?identifier=a|b/c"}}`,
		"urn":                        `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"urn:uuid:8a5d0a4e-8a5c-4d6e-9f0e-0a6f6f1d2c3b"}}`,
		"reference of extensions":    `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"_reference":{"extension":[{"url":"http://x.example","valueCode":"masked"}]},"display":"A"}}`,
		"reference and extension":    `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/1","_reference":{"id":"r"}}}`,
		"base64 with white space":    `{"resourceType":"Binary","contentType":"text/plain","data":"YW Jj"}`,
		"control characters":         `{"resourceType":"Patient","name":[{"text":"a\tb\n\"\\\u0007é😀"}]}`,
		"codes with original names":  `{"resourceType":"Observation","status":"final","code":{"text":"x"},"referenceRange":[{"low":{"value":1}}],"valueQuantity":{"value":1,"comparator":"<="}}`,
		"code of an unknown value":   `{"resourceType":"Observation","status":"finished-well","code":{"text":"x"}}`,
		"false and zero":             `{"resourceType":"Patient","active":false,"multipleBirthInteger":0}`,
		"an element named as a word": `{"resourceType":"Encounter","status":"planned","class":{"code":"HH"}}`,
		"task for":                   `{"resourceType":"Task","status":"requested","intent":"order","for":{"reference":"Patient/1"},"restriction":{"repetitions":2}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, back := thereAndBack(t, []byte(text))
			if d := cmp.Diff(values(t, []byte(text)), values(t, back)); d != "" {
				t.Errorf("%s:\n%s", name, d)
			}
		})
	}
}

func TestATypeWithoutProtoIsNamed(t *testing.T) {
	if _, err := fhirproto.New("Nonsense"); !errors.Is(err, fhirproto.ErrNoProto) {
		t.Errorf("got %v", err)
	}
	if _, err := fhirproto.Decode(&fhir.Tree{}); !errors.Is(err, fhirproto.ErrNoProto) {
		t.Errorf("an empty tree gives %v", err)
	}
}

func BenchmarkDecode(b *testing.B) {
	text, err := os.ReadFile(filepath.Join(fhirtest.SharedDir(b), "data/examples/r4/CarePlan/CarePlan-example.json"))
	if err != nil {
		b.Fatal(err)
	}
	tree, err := fhir.Decode(definition.R4(), text, fhir.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			_, _ = fhir.Decode(definition.R4(), text, fhir.Limits{})
		}
	})
	b.Run("tree to proto", func(b *testing.B) {
		for b.Loop() {
			_, _ = fhirproto.Decode(tree)
		}
	})
	m, _ := fhirproto.Decode(tree)
	b.Run("proto to json", func(b *testing.B) {
		for b.Loop() {
			fhirproto.Encode(m)
		}
	})
	theirs, err := jsonformat.NewUnmarshallerWithoutValidation("UTC", fhirversion.R4)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("jsonformat", func(b *testing.B) {
		for b.Loop() {
			_, _ = theirs.Unmarshal(text)
		}
	})
}
