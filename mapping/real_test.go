package mapping

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/mapping/fhirproto"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
)

// realCase is what stands in one file: a bundle, a line of a patient, a single
// example.
type realCase struct {
	name      string
	resources []proto.Message
}

// read adds a resource, or those of a bundle, that a case can hold.
func (r *realCase) read(t *testing.T, text []byte) {
	t.Helper()
	var head struct {
		ResourceType string
		Entry        []struct {
			FullURL  string
			Resource json.RawMessage
		}
		Contained []json.RawMessage
	}
	if err := json.Unmarshal(text, &head); err != nil {
		t.Fatalf("%s: got %v, want no error", r.name, err)
	}
	if head.ResourceType == "Bundle" {
		for _, e := range head.Entry {
			if len(e.Resource) > 0 {
				r.read(t, e.Resource)
			}
		}
		return
	}
	if _, err := fhirproto.New(head.ResourceType); err != nil {
		return
	}
	tree, _ := fhir.Decode(definition.R4(), text, fhir.Limits{})
	m, err := Decode(tree)
	if err != nil {
		t.Fatalf("%s: %s: %v", r.name, head.ResourceType, err)
	}
	r.resources = append(r.resources, m)
}

// realCases reads official examples, those of implementation guides, synthetic
// patients and reference data. Each file counts as a case.
func realCases(t *testing.T) []realCase {
	t.Helper()
	data := filepath.Join(fhirtest.SharedDir(t), "data")
	var all []realCase
	for _, pattern := range []string{
		"examples/r4/*/*.json", "ig/*/*.json", "ig/*/*/*.json", "synthea/*.json", "inferno-reference-data/*.json", "inferno-reference-data/*/*.json",
	} {
		files, err := filepath.Glob(filepath.Join(data, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(text) > 3<<20 || !bytes.Contains(text, []byte(`"resourceType"`)) {
				continue
			}
			r := realCase{name: filepath.Base(f)}
			r.read(t, text)
			if len(r.resources) > 0 {
				all = append(all, r)
			}
		}
	}
	lines, err := filepath.Glob(filepath.Join(data, "ig/*/*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range lines {
		file, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		scan := bufio.NewScanner(file)
		scan.Buffer(nil, 8<<20)
		for scan.Scan() {
			r := realCase{name: filepath.Base(f)}
			if r.read(t, scan.Bytes()); len(r.resources) > 0 {
				all = append(all, r)
			}
		}
	}
	return all
}

// Written back over what is stored, a case that nobody changed changes
// nothing; written alone, it lacks nothing but what the report names.
func TestRealResourcesKeepWhatIsNotReported(t *testing.T) {
	types := map[string]int{}
	for _, r := range realCases(t) {
		t.Run(r.name, func(t *testing.T) {
			for _, m := range r.resources {
				types[string(m.ProtoReflect().Descriptor().Name())]++
			}
			before := make([]proto.Message, len(r.resources))
			for i, m := range r.resources {
				before[i] = proto.Clone(m)
			}
			c, lost := Assemble(r.resources)
			again, _ := Resources(&c, r.resources)
			for _, w := range again {
				if w.Stored == nil {
					continue // an example that names what isn't in the file
				}
				if d := cmp.Diff(w.Stored, w.Resource, protocmp.Transform()); d != "" && !onlyAdds(w) {
					t.Errorf("%s: %s is changed:\n%s", r.name, w.Key, d)
				}
			}
			for i, m := range r.resources {
				if !proto.Equal(before[i], m) {
					t.Errorf("%s: Assemble changed what it was given: %s", r.name, idOf(m))
				}
			}
			reportedAlone(t, r, c.Clone().ID, lost)
		})
	}
	for _, typ := range []string{"CarePlan", "CareTeam", "EpisodeOfCare", "Task", "Goal", "ServiceRequest", "Condition", "Coverage", "Claim"} {
		t.Run(typ, func(t *testing.T) {
			if types[typ] < 1 {
				t.Errorf("no %s among the real resources", typ)
			}
		})
	}
	t.Logf("%v", types)
}

// onlyAdds says that a write adds references to what else is in the file: an
// episode lists its teams.
func onlyAdds(w Write) bool {
	return len(unsaid("", w.Stored.ProtoReflect(), w.Resource.ProtoReflect(), true)) == len(unsaidMeta(".meta", metaOf(w.Stored)))
}

// reportedAlone holds the report to what a case alone gives.
func reportedAlone(t *testing.T, r realCase, _ string, lost Losses) {
	t.Helper()
	c := AssembleOnly(r.resources)
	alone, _ := Resources(&c, nil)
	for _, m := range r.resources {
		id := string(idOf(m))
		at := slices.IndexFunc(alone, func(w Write) bool { return w.Key.String() == id })
		mine := slices.DeleteFunc(slices.Clone(lost), func(l Loss) bool { return l.Part != id })
		typ := string(m.ProtoReflect().Descriptor().Name())
		if at < 0 {
			if !mine.Has(typ) {
				t.Errorf("%s: %s has no place and isn't reported", r.name, id)
			}
			continue
		}
		for _, l := range unsaid(typ, m.ProtoReflect(), alone[at].Resource.ProtoReflect(), true) {
			if !mine.Has(l.Path) {
				t.Errorf("%s: %s loses %s (%s) without report", r.name, id, l.Path, l.Kind)
			}
		}
	}
}

func metaOf(m proto.Message) protoreflect.Message {
	r := m.ProtoReflect()
	return r.Get(field(r, "meta")).Message()
}
