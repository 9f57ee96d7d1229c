package interaction

import (
	"bytes"
	"strings"

	"caseway/fhir"
)

// targets are the resources of a transaction that links can lead to, by the
// entry's fullUrl.
type targets struct {
	byURL map[string]*entry
	types resourceTypes
	bases []string // our own, without a closing slash
}

// link is a place in a resource that has to change with the transaction.
type link struct {
	node fhir.Node
	// to is the entry to which the link leads. For a conditional reference it
	// is nil and condition says what to look for; for a narrative both are nil
	// and the text is gone through again.
	to        *entry
	condition *condition
	versioned bool   // the link names a version
	suffix    string // a fragment, with its #
}

// find gives the links of an entry's resource, and what is wrong with them.
// Which elements have links: https://hl7.org/fhir/R4/http.html#trules.
// Resources of a Bundle inside are left alone: they refer to one another.
func (t *targets) find(en *entry, conditions *conditions) (links []link, problems []*fhir.Error) {
	f := linkFinder{targets: t, entry: en, conditions: conditions}
	f.walk(en.tree.Root())
	return f.links, f.problems
}

type linkFinder struct {
	*targets
	entry      *entry
	conditions *conditions
	links      []link
	problems   []*fhir.Error
}

func (f *linkFinder) walk(n fhir.Node) {
	inBundle := n.Type().Name == "Bundle"
	for c := range n.Children() {
		if inBundle && c.Name() == "entry" {
			continue
		}
		if c.Type().Kind == fhir.PrimitiveType && c.HasValue() {
			f.look(c)
		}
		f.walk(c)
	}
}

func (f *linkFinder) look(n fhir.Node) {
	switch n.Type().Name {
	case "string":
		if isReference(n) {
			f.reference(n)
		}
	case "uri", "url", "oid", "uuid":
		if n.Element().Attribute {
			return // Extension.url says what an extension is, not where
		}
		if l, ok := f.lookup(f.entry, n.Text()); ok {
			l.node = n
			f.links = append(f.links, l)
		}
	case "xhtml":
		if _, changed := f.narrative(f.entry, n.Text()); changed {
			f.links = append(f.links, link{node: n})
		}
	}
}

// isReference tells Reference.reference from other strings.
func isReference(n fhir.Node) bool {
	if n.Name() != "reference" {
		return false
	}
	typ := n.Parent().Type()
	return typ != nil && typ.Name == "Reference"
}

// reference looks at a Reference.reference, which must lead somewhere if only
// this transaction can say where.
func (f *linkFinder) reference(n fhir.Node) {
	text := n.Text()
	if l, ok := f.lookup(f.entry, text); ok {
		l.node = n
		f.links = append(f.links, l)
		return
	}
	at := relocate(n.Path(), f.entry.at(".resource"))
	if strings.HasPrefix(text, "urn:uuid:") || strings.HasPrefix(text, "urn:oid:") {
		f.problems = append(f.problems, fhir.NewError(fhir.Invalid, fhir.IssueValue,
			"the reference is to a fullUrl that no POST or PUT entry of the transaction has").At(at))
		return
	}
	typ, query, conditional := cutCondition(text, f.bases)
	if !conditional {
		return
	}
	if !f.types.known[typ] {
		f.problems = append(f.problems, fhir.NewError(fhir.Invalid, fhir.IssueValue,
			"a conditional reference begins with a resource type and a question mark, but there is no such type").At(at))
		return
	}
	c, problem := f.conditions.of(typ, query)
	if problem != nil {
		f.problems = append(f.problems, problem.At(at))
		return
	}
	c.refer(at)
	f.links = append(f.links, link{node: n, condition: c})
}

// cutCondition parts "Patient?identifier=1", which may stand below a base URL of
// ours; ok is false for a reference that isn't conditional.
func cutCondition(reference string, bases []string) (typ, query string, ok bool) {
	typ, query, ok = strings.Cut(belowBase(reference, bases), "?")
	return typ, query, ok && typ != "" && !strings.ContainsAny(typ, ":/#")
}

// belowBase gives what stands below a base URL of ours, or else the whole.
func belowBase(url string, bases []string) string {
	for _, base := range bases {
		if path, ok := strings.CutPrefix(url, base+"/"); ok && base != "" {
			return path
		}
	}
	return url
}

// noConditionalReferences refuses them where they have no meaning: outside
// transactions. Stored as they are, they would lead nowhere.
func (e *core) noConditionalReferences(body *fhir.Tree, at string) error {
	if bytes.IndexByte(body.JSON, '?') < 0 { // as nearly all are
		return nil
	}
	if n := conditionalReference(e.types, []string{e.base}, body.Root()); n.Valid() {
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			"a conditional reference has a meaning only in a transaction").At(relocate(n.Path(), at))
	}
	return nil
}

func conditionalReference(types resourceTypes, bases []string, n fhir.Node) fhir.Node {
	inBundle := n.Type().Name == "Bundle"
	for c := range n.Children() {
		if inBundle && c.Name() == "entry" {
			continue
		}
		if isReference(c) {
			if typ, _, ok := cutCondition(c.Text(), bases); ok && types.known[typ] {
				return c
			}
		}
		if found := conditionalReference(types, bases, c); found.Valid() {
			return found
		}
	}
	return fhir.Node{}
}

// lookup finds the entry to which a link in an entry's resource leads, by the
// rules of https://hl7.org/fhir/R4/bundle.html#references.
func (t *targets) lookup(en *entry, url string) (l link, ok bool) {
	if url == "" || url[0] == '#' {
		return link{}, false
	}
	if to := t.byURL[url]; to != nil {
		return link{to: to}, true
	}
	if i := strings.IndexByte(url, '#'); i >= 0 {
		url, l.suffix = url[:i], url[i:]
	}
	if i := strings.LastIndex(url, "/_history/"); i >= 0 {
		url, l.versioned = url[:i], true
	}
	if key, relative := fhir.ParseKey(url); relative && t.types.known[key.Type] {
		url = en.root + "/" + url
	}
	l.to = t.byURL[url]
	if l.to == nil || l.versioned && l.to.own { // a version that is here already stays what it is
		return link{}, false
	}
	return l, true
}

// text is what a link to an entry becomes, now that the resource has a key.
func (l link) text() string {
	key := l.to.target()
	if !l.versioned {
		return key.String() + l.suffix
	}
	return key.String() + "/_history/" + formatVersionID(l.to.targetVersion()) + l.suffix
}

// rewrite gives the entry's resource with its links changed. Conditional
// references that aren't resolved yet stay as they are.
func (t *targets) rewrite(en *entry) *fhir.Tree {
	edits := make([]fhir.Edit, 0, len(en.links))
	for _, l := range en.links {
		var text string
		switch {
		case l.condition != nil && l.condition.target == (fhir.Key{}):
			continue // not known yet
		case l.condition != nil:
			text = l.condition.target.String()
		case l.to != nil:
			text = l.text()
		default:
			text, _ = t.narrative(en, l.node.Text())
		}
		edits = append(edits, fhir.Edit{Node: l.node, Text: text})
	}
	return en.tree.Replace(edits)
}
