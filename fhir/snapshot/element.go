package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Definition is a StructureDefinition.
type Definition struct {
	URL            string
	Version        string
	Name           string
	Kind           string // "resource", "complex-type", "primitive-type", "logical"
	Abstract       bool
	Type           string
	BaseDefinition string
	Derivation     string // "constraint", "specialization"
	Context        []Context
	// ContextInvariant is FHIRPath that an extension's place must fulfil.
	ContextInvariant []string
	Snapshot         struct{ Element []*Element }
	Differential     struct{ Element []*Element }
}

// Context says where an extension may stand.
type Context struct {
	Type       string // "element", "fhirpath", "extension"
	Expression string
}

// Element is an ElementDefinition.
type Element struct {
	ID        string
	Path      string
	SliceName string
	Min       *int // nil in a differential that leaves it as it is
	Max       string
	Base      *struct {
		Min int
		Max string
	}
	Type             []Type
	ContentReference string
	Slicing          *Slicing
	Binding          *Binding
	Constraint       []Constraint
	MustSupport      bool
	IsModifier       bool
	MaxLength        int

	Fixed, Pattern     *Value `json:"-"`
	MinValue, MaxValue *Value `json:"-"`
}

// Type is a type that an element may have.
type Type struct {
	Code          string
	Profile       []string
	TargetProfile []string
	Aggregation   []string
}

// Slicing says how the occurrences of an element are told apart.
type Slicing struct {
	Discriminator []Discriminator
	Ordered       bool
	Rules         string // "open", "closed", "openAtEnd"
}

// Discriminator is one criterion of a slicing.
type Discriminator struct{ Type, Path string }

// Binding ties an element to a value set.
type Binding struct {
	Strength string // "required", "extensible", "preferred", "example"
	ValueSet string
}

// Constraint is an invariant.
type Constraint struct {
	Key        string
	Severity   string
	Human      string
	Expression string
	Source     string // canonical of the definition that it comes from
}

// Value is a value with its type, such as fixedCode or patternCodeableConcept.
type Value struct {
	Type string // with an upper-case first letter as in the name: "Code", "CodeableConcept"
	JSON json.RawMessage
}

// systemTypes begins how definitions name the types of ids and of extensions'
// URLs, which are FHIRPath's.
const systemTypes = "http://hl7.org/fhirpath/System."

// UnmarshalJSON also reads the members whose names have a type.
func (e *Element) UnmarshalJSON(data []byte) error {
	type plain Element
	if err := json.Unmarshal(data, (*plain)(e)); err != nil {
		return err
	}
	for i := range e.Type {
		if strings.HasPrefix(e.Type[i].Code, systemTypes) {
			e.Type[i].Code = "string"
			if strings.HasSuffix(e.Path, ".url") {
				e.Type[i].Code = "uri"
			}
		}
	}
	if !bytes.Contains(data, []byte(`"fixed`)) && !bytes.Contains(data, []byte(`"pattern`)) &&
		!bytes.Contains(data, []byte(`"minValue`)) && !bytes.Contains(data, []byte(`"maxValue`)) {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for name, raw := range members {
		e.typed(name, raw)
	}
	return nil
}

func (e *Element) typed(name string, raw json.RawMessage) {
	for prefix, to := range map[string]**Value{
		"fixed": &e.Fixed, "pattern": &e.Pattern, "minValue": &e.MinValue, "maxValue": &e.MaxValue,
	} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			*to = &Value{rest, raw}
		}
	}
}

// Parse reads a StructureDefinition.
func Parse(data []byte) (*Definition, error) {
	d := &Definition{}
	if err := json.Unmarshal(data, d); err != nil {
		return nil, fmt.Errorf("snapshot: reading a StructureDefinition: %w", err)
	}
	if d.URL == "" || d.Type == "" {
		return nil, fmt.Errorf("snapshot: a StructureDefinition needs url and type")
	}
	return d, nil
}

// identify gives each element an id where it has none: its path with the names
// of the slices that it stands in.
func identify(elements []*Element) {
	last := map[string]string{} // by path
	for _, e := range elements {
		if e.ID == "" {
			e.ID = e.Path
			if dot := strings.LastIndexByte(e.Path, '.'); dot >= 0 {
				if parent, ok := last[e.Path[:dot]]; ok {
					e.ID = parent + e.Path[dot:]
				}
			}
			if e.SliceName != "" {
				e.ID += ":" + e.SliceName
			}
		}
		last[e.Path] = e.ID
	}
}
