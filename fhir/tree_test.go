package fhir_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
)

// render writes a tree's nodes as "path = JSON" lines, in document order.
func render(t *fhir.Tree) string {
	var b strings.Builder
	for n := range t.All() {
		raw := ""
		if n.Type().Kind == fhir.PrimitiveType {
			raw = " = " + string(n.Raw())
		}
		fmt.Fprintf(&b, "%s:%s%s\n", n.Path(), n.Type().Name, raw)
	}
	return b.String()
}

func TestTreeNodes(t *testing.T) {
	tree := mustDecode(t, `{"resourceType":"Patient","_birthDate":{"id":"d"},"birthDate":"2024",
		"name":[{"given":["a",null],"_given":[null,{"extension":[{"url":"u","valueString":"b\u00e9"}]},{"extension":[{"url":"v","valueInteger":1}]}]}],
		"contained":[{"resourceType":"Group","type":"person","actual":true}],"deceasedBoolean":false}`)
	want := `Patient:Patient
Patient.birthDate:date = "2024"
Patient.birthDate.id:string = "d"
Patient.name[0]:HumanName
Patient.name[0].given[0]:string = "a"
Patient.name[0].given[1]:string = 
Patient.name[0].given[1].extension[0]:Extension
Patient.name[0].given[1].extension[0].url:uri = "u"
Patient.name[0].given[1].extension[0].value:string = "b\u00e9"
Patient.name[0].given[2]:string = 
Patient.name[0].given[2].extension[0]:Extension
Patient.name[0].given[2].extension[0].url:uri = "v"
Patient.name[0].given[2].extension[0].value:integer = 1
Patient.contained[0]:Group
Patient.contained[0].type:code = "person"
Patient.contained[0].actual:boolean = true
Patient.deceased:boolean = false
`
	if diff := cmp.Diff(want, render(tree)); diff != "" {
		t.Error(diff)
	}
	name := tree.Root().Child("name")
	var given []string
	for n := range name.All("given") {
		given = append(given, n.Child("extension").Child("value").Text())
	}
	if diff := cmp.Diff([]string{"", "bé", "1"}, given); diff != "" {
		t.Error(diff)
	}
	if start, end := name.Span(); string(tree.JSON[start:end]) != string(name.Raw()) || tree.JSON[start] != '{' {
		t.Errorf("the span of an object is %s", tree.JSON[start:end])
	}
}

func TestZeroNode(t *testing.T) {
	var n fhir.Node
	if n.Valid() || n.Name() != "" || n.Text() != "" || n.Raw() != nil || n.Path() != "" || n.Index() != -1 || n.Type() != nil || n.Element() != nil ||
		n.HasValue() || n.Parent().Valid() || n.Child("id").Valid() {
		t.Error("the zero Node gives something")
	}
	tree := &fhir.Tree{}
	if tree.Root().Valid() || tree.ID() != "" || tree.Type() != nil || tree.Sub(fhir.Node{}).Root().Valid() {
		t.Error("the empty tree gives something")
	}
}

const batch = `{"resourceType":"Bundle","type":"batch","entry":[
	{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"p"},"request":{"method":"PUT","url":"Patient/p"}},
	{"resource":{"_status":{"id":"s"},"status":"draft","intent":"order","resourceType":"Task","for":{"reference":"urn:uuid:1","display":"x"},
		"contained":[{"resourceType":"Patient","name":[{"_given":[{"id":"g"},null],"given":["a","b"]}]}]},"request":{"method":"POST","url":"Task"}}]}`

func TestSub(t *testing.T) {
	tree := mustDecode(t, batch)
	for entry := range tree.Root().All("entry") {
		n := entry.Child("resource")
		sub := tree.Sub(n)
		again := mustDecode(t, string(n.Raw()))
		if diff := cmp.Diff(render(again), render(sub)); diff != "" {
			t.Errorf("%s: got what differs (-want +got):\n%s", n.Path(), diff)
		}
		if !bytes.Equal(sub.JSON, again.JSON) {
			t.Errorf("%s: text %s", n.Path(), sub.JSON)
		}
		for c := range sub.Root().Child("contained").Children() {
			if !bytes.Contains(sub.JSON, c.Raw()) {
				t.Errorf("%s isn't in the text", c.Path())
			}
		}
	}
	task := tree.Sub(firstNode(tree, "Bundle.entry[1].resource"))
	contained := task.Sub(firstNode(task, "Task.contained[0]"))
	if got := firstNode(contained, "Patient.name[0].given[1]").Text(); got != "b" {
		t.Errorf("a tree cut twice has the name %q", got)
	}
}

func firstNode(t *fhir.Tree, path string) fhir.Node {
	for n := range t.All() {
		if n.Path() == path {
			return n
		}
	}
	return fhir.Node{}
}

func TestReplace(t *testing.T) {
	tree := mustDecode(t, batch)
	before := string(tree.JSON)
	edits := []fhir.Edit{
		{Node: firstNode(tree, "Bundle.entry[1].resource.for.reference"), Text: "Patient/a-much-longer-one"},
		{Node: firstNode(tree, "Bundle.entry[0].fullUrl"), Text: "urn:\"\\\u00e9"},
		{Node: firstNode(tree, "Bundle.entry[1].resource.status"), Text: "requested"},
	}
	got := tree.Replace(edits)
	if string(tree.JSON) != before {
		t.Error("the tree itself has changed")
	}
	want := strings.NewReplacer(`"reference":"urn:uuid:1"`, `"reference":"Patient/a-much-longer-one"`, `"fullUrl":"urn:uuid:1"`, `"fullUrl":"urn:\"\\é"`,
		`"status":"draft"`, `"status":"requested"`).Replace(before)
	if string(got.JSON) != want {
		t.Errorf("text is\n%s, expected\n%s", got.JSON, want)
	}
	if diff := cmp.Diff(render(mustDecode(t, want)), render(got)); diff != "" {
		t.Errorf("the nodes aren't those of the new text: %s", diff)
	}
	task := tree.Sub(firstNode(tree, "Bundle.entry[1].resource"))
	got = task.Replace([]fhir.Edit{{Node: firstNode(task, "Task.for.reference"), Text: "Patient/2"}})
	if diff := cmp.Diff(render(mustDecode(t, string(got.JSON))), render(got)); diff != "" {
		t.Errorf("the nodes of a part aren't those of its new text: %s", diff)
	}
	if tree.Replace(nil) != tree {
		t.Error("without edits there is a new tree")
	}
}

func TestContent(t *testing.T) {
	cases := map[string]fhir.Content{
		`{"resourceType":"Patient"}`: {Type: "Patient"},
		`{"id":"a","resourceType":"Patient","meta":{"versionId":"7"},"active":true}`: {Type: "Patient", Rest: []byte(`"active":true`)},
		`{"active":true,"id":"a","gender":"male","resourceType":"Patient"}`:          {Type: "Patient", Rest: []byte(`"active":true,"gender":"male"`)},
		`{"resourceType":"Patient","meta":{"profile":["http://a"],"versionId":"1","_versionId":{"id":"a"},"_lastUpdated":{"id":"x"},"lastUpdated":"2024-01-01T00:00:00Z","tag":[{"code":"\""}]}}`: {
			Type: "Patient", Meta: []byte(`"profile":["http://a"],"tag":[{"code":"\""}]`),
		},
		`{"resourceType":"Patient","m\u0065ta":{"id":"m","version\u0049d":"1"},"i\u0064":"a","gender":"male"}`: {
			Type: "Patient", Meta: []byte(`"id":"m"`), Rest: []byte(`"gender":"male"`),
		},
	}
	for text, want := range cases {
		tree := mustDecode(t, text)
		if diff := cmp.Diff(want, tree.Content()); diff != "" {
			t.Errorf("%s: got what differs (-want +got):\n%s", text, diff)
		}
		checkRoundTrip(t, tree)
	}
}

// checkRoundTrip holds that what a store renders from a tree's content
// decodes, keeps its content, and has all that was sent.
func checkRoundTrip(t testing.TB, tree *fhir.Tree) {
	t.Helper()
	content := tree.Content()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	stored := content.Append(nil, "stored", 3, at)
	again, err := fhir.Decode(decodeSchema, stored, fhir.Limits{Bytes: len(stored) + 1})
	if err != nil {
		t.Fatalf("stored form is refused: %v\n%s", err, stored)
	}
	if same := again.Content(); !reflect.DeepEqual(content, same) {
		t.Fatalf("content has changed: %s", cmp.Diff(content, same))
	}
	if !bytes.Equal(again.JSON, stored) {
		t.Fatalf("stored form isn't compact:\n%s\n%s", stored, again.JSON)
	}
	if got := again.Root().Child("meta"); again.ID() != "stored" || got.Child("versionId").Text() != "3" || got.Child("lastUpdated").Text() != "2026-01-02T03:04:05.006Z" {
		t.Fatalf("stored form lacks what the store sets: %s", stored)
	}
	if sent, kept := withoutServerSet(t, tree.JSON), withoutServerSet(t, stored); !reflect.DeepEqual(sent, kept) {
		t.Fatalf("something was lost or added: %s", cmp.Diff(sent, kept))
	}
	if content.Size() < len(stored) {
		t.Errorf("Size is %d for %d bytes", content.Size(), len(stored))
	}
}

// withoutServerSet parses a resource, numbers as they are written, and leaves
// out what the server sets.
func withoutServerSet(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	delete(m, "id")
	if meta, _ := m["meta"].(map[string]any); meta != nil {
		for _, name := range []string{"versionId", "_versionId", "lastUpdated", "_lastUpdated"} {
			delete(meta, name)
		}
		if len(meta) == 0 {
			delete(m, "meta")
		}
	}
	return m
}
