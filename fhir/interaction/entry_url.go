package interaction

import (
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// shapes are the URLs that a verb can have in an entry.
var shapes = map[string]string{
	"GET": "[type]/[id], [type]/[id]/_history/[vid], a search: [type]?…, ?…, [compartment]/[id]/[type]?…, " +
		"a history, an operation such as Patient/[id]/$everything, or metadata",
	"HEAD":   "[type]/[id] or [type]/[id]/_history/[vid]",
	"POST":   "[type], or that of an operation, in a transaction of one that changes nothing",
	"PUT":    "[type]/[id], or [type]?[criteria] for a conditional update",
	"PATCH":  "[type]/[id], or [type]?[criteria] for a conditional patch",
	"DELETE": "[type]/[id], or [type]?[criteria] for a conditional delete",
}

func (p *entryParser) url(en *entry, url string, wrong *problems) {
	shape, known := shapes[en.verb]
	at := en.at(".request.url")
	if !known {
		wrong.invalid(fhir.IssueNotSupported, en.at(".request.method"),
			"the verb isn't supported in bundles; GET, HEAD, POST, PUT, PATCH and DELETE are")
		return
	}
	url = belowBase(url, []string{p.base, p.session.base})
	path, query, asks := strings.Cut(strings.TrimPrefix(url, "/"), "?")
	parts := strings.Split(path, "/")
	called := en.takeCall(path, parts)
	if p.whole && called && en.verb == "POST" && (p.elsewhere == nil || !p.elsewhere.Reads(*en.call)) {
		wrong.invalid(fhir.IssueNotSupported, at, "the operation can't be part of a transaction, for it may change what is stored; call it in a batch, or by itself")
		return
	}
	if !called && (!en.take(parts, asks) || strings.Contains(path, "$")) {
		wrong.invalid(fhir.IssueNotSupported, at, "a "+en.verb+" has the URL "+shape)
		return
	}
	if err := p.checkTypes(en); err != nil && !called {
		wrong.invalid(fhir.IssueNotSupported, at, asError(err).Issues[0].Text)
		return
	}
	if en.key.ID != "" && !fhir.IsID(en.key.ID) {
		wrong.invalid(fhir.IssueValue, at, "the URL's id isn't a logical id: 1 to 64 of A-Z, a-z, 0-9, - and .")
	}
	en.own = en.key.ID != "" && en.fullURL == p.base+"/"+en.key.String()
	if err := p.query(en, query); err != nil {
		wrong.add(err.Within(at))
	}
}

// take reads a URL's segments; false for one of another shape.
func (en *entry) take(parts []string, asks bool) bool {
	n := len(parts)
	switch {
	case en.verb == "GET" && en.takeSearch(parts):
		return true
	case n == 1:
		en.key.Type = parts[0]
		return en.verb == "POST" && !asks || asks && en.keyed()
	case n == 2:
		en.key = fhir.Key{Type: parts[0], ID: parts[1]}
		return en.verb != "POST" && (!asks || en.verb == "GET" || en.verb == "HEAD") && parts[1] != "" && parts[1][0] != '_'
	case n == 4 && parts[2] == "_history" && (en.verb == "GET" || en.verb == "HEAD"):
		en.key = fhir.Key{Type: parts[0], ID: parts[1]}
		en.versionID = parts[3]
		return true
	}
	return false
}

// takeSearch reads the segments of a search; false for any other GET.
func (en *entry) takeSearch(parts []string) bool {
	switch {
	case len(parts) == 1 && !strings.HasPrefix(parts[0], "_"):
		en.search = &SearchRequest{Type: parts[0]}
	case len(parts) == 3 && !strings.HasPrefix(parts[2], "_"):
		en.search = &SearchRequest{Compartment: fhir.Key{Type: parts[0], ID: parts[1]}, Type: parts[2]}
		if parts[2] == "*" {
			en.search.Type = ""
		}
	}
	return en.search != nil
}

// checkTypes refuses types without an endpoint.
func (p *entryParser) checkTypes(en *entry) error {
	if en.search == nil {
		return p.session.checkType(en.key.Type)
	}
	return p.session.checkSearched(*en.search)
}

// query reads what stands behind the question mark.
func (p *entryParser) query(en *entry, query string) *fhir.Error {
	if en.keyed() {
		if en.key.ID != "" {
			return nil
		}
		return p.criteria(en, query)
	}
	pairs, err := search.Split(query)
	switch {
	case err != nil:
		return asError(err)
	case en.call != nil:
		en.call.Base, en.call.Parameters, en.call.Lenient, en.call.Whole = p.base, pairs, p.lenient, p.whole
	case en.search != nil:
		en.search.Base, en.search.Parameters, en.search.Lenient = p.base, pairs, p.lenient
	case en.verb == "GET" || en.verb == "HEAD":
		en.subset, err = p.session.ParseSubset(pairs, en.key.Type)
	}
	if err != nil {
		return asError(err)
	}
	return nil
}

// criteria reads the condition of a conditional create, update, patch or delete.
func (p *entryParser) criteria(en *entry, text string) *fhir.Error {
	query, err := text, error(nil)
	if en.verb == "POST" {
		query, err = queryOf(en.key.Type, text)
	}
	if err != nil {
		return asError(err)
	}
	pairs, err := search.Split(query)
	if err != nil {
		return asError(err)
	}
	en.condition = text
	if p.namesEntries(en.key.Type, pairs) {
		if !p.whole {
			return fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
				"the criteria name an entry of the same batch, where entries can't depend on one another; a transaction can do that")
		}
		en.pending, en.criteria = pairs, &criteria{typ: en.key.Type, key: en.key.Type + "?" + query}
		return nil
	}
	if en.criteria, err = p.session.criteriaOf(p.ctx, en.key.Type, pairs); err != nil {
		return asError(err)
	}
	return nil
}

// conditional reports whether a search decides what the entry writes over or
// deletes.
func (en *entry) conditional() bool {
	return en.criteria != nil && en.keyed()
}

// keyed reports whether the entry writes over, changes or deletes the resource
// that its URL names, by id or by criteria.
func (en *entry) keyed() bool { return slices.Contains([]string{"PUT", "PATCH", "DELETE"}, en.verb) }
