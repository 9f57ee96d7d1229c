package interaction

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// entry is a Bundle entry and what becomes of it.
type entry struct {
	index   int
	verb    string // GET, HEAD, POST, PUT, PATCH or DELETE
	fullURL string
	root    string     // what relative references are relative to, without a closing slash
	tree    *fhir.Tree // as it was sent
	change  *change    // of a PATCH: what tree holds
	// key is what the URL names. A transaction gives a POST its new id here.
	key       fhir.Key
	versionID string // of a GET of one version

	search *SearchRequest // of a GET that is a search
	call   *Call          // of an entry that asks for a history, or calls an operation
	subset fhir.Subset    // of a GET of one resource

	ifMatch         int64
	ifNoneMatch     string
	ifModifiedSince time.Time
	condition       string    // ifNoneExist, or the query of a PUT, PATCH or DELETE
	criteria        *criteria // of condition
	// pending are the criteria of a transaction's entry that name other entries
	// by fullUrl, and needs are these. criteria are known when they have keys.
	pending []search.Pair
	needs   []*entry
	asked   *criteria       // as they are for the caller
	found   []store.Version // what they match before the transaction

	own     bool // fullURL is the URL that the resource has on this server
	links   []link
	before  store.Version // what was there before a PUT, PATCH, DELETE or GET
	patched *fhir.Tree    // what a PATCH makes of before, links as they were sent
	issues  []fhir.Issue  // of patched
	matched store.Version // what a conditional create found
	terms   []search.Term // and kept values of the resource as it was sent
	result  Result

	prepared *searching // the search of a transaction
	answered []byte     // what a search found, or a call gave
	failed   error      // why it didn't, in a transaction that has happened
}

// at is the expression of a part of the entry.
func (en *entry) at(part string) string {
	return "Bundle.entry[" + strconv.Itoa(en.index) + "]" + part
}

// writes reports whether the entry changes something: a conditional create
// that found a resource doesn't.
func (en *entry) writes() bool {
	switch en.verb {
	case "POST":
		return en.call == nil && !en.matched.Exists()
	case "PUT", "PATCH":
		return true
	case "DELETE":
		return en.before.Exists() && !en.before.Deleted()
	}
	return false
}

// sent is the resource that the entry writes, with links as they were sent.
func (en *entry) sent() *fhir.Tree {
	if en.change != nil {
		return en.patched
	}
	return en.tree
}

// target is the resource to which links to this entry lead.
func (en *entry) target() fhir.Key {
	if en.matched.Exists() {
		return en.matched.Key
	}
	return en.key
}

// targetVersion is the version id that the target has after the transaction.
func (en *entry) targetVersion() int64 {
	if en.matched.Exists() {
		return en.matched.VersionID
	}
	return en.before.VersionID + 1
}

func formatVersionID(n int64) string { return strconv.FormatInt(n, 10) }

// entryParser reads entries and gathers what is wrong with each.
type entryParser struct {
	ctx     context.Context // of the request
	session *Session
	bundle  *fhir.Tree
	first   int // index of the first entry of bundle in the Bundle that was sent
	base    string
	whole   bool            // the Bundle is a transaction
	lenient bool            // see SearchRequest
	urls    map[string]bool // the fullUrls of all entries, once they are needed

	elsewhere Elsewhere // see BundleRequest
}

// parse reads one member of Bundle.entry. With problems the entry is only as
// far read as they let.
func (p *entryParser) parse(n fhir.Node) (*entry, problems) {
	var wrong problems
	en := &entry{index: p.first + n.Index(), fullURL: n.Child("fullUrl").Text()}
	en.root = rootOf(en.fullURL, p.base)
	request := n.Child("request")
	if !request.Valid() {
		wrong.invalid(fhir.IssueRequired, en.at(".request"), "an entry of a batch or transaction needs a request")
		return en, wrong
	}
	en.verb = request.Child("method").Text()
	p.url(en, request.Child("url").Text(), &wrong)
	if wrong.any() { // what else there is has no meaning yet
		return en, wrong
	}
	p.conditions(en, request, &wrong)
	p.resource(en, n.Child("resource"), &wrong)
	return en, wrong
}

// rootOf is the base of a fullUrl that ends in type and id, or else ours
// (https://hl7.org/fhir/R4/bundle.html#references).
func rootOf(fullURL, base string) string {
	if !strings.HasPrefix(fullURL, "http://") && !strings.HasPrefix(fullURL, "https://") {
		return base
	}
	end := len(fullURL)
	for range 2 {
		end = max(strings.LastIndexByte(fullURL[:end], '/'), 0)
	}
	if _, ok := fhir.ParseKey(fullURL[min(end+1, len(fullURL)):]); !ok {
		return base
	}
	return fullURL[:end]
}

// conditions reads the request's ifMatch and the like, each for the verbs that
// it has a meaning with.
func (p *entryParser) conditions(en *entry, request fhir.Node, wrong *problems) {
	for _, c := range []struct {
		name  string
		verbs []string
		take  func(text string) *fhir.Error
	}{
		{"ifNoneMatch", []string{"GET", "HEAD"}, en.takeIfNoneMatch},
		{"ifModifiedSince", []string{"GET", "HEAD"}, en.takeIfModifiedSince},
		{"ifMatch", []string{"PUT", "PATCH", "DELETE"}, en.takeIfMatch},
		{"ifNoneExist", []string{"POST"}, func(text string) *fhir.Error { return p.criteria(en, text) }},
	} {
		text := request.Child(c.name).Text()
		at := en.at(".request." + c.name)
		switch {
		case text == "":
		case en.call != nil:
			wrong.invalid(fhir.IssueInvalid, at, c.name+" has no meaning with a history or an operation")
		case !slices.Contains(c.verbs, en.verb):
			wrong.invalid(fhir.IssueInvalid, at, c.name+" has a meaning only with "+strings.Join(c.verbs, ", "))
		default:
			if err := c.take(text); err != nil {
				wrong.add(err.Within(at))
			}
		}
	}
}

func (en *entry) takeIfMatch(text string) *fhir.Error {
	n, ok := parseETag(text)
	if !ok {
		return fhir.NewError(fhir.Invalid, fhir.IssueValue, `ifMatch must be an ETag such as W/"3"`)
	}
	en.ifMatch = n
	return nil
}

// parseETag reads W/"3" or "3". Another server's tag names no version of ours,
// so it is a number that none has.
func parseETag(s string) (versionID int64, ok bool) {
	s = strings.TrimPrefix(s, "W/")
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' || strings.Contains(s[1:len(s)-1], `"`) {
		return 0, false
	}
	n, known := ParseVersionID(s[1 : len(s)-1])
	if !known {
		return -1, true
	}
	return n, true
}

func (en *entry) takeIfNoneMatch(text string) *fhir.Error {
	for tag := range strings.SplitSeq(text, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" {
			continue
		}
		if _, ok := parseETag(tag); !ok {
			return fhir.NewError(fhir.Invalid, fhir.IssueValue, `ifNoneMatch must be ETags such as W/"3"`)
		}
	}
	en.ifNoneMatch = text
	return nil
}

func (en *entry) takeIfModifiedSince(text string) *fhir.Error {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fhir.NewError(fhir.Invalid, fhir.IssueValue, "ifModifiedSince must be an instant")
	}
	en.ifModifiedSince = t
	return nil
}

// notModified reports whether a conditional read has nothing new to give.
func (en *entry) notModified(v store.Version) bool {
	if en.ifNoneMatch != "" {
		for tag := range strings.SplitSeq(en.ifNoneMatch, ",") {
			tag = strings.TrimSpace(tag)
			if n, _ := parseETag(tag); tag == "*" || n == v.VersionID {
				return true
			}
		}
		return false
	}
	return !en.ifModifiedSince.IsZero() && !v.LastUpdated.After(en.ifModifiedSince)
}

func (p *entryParser) resource(en *entry, n fhir.Node, wrong *problems) {
	at := en.at(".resource")
	if !slices.Contains([]string{"POST", "PUT", "PATCH"}, en.verb) {
		if n.Valid() {
			wrong.invalid(fhir.IssueInvalid, at, "an entry with this verb has no resource")
		}
		return
	}
	if !n.Valid() && en.call != nil {
		return // an operation may need no parameters
	}
	if !n.Valid() {
		wrong.invalid(fhir.IssueRequired, at, "an entry with this verb needs a resource")
		return
	}
	en.tree = p.bundle.Sub(n)
	if en.call != nil {
		en.call.Body = n.Raw()
		return
	}
	if en.verb == "PATCH" {
		var err *fhir.Error
		if en.change, err = p.session.changeIn(en.tree, at); err != nil {
			wrong.add(err)
		}
		return
	}
	if typ := en.tree.Type(); typ == nil || typ.Name != en.key.Type {
		wrong.add(fhir.NewError(fhir.Structure, fhir.IssueStructure, "the resource must have the type that request.url names").At(at))
		return
	}
	if en.verb == "PUT" && en.criteria == nil {
		if err := checkID(en.tree, en.key, at); err != nil {
			wrong.add(err)
		}
	}
}
