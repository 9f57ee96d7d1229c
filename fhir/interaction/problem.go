package interaction

import "caseway/fhir"

// problems gathers what is wrong with a request, so that a client hears of
// all of it at once.
type problems struct {
	kind   fhir.Kind
	issues []fhir.Issue
}

// add takes an error in; its kind is the kind of all if it is the first, or
// Structure.
func (p *problems) add(e *fhir.Error) {
	if len(p.issues) == 0 || e.Kind == fhir.Structure {
		p.kind = e.Kind
	}
	p.issues = append(p.issues, e.Issues...)
}

// invalid adds an issue of kind Invalid.
func (p *problems) invalid(code, at, text string) {
	p.add(fhir.NewError(fhir.Invalid, code, text).At(at))
}

func (p *problems) any() bool { return len(p.issues) > 0 }

// error is nil where nothing is wrong.
func (p *problems) error() error {
	if !p.any() {
		return nil
	}
	return &fhir.Error{Kind: p.kind, Issues: p.issues}
}
