package operation

import (
	"embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/builtin"
)

// definitionFiles are the OperationDefinitions, named by id. What nearly all of
// them have is filled in where a file doesn't say otherwise.
//
//go:embed definitions/*.json
var definitionFiles embed.FS

// definition is what is read of an OperationDefinition
// (https://hl7.org/fhir/R4/operationdefinition.html).
type definition struct {
	ID           string      `json:"id"`
	URL          string      `json:"url"`
	Code         string      `json:"code"`
	AffectsState bool        `json:"affectsState"`
	Resource     []string    `json:"resource"`
	System       bool        `json:"system"`
	Type         bool        `json:"type"`
	Instance     bool        `json:"instance"`
	Parameter    []parameter `json:"parameter"`

	text []byte // as it is served
}

type parameter struct {
	Name string `json:"name"`
	Use  string `json:"use"`
	Min  int    `json:"min"`
	Max  string `json:"max"`
	Type string `json:"type"`
}

var definitions = sync.OnceValue(func() []definition {
	files, err := definitionFiles.ReadDir("definitions")
	if err != nil {
		panic(err) // the data is part of the program
	}
	all := make([]definition, 0, len(files))
	for _, f := range files {
		text, err := definitionFiles.ReadFile("definitions/" + f.Name())
		if err != nil {
			panic(err)
		}
		all = append(all, newDefinition(strings.TrimSuffix(f.Name(), ".json"), text))
	}
	return all
})

func newDefinition(id string, file []byte) definition {
	resource := object{
		"url": fhir.CanonicalBase + "/OperationDefinition/" + id, "status": "active", "publisher": "Caseway", "kind": "operation", "name": nameOf(id),
	}
	if err := json.Unmarshal(file, &resource); err != nil {
		panic(err)
	}
	head := `{"resourceType":"OperationDefinition","id":"` + id + `",`
	d := definition{text: append([]byte(head), encoded(resource)[1:]...)}
	if err := json.Unmarshal(d.text, &d); err != nil {
		panic(err)
	}
	return d
}

// nameOf is an id as a name that programs can use: EpisodeOpen for episode-open.
func nameOf(id string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// Definitions are the OperationDefinitions, for the engine to serve.
func Definitions() []builtin.Resource {
	all := make([]builtin.Resource, len(definitions()))
	for i, d := range definitions() {
		all[i] = builtin.Resource{Key: fhir.Key{Type: "OperationDefinition", ID: d.ID}, JSON: d.text}
	}
	return all
}

// isOn reports whether the operation is called on what key names: a resource,
// a type, or with the zero key the system.
func (d *definition) isOn(key fhir.Key) bool {
	switch {
	case key.Type == "":
		return d.System
	case !slices.Contains(d.Resource, key.Type) && !slices.Contains(d.Resource, AnyType):
		return false
	case key.ID == "":
		return d.Type
	}
	return d.Instance
}

// in are the parameters that a call may give.
func (d *definition) in() []parameter {
	return slices.DeleteFunc(slices.Clone(d.Parameter), func(p parameter) bool { return p.Use != "in" })
}

func (d *definition) parameter(name string) *parameter {
	in := d.in()
	i := slices.IndexFunc(in, func(p parameter) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &in[i]
}
