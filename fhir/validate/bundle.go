package validate

import (
	"strings"

	"caseway/fhir"
)

// entries are the resources of a Bundle by full URL.
type entries struct {
	byURL map[string]fhir.Node
	twice map[string]bool // full URLs of several entries, which are versions
}

// find follows a reference from an entry whose full URL begins with base.
func (e *entries) find(text, base string) fhir.Node {
	text, _, _ = strings.Cut(text, "/_history/")
	if found, ok := e.byURL[text]; ok {
		return found
	}
	if base == "" {
		return fhir.Node{}
	}
	return e.byURL[base+text]
}

// ambiguous reports whether a reference without a version leads to several
// versions.
func (e *entries) ambiguous(text, base string) bool {
	return e.twice != nil && (e.twice[text] || base != "" && e.twice[base+text])
}

// entriesOf reads a Bundle's full URLs.
func entriesOf(bundle fhir.Node) *entries {
	e := &entries{byURL: map[string]fhir.Node{}}
	for entry := bundle.First(); entry.Valid(); entry = entry.Next() {
		if entry.Name() != "entry" {
			continue
		}
		url := child(entry, "fullUrl").Text()
		if url == "" {
			continue
		}
		if e.byURL[url].Valid() {
			if e.twice == nil {
				e.twice = map[string]bool{}
			}
			e.twice[url] = true
		}
		e.byURL[url] = child(entry, "resource")
	}
	return e
}

// baseOfURL is what stands before Type/id in an entry's full URL.
func baseOfURL(url string) string {
	rest := url
	for range 2 {
		i := strings.LastIndexByte(strings.TrimSuffix(rest, "/"), '/')
		if i < 0 {
			return ""
		}
		rest = rest[:i+1]
	}
	if !strings.Contains(url, "://") {
		return ""
	}
	return rest
}

// checkEntry holds a Bundle's entry to https://hl7.org/fhir/R4/bundle.html.
func checkEntry(w *walk, n fhir.Node, _ *elementPlan) {
	url, resource := child(n, "fullUrl"), child(n, "resource")
	kind := child(n.Parent(), "type").Text()
	if kind == "searchset" {
		checkMatch(w, n, resource)
	}
	if !url.HasValue() {
		if needsURL(kind) && resource.Valid() && child(child(n, "search"), "mode").Text() != "outcome" {
			w.fail(n, fhir.IssueRequired, "bundle-fullurl", "needs a fullUrl, as each entry of a "+kind+" does")
		}
		return
	}
	text := url.Text()
	if !isAbsolute(text) {
		w.fail(url, fhir.IssueInvalid, "bundle-fullurl", "must be an absolute URL, or begin with urn:uuid: or urn:oid:")
		return
	}
	id := child(resource, "id").Text()
	if id != "" && strings.HasPrefix(text, "http") && !strings.HasSuffix(text, "/"+id) {
		w.warn(url, fhir.IssueInvalid, "bundle-fullurl", "doesn't end in the id of the entry's resource")
	}
}

// checkMatch holds an entry of a search's result to
// https://hl7.org/fhir/R4/bundle.html#searchset.
func checkMatch(w *walk, n, resource fhir.Node) {
	if !resource.Valid() {
		return
	}
	outcome := child(child(n, "search"), "mode").Text() == "outcome"
	switch name := resource.Type().Name; {
	case outcome && name != "OperationOutcome":
		w.fail(resource, fhir.IssueInvalid, "bundle-outcome", "must be an OperationOutcome, as the entry says that it is the search's outcome")
	case !outcome && name != "OperationOutcome" && name != "Parameters" && !has(resource, "id"):
		w.fail(resource, fhir.IssueRequired, "bundle-id", "needs an id: a search finds what is stored")
	}
}

// checkBundle wants each relation of a result's links once.
func checkBundle(w *walk, n fhir.Node, _ *elementPlan) {
	if child(n, "type").Text() != "searchset" {
		return
	}
	seen := map[string]bool{}
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() != "link" {
			continue
		}
		relation := child(c, "relation").Text()
		if seen[relation] {
			w.fail(c, fhir.IssueDuplicate, "bundle-link", "has the relation of another link; a page has one of each")
		}
		seen[relation] = true
	}
}

// needsURL reports whether resources in a kind of Bundle must say where they
// are: all but what is sent to be done, and what was done.
func needsURL(kind string) bool {
	switch kind {
	case "document", "message", "collection", "searchset", "history":
		return true
	}
	return false
}

// isAbsolute reports whether a URI has a scheme.
func isAbsolute[T string | []byte](text T) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i] | 0x20; {
		case text[i] == ':':
			return i > 0
		case c >= 'a' && c <= 'z':
		case i > 0 && (text[i] >= '0' && text[i] <= '9' || text[i] == '+' || text[i] == '-' || text[i] == '.'):
		default:
			return false
		}
	}
	return false
}
