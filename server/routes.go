package server

import (
	"net/http"
	"slices"
	"strings"

	"caseway/conformance/capability"
	"caseway/fhir"
	"caseway/fhir/interaction"
)

// route is a method and a path with what answers it.
type route struct {
	method, path string
	// interaction names what the CapabilityStatement claims and metrics count;
	// "" for what isn't a FHIR interaction.
	interaction interaction.Name
	level       capability.Level // of the claim
	fhir        bool             // answers FHIR: types and formats are checked
	handle      func(*exchange) error
	slot        int // of the interaction in metrics

	public    bool // answered without a token
	anyOrigin bool // web pages of any origin may read it
	mounted   bool // answered by a handler that guards its own forms
	cases     bool // of the case API: its errors are problems (RFC 9457)
}

// routes is the table of everything that is answered but for operations and
// cases. HEAD comes with each
// GET, OPTIONS and refusals of the other methods with each path.
func routes() []route {
	const (
		get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
		change              = http.MethodPatch
		instance, typ, sys  = capability.Instance, capability.Type, capability.System
	)
	return []route{
		at(get, "/fhir/metadata", "capabilities", "", true, metadata).open().toPages(),
		at(get, "/fhir/.well-known/smart-configuration", "", "", false, smartConfiguration).open().toPages(),
		at(get, "/fhir/:type/:id", interaction.Read, instance, true, read),
		at(get, "/fhir/:type/:id/_history/:vid", interaction.VRead, instance, true, vread),
		at(post, "/fhir/:type", interaction.Create, typ, true, create),
		at(put, "/fhir/:type/:id", interaction.Update, instance, true, update),
		at(put, "/fhir/:type", interaction.Update, "", true, conditionalUpdate),
		at(change, "/fhir/:type/:id", interaction.Patch, instance, true, patch),
		at(change, "/fhir/:type", interaction.Patch, "", true, conditionalPatch),
		at(del, "/fhir/:type/:id", interaction.Delete, instance, true, remove),
		at(del, "/fhir/:type", interaction.Delete, "", true, conditionalDelete),
		at(get, "/fhir/:type/:id/_history", interaction.HistoryInstance, instance, true, history),
		at(get, "/fhir/:type/_history", interaction.HistoryType, typ, true, history),
		at(get, "/fhir/_history", interaction.HistorySystem, sys, true, history),
		at(get, "/fhir/:type", interaction.SearchType, typ, true, find),
		at(get, "/fhir/:type/_search", interaction.SearchType, "", true, find),
		at(post, "/fhir/:type/_search", interaction.SearchType, "", true, find),
		at(get, "/fhir", interaction.SearchSystem, sys, true, find),
		at(get, "/fhir/_search", interaction.SearchSystem, "", true, find),
		at(post, "/fhir/_search", interaction.SearchSystem, "", true, find),
		at(get, "/fhir/:type/:id/:what", interaction.SearchType, "", true, find),
		at(post, "/fhir/:type/:id/:what/_search", interaction.SearchType, "", true, find),
		at(post, "/fhir", interaction.Transaction, sys, true, bundle),
		at(get, "/livez", "", "", false, livez).open(),
		at(get, "/readyz", "", "", false, readyz).open(),
		at(get, "/metrics", "", "", false, metrics).open(), // decides by itself
		at(get, "/", "", "", false, page).open(),
	}
}

// at makes a route that needs a token where there is a login.
func at(
	method, path string, what interaction.Name, level capability.Level, fhir bool, handle func(*exchange) error,
) route {
	return route{method: method, path: path, interaction: what, level: level, fhir: fhir, handle: handle}
}

// open is for what is answered without a token.
func (r route) open() route {
	r.public = true
	return r
}

// toPages is for what web pages of any origin may read where there is a login.
func (r route) toPages() route {
	r.anyOrigin = true
	return r
}

// routesByPath completes the table: each path with an entry for each method.
func routesByPath(table []route) map[string]map[string]*route {
	paths := make(map[string]map[string]*route)
	for i := range table {
		r := &table[i]
		if paths[r.path] == nil {
			paths[r.path] = make(map[string]*route)
		}
		paths[r.path][r.method] = r
		if r.method == http.MethodGet {
			paths[r.path][http.MethodHead] = r
		}
	}
	for path, byMethod := range paths {
		complete(path, byMethod)
	}
	return paths
}

func complete(path string, byMethod map[string]*route) {
	isFHIR, isCases := strings.HasPrefix(path, "/fhir"), strings.HasPrefix(path, "/cases")
	allow := []string{http.MethodOptions}
	anyOrigin := false
	for m, r := range byMethod {
		allow = append(allow, m)
		anyOrigin = anyOrigin || r.anyOrigin
	}
	slices.Sort(allow)
	byMethod[http.MethodOptions] = &route{
		method: http.MethodOptions, path: path, handle: options(strings.Join(allow, ", ")),
		public: true, anyOrigin: anyOrigin,
	}
	for _, m := range methods {
		if byMethod[m] == nil {
			byMethod[m] = &route{method: m, path: path, fhir: isFHIR, cases: isCases, handle: refuse(m, path, allow)}
		}
	}
}

// refusals say what a client may have meant and what works instead.
var refusals = map[string]string{
	"POST /fhir/:type/:id":       "create takes no id: POST to [base]/[type], or PUT to [base]/[type]/[id]",
	"PUT /fhir":                  "update needs a type and an id: PUT [base]/[type]/[id]",
	"POST /fhir/:type/:id/:what": "a search by POST goes to [base]/[type]/[id]/[type]/_search",
}

// refuse answers a method that a path doesn't have.
func refuse(method, path string, allow []string) func(*exchange) error {
	text := refusals[method+" "+path]
	if text == "" {
		text = "this method isn't allowed here; allowed: " + strings.Join(allow, ", ")
	}
	return func(*exchange) error {
		err := fhir.NewError(fhir.NotAllowed, fhir.IssueNotSupported, text)
		err.Allow = allow
		return err
	}
}

// options answers OPTIONS, CORS preflights among them; the door has set their
// headers where the origin is a known one. What a list of a case allows depends
// on the list.
func options(allow string) func(*exchange) error {
	return func(x *exchange) error {
		if list := x.c.Param("list"); list != "" {
			allow := methodsOf(list, x.c.Param("part") != "")
			x.c.Writer.Header().Set("Allow", strings.Join(allow, ", "))
		} else {
			x.c.Writer.Header().Set("Allow", allow)
		}
		x.c.Writer.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func nothingHere(*exchange) error {
	return fhir.NewError(fhir.NotFound, fhir.IssueNotFound,
		"nothing is here: FHIR is at /fhir, beside it are /livez, /readyz and /metrics")
}
