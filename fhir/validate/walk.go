package validate

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/fhirpath"
)

// walk is one check of one tree.
type walk struct {
	v    *Validator
	ctx  context.Context
	work *budget.Work
	path fhirpath.Context // of the resource that is being visited

	// self is the resource that is being visited, container the one that
	// contains it: self itself where it stands alone.
	self, container fhir.Node

	ids       map[string]bool // of elements of the resource that is visited
	contained contents        // of the resource that was asked for last

	entries *entries // of the Bundle that is checked; nil outside of one
	base    string   // of the full URL of the entry that is visited
	// literal tells that references can't be searches, as in a Bundle that is no
	// transaction. What stands alone may be a part of one.
	literal  bool
	document bool // the Bundle is one

	profile string               // that is checked; "" for base definitions
	asked   []string             // profiles that the request names
	open    map[conformance]bool // that are being checked
	trial   int                  // depth of checks that only ask whether something conforms
	failed  bool                 // of a trial: it doesn't

	issues []Issue
	more   int  // issues beyond the limit
	steps  int  // visited since the work was last asked
	spent  bool // the work is used up: nothing further is visited
}

// resource visits a resource: the root, a contained one, or one in an entry.
func (w *walk) resource(n fhir.Node, e *elementPlan) {
	self, container, path, ids := w.self, w.container, w.path, w.ids
	w.enter(n)
	w.ids = nil
	if n.Type().Name == "Bundle" && w.entries == nil {
		w.entries = entriesOf(n)
		kind := child(n, "type").Text()
		w.literal, w.document = kind != "transaction", kind == "document"
	}
	w.visit(n, w.v.planOf(n.Type()), e)
	w.claimed(n)
	w.self, w.container, w.path, w.ids = self, container, path, ids
}

// identified wants the ids of elements to differ within a resource
// (https://hl7.org/fhir/R4/element.html#id).
func (w *walk) identified(id fhir.Node) {
	if id.Parent().Type().Name == "ElementDefinition" {
		return // snapshot and differential have the same ids, by design
	}
	text := id.Text()
	if w.ids[text] {
		w.fail(id, fhir.IssueDuplicate, "element-id", "is the id of another element of the resource too")
		return
	}
	if w.ids == nil {
		w.ids = map[string]bool{}
	}
	w.ids[text] = true
}

// into makes a resource the one that is visited, if n is one; leave undoes it.
func (w *walk) into(n fhir.Node) (leave func()) {
	if n.Type().Kind != fhir.ResourceType || n == w.self {
		return stay
	}
	self, container, path, base := w.self, w.container, w.path, w.base
	w.enter(n)
	return func() { w.self, w.container, w.path, w.base = self, container, path, base }
}

func stay() {}

// enter makes a resource the one that is visited.
func (w *walk) enter(n fhir.Node) {
	w.self, w.container = n, n
	if n.Name() == "contained" {
		w.container = n.Parent()
	}
	if entry := n.Parent(); n.Name() == "resource" && entry.Type().Name == "Bundle.entry" {
		w.base = baseOfURL(child(entry, "fullUrl").Text())
	}
	w.path.Resource, w.path.RootResource = w.self, w.container
}

// visit checks an element and all that is below it.
func (w *walk) visit(n fhir.Node, p *typePlan, e *elementPlan) {
	if w.stop() {
		return
	}
	for _, r := range p.rules {
		w.hold(n, r)
	}
	if e != nil {
		for _, r := range e.rules {
			w.hold(n, r)
		}
		if e.binding != nil {
			w.bound(n, e.binding)
		}
	}
	if p.check != nil {
		p.check(w, n, e)
	}
	for c := n.First(); c.Valid(); c = c.Next() {
		of := p.elements[c.Element()]
		switch t := c.Type(); {
		case t.Kind == fhir.ResourceType:
			w.resource(c, of)
		case t.Kind == fhir.PrimitiveType && (of == nil || !of.busy) && !c.First().Valid():
			w.steps++
			if c.Element().Attribute && c.Name() == "id" && n.Type().Kind != fhir.ResourceType {
				w.identified(c)
			}
		default:
			w.visit(c, w.v.planOf(t), of)
		}
	}
}

// hold checks one invariant. Those of the base definitions hold unless they are
// false: R4 writes them so that they are empty where what they speak of is
// absent. Those of profiles must be true.
func (w *walk) hold(n fhir.Node, r *rule) {
	if r.native != nil {
		if !r.native(w, n) {
			w.broken(n, r)
		}
		return
	}
	holds, err := r.expr.Test(&w.path, fhirpath.OfNode(n))
	switch {
	case err != nil:
		w.unsure(n, r, err)
	case holds == fhirpath.False, holds == fhirpath.Unknown && r.strict:
		w.broken(n, r)
	}
}

func (w *walk) broken(n fhir.Node, r *rule) {
	w.add(n, "", r.severity, fhir.IssueInvariant, r.key, r.human)
}

// unsure says that an invariant could not be evaluated.
func (w *walk) unsure(n fhir.Node, r *rule, err error) {
	if w.work.Err() != nil {
		return // finish says so, once
	}
	w.report(n, fhir.SeverityWarning, fhir.IssueNotSupported, r.key, "can't be checked: "+err.Error())
}

// report adds an issue about a node.
func (w *walk) report(n fhir.Node, severity fhir.Severity, code, rule, text string) {
	w.add(n, "", severity, code, rule, text)
}

// add adds an issue about a node, or about what would stand below it. In a trial
// it only notes that there is an error.
func (w *walk) add(n fhir.Node, below string, severity fhir.Severity, code, rule, text string) {
	switch {
	case w.trial > 0:
		w.failed = w.failed || severity == fhir.SeverityError
	case len(w.issues) >= w.v.options.Issues:
		w.more++
	default:
		w.issues = append(w.issues, Issue{
			Severity: severity, Code: code, Expression: n.Path() + below, Rule: rule, Profile: w.profile, Text: text,
		})
	}
}

// fail is report with severity error.
func (w *walk) fail(n fhir.Node, code, rule, text string) {
	w.report(n, fhir.SeverityError, code, rule, text)
}

// warn is report with severity warning.
func (w *walk) warn(n fhir.Node, code, rule, text string) {
	w.report(n, fhir.SeverityWarning, code, rule, text)
}

// stepsAtOnce is how many elements are visited between two looks at the work.
const stepsAtOnce = 256

// stop counts a step and reports whether the work is used up.
func (w *walk) stop() bool {
	w.steps++
	if w.steps >= stepsAtOnce {
		w.spent = w.spent || w.work.Spend(w.steps) != nil
		w.steps = 0
	}
	return w.spent
}

// finish says what was left out.
func (w *walk) finish() {
	if w.work.Spend(w.steps) != nil {
		w.issues = append(w.issues, Issue{
			Severity: fhir.SeverityError, Code: fhir.IssueTooCostly, Rule: "budget",
			Text: "the resource costs too much to check; not all of it was checked",
		})
	}
	if w.more > 0 {
		w.issues = append(w.issues, Issue{
			Severity: fhir.SeverityInformation, Code: fhir.IssueInformational, Text: more(w.more),
		})
	}
}
