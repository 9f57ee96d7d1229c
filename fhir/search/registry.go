package search

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"

	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// Extraction counts what changes in how terms are made, so that a store can
// tell which of its resources an older program indexed, and a cursor by which
// values it sorts.
const Extraction = 3

// stepsPerExpression bounds what one expression may cost on one resource. The
// largest of R4's need some thousands.
const stepsPerExpression = 200_000

// CustomParameter is a search parameter beside R4's, such as a stored
// SearchParameter resource.
type CustomParameter struct {
	Definition *definition.SearchParameter
	Pending    bool // see Parameter.Pending
	// Progress says how far indexing is, while Pending; nil where nobody knows.
	Progress func() string
}

// Problem says why a custom parameter isn't used for a type, or for any.
type Problem struct {
	Definition *definition.SearchParameter // the one that was given
	URL        string                      // of the parameter
	Resource   string                      // "": for all types
	Text       string                      // names elements and rules
	// Element is that of the definition which is the reason.
	Element string
	// Inert: nothing is wrong with it, but another parameter has the code.
	Inert bool
}

// Registry knows the search parameters of all resource types and makes index
// terms by them. It is immutable and safe for concurrent use; expressions are
// compiled when a type is first needed.
type Registry struct {
	set     *definition.Set
	context fhirpath.Context
	bases   []string // of this server, each with a slash at its end
	prefer  bool
	failed  func(p *Parameter, err error)
	added   map[string][]added // by resource type
	custom  []CustomParameter
	byURL   map[string]*definition.SearchParameter // Caseway's and custom ones
	types   map[string]*typeParameters

	customExpressions map[customExpressionsKey]customExpressions // of custom parameters
	memberships       sync.Map                                   // of type name: []membership
}

// added is a parameter of a type beside R4's.
type added struct {
	definition *definition.SearchParameter
	pending    bool
	progress   func() string
}

// Option sets up a Registry.
type Option func(*Registry)

// WithBase names the server's own base URL: absolute references below it are
// the same as relative ones. It may be given several times.
func WithBase(url string) Option {
	return func(r *Registry) { r.bases = append(r.bases, strings.TrimSuffix(url, "/")+"/") }
}

// PreferCustom lets a custom parameter take the place of a built-in one with
// the same type and code.
func PreferCustom() Option { return func(r *Registry) { r.prefer = true } }

// OnFailure is called when an expression fails on a resource, which is then
// indexed as if the expression gave nothing.
func OnFailure(f func(p *Parameter, err error)) Option {
	return func(r *Registry) { r.failed = f }
}

// NewRegistry makes a Registry of a release's parameters, Caseway's own and
// custom ones. Problems say what of the custom ones isn't used, and why.
func NewRegistry(set *definition.Set, custom []CustomParameter, options ...Option) (*Registry, []Problem) {
	r := &Registry{
		set:     set,
		context: fhirpath.Context{Schema: set, Steps: stepsPerExpression},
		failed:  func(*Parameter, error) {},
		added:   map[string][]added{},
		custom:  custom,
		byURL:   map[string]*definition.SearchParameter{},
		types:   map[string]*typeParameters{},

		customExpressions: map[customExpressionsKey]customExpressions{},
	}
	for _, o := range options {
		o(r)
	}
	for _, d := range ownParameters() {
		r.byURL[d.URL] = d
		for _, typ := range d.Base {
			r.added[typ] = append(r.added[typ], added{definition: d})
		}
	}
	problems := r.addCustom()
	for _, typ := range set.ResourceTypes() {
		r.types[typ] = &typeParameters{registry: r, resource: typ}
	}
	return r, problems
}

// Fingerprint tells registries apart that make different terms, or put
// resources into other compartments.
func (r *Registry) Fingerprint() string {
	definitions := make([]string, 0, len(r.byURL))
	for _, typ := range slices.Sorted(maps.Keys(r.added)) {
		for _, a := range r.added[typ] {
			text, _ := json.Marshal(a.definition) // strings and lists of them
			definitions = append(definitions, typ+string(text))
		}
	}
	slices.Sort(definitions)
	for _, code := range r.set.Compartments() {
		c := r.set.Compartment(code)
		for _, typ := range c.Types() {
			definitions = append(definitions, code+" has "+typ+" by "+strings.Join(c.Params(typ), " "))
		}
	}
	text, _ := json.Marshal([]any{Extraction, r.bases, r.prefer, definitions})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Parameter finds a parameter of a type by its code; nil where there is none.
// One that is refused or pending is found too.
func (r *Registry) Parameter(typ, code string) *Parameter {
	if t := r.types[typ]; t != nil {
		t.read()
		return t.byCode[code]
	}
	return nil
}

// Parameters lists the parameters of a type that work, by code.
func (r *Registry) Parameters(typ string) []*Parameter {
	t := r.types[typ]
	if t == nil {
		return nil
	}
	t.read()
	return t.working
}

// definitionOf finds a definition by its canonical URL; nil where there is none.
func (r *Registry) definitionOf(url string) *definition.SearchParameter {
	url, _, _ = strings.Cut(url, "|")
	if d := r.byURL[url]; d != nil {
		return d
	}
	return r.set.SearchParameter(url)
}

// typeParameters are the parameters of one resource type, made when they are
// first asked for.
type typeParameters struct {
	registry *Registry
	resource string

	once    sync.Once
	byCode  map[string]*Parameter
	working []*Parameter

	compiled sync.Once
	steps    []step // of extraction
	first    map[string]int
}

func (t *typeParameters) read() {
	t.once.Do(func() {
		t.byCode = map[string]*Parameter{}
		for _, d := range t.registry.set.SearchParameters(t.resource) {
			t.byCode[d.Code] = t.registry.newParameter(t.resource, d)
		}
		for _, a := range t.registry.added[t.resource] {
			p := t.registry.newParameter(t.resource, a.definition)
			p.Pending, p.progress = a.pending, a.progress
			t.byCode[p.Code] = p
		}
		for _, p := range t.byCode {
			if p.Refused == "" {
				t.working = append(t.working, p)
			}
		}
		slices.SortFunc(t.working, func(a, b *Parameter) int { return cmp.Compare(a.Code, b.Code) })
	})
}

func (r *Registry) newParameter(typ string, d *definition.SearchParameter) *Parameter {
	return &Parameter{
		Code: d.Code, Type: d.Type, URL: d.URL, Definition: d, Resource: typ,
		Refused:  refused()[d.URL],
		registry: r,
		prefix:   typ + "." + d.Code,
		phonetic: phonetic[d.URL],
	}
}
