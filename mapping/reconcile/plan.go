package reconcile

import (
	"strings"

	"caseway/fhir"
)

// Plan is a CarePlan.
type Plan struct {
	Tree *fhir.Tree
	// Find gives what a reference leads to: nil for what isn't there, or isn't
	// to be seen.
	Find func(fhir.Key) *fhir.Tree
	// Base is our own FHIR base URL without a closing slash: references below it
	// are the same as relative ones.
	Base string
}

// root is the CarePlan.
func (p *Plan) root() fhir.Node { return p.Tree.Root() }

// Size is how many members the plan's lists have.
func (p *Plan) Size() int {
	n := 0
	for range p.root().Children() {
		n++
	}
	return n
}

// name of what a reference points to: "Goal/1" on this server, else the URL as
// it is; without a version. "" for what is contained, and for none.
func (p *Plan) name(reference string) string {
	if p.Base != "" {
		reference = strings.TrimPrefix(reference, p.Base+"/")
	}
	name, _, _ := strings.Cut(reference, "/_history/")
	if strings.HasPrefix(name, "#") {
		return ""
	}
	return name
}

// Key is what a reference names on this server; false for anything else.
func (p *Plan) Key(reference fhir.Node) (fhir.Key, bool) {
	return fhir.ParseKey(p.name(reference.Child("reference").Text()))
}

// follow gives what a Reference leads to, an invalid node for nothing.
func (p *Plan) follow(reference fhir.Node) fhir.Node {
	text := reference.Child("reference").Text()
	if id, contained := strings.CutPrefix(text, "#"); contained {
		for c := range reference.Root().All("contained") {
			if c.Child("id").Text() == id {
				return c
			}
		}
		return fhir.Node{}
	}
	key, ok := p.Key(reference)
	if !ok || p.Find == nil {
		return fhir.Node{}
	}
	if tree := p.Find(key); tree != nil {
		return tree.Root()
	}
	return fhir.Node{}
}

// elementOf is where an element stands in its resource, without positions:
// "Goal.target.detail".
func elementOf(n fhir.Node) string {
	if !n.Valid() {
		return ""
	}
	if n.Type().Kind == fhir.ResourceType {
		return n.Type().Name
	}
	return elementOf(n.Parent()) + "." + n.Name()
}
