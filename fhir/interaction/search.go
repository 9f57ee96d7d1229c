package interaction

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// SearchRequest asks for a page of a search
// (https://hl7.org/fhir/R4/search.html).
type SearchRequest struct {
	// Type is the type that is searched; "" for the whole system, or for all
	// that is in the compartment.
	Type string
	// Compartment is what all results belong to, such as Patient/1; the zero
	// Key for a search that isn't of a compartment.
	Compartment fhir.Key
	Base        string // our own base URL without a closing slash, for fullUrl and links
	// Parameters are those of the URL and of a form, decoded, in their order.
	Parameters []search.Pair
	// Lenient leaves out what isn't known, and says so in the answer.
	Lenient bool
	// Answer is what the page's JSON is drawn from: a page is as short as it
	// must be. nil: it has no bound.
	Answer *budget.Answer
}

// Search gives a page of a search as a Bundle in JSON. What is wrong with the
// parameters fails with kind Invalid, a search that costs too much with
// TooCostly.
//
// The page's links carry cursors, which work for the same search only, in each
// process of the store and after a restart. What the caller may see is found
// out anew for each page.
func (s *Session) Search(ctx context.Context, r SearchRequest) ([]byte, error) {
	return whole(s.SearchText(ctx, r))
}

// SearchText is Search that doesn't put the page together.
func (s *Session) SearchText(ctx context.Context, r SearchRequest) (fhir.Text, error) {
	run, err := s.prepare(ctx, r)
	if err != nil {
		return fhir.Text{}, err
	}
	return run.run(ctx)
}

// Page is a page of a search, as code inside the process has it.
type Page struct {
	Matches  []search.Hit
	Included []search.Hit
	// Next is the value of CursorParameter with which the same search gives the
	// next page; "" where this is the last one.
	Next   string
	Total  *int64       // of all pages; nil where it isn't told
	Issues []fhir.Issue // what the answer would say of itself
}

// Find is Search that gives the resources and not a Bundle of them. They are
// whole: _summary and _elements have no effect. Nobody may change their JSON.
func (s *Session) Find(ctx context.Context, r SearchRequest) (Page, error) {
	run, err := s.prepare(ctx, r)
	if err != nil {
		return Page{}, err
	}
	found, shown, err := run.results(ctx)
	if err != nil {
		return Page{}, err
	}
	page := Page{Matches: shown.matches, Included: shown.included.Hits, Total: shown.total, Issues: run.issues(shown)}
	if run.query.Count > 0 && found.More && !run.plan.Backwards && found.Last != nil {
		page.Next, err = run.seal(ctx, found.Last, false)
	}
	return page, err
}

// whole is a text put together.
func whole(t fhir.Text, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}

// searching is a search, or an operation that is one, understood and allowed.
type searching struct {
	session   *Session
	registry  *search.Registry // the same throughout, although the engine's may change
	base      string
	path      string // the URL below the base, without parameters
	query     *search.Request
	narrowing *narrowing
	plan      search.Plan
	source    search.Source
	answer    *budget.Answer
	cursor    string        // as it was sent
	format    []search.Pair // what links repeat besides
	// shows says of which types matches are shown; nil: of all.
	shows func(typ string) bool
	// beside finds what is shown with the matches of a page.
	beside func(ctx context.Context, hits []search.Hit) (search.Included, error)
}

// prepare does all of a search that can fail because of the client.
func (s *Session) prepare(ctx context.Context, r SearchRequest) (*searching, error) {
	if err := s.checkSearched(r); err != nil {
		return nil, err
	}
	what := SearchType
	if r.Type == "" {
		what = SearchSystem
	}
	if err := s.decide(ctx, Question{What: what, Key: fhir.Key{Type: r.Type}}); err != nil {
		return nil, err
	}
	run, pairs, err := s.searching(ctx, r.Base, r.path(), r.Parameters)
	if err != nil {
		return nil, err
	}
	run.answer = r.Answer
	var types []string
	if r.Type != "" {
		types = []string{r.Type}
	}
	run.query, err = s.parse(ctx, run.registry, types, pairs, search.ParseOptions{
		Lenient: r.Lenient, Compartment: r.Compartment, Env: search.Env{Base: r.Base},
	})
	if err != nil {
		return nil, err
	}
	if run.source, err = s.builtin.Under(run.source, run.registry, run.query.Types); err != nil {
		return nil, err
	}
	return run, run.makePlan(ctx)
}

// searching begins a search and gives the parameters that select and show.
func (s *Session) searching(ctx context.Context, base, path string, parameters []search.Pair) (*searching, []search.Pair, error) {
	source, err := s.source(ctx)
	if err != nil {
		return nil, nil, err
	}
	run := &searching{session: s, registry: s.Registry(), base: base, path: path, narrowing: s.narrowing(ctx), source: source}
	run.beside = run.include
	pairs, err := run.part(parameters)
	return run, pairs, err
}

// checkSearched refuses types without an endpoint and what can't be a
// compartment's id.
func (e *core) checkSearched(r SearchRequest) error {
	if r.Type != "" {
		if err := e.checkType(r.Type); err != nil {
			return err
		}
	}
	if r.Compartment != (fhir.Key{}) {
		return e.checkKey(r.Compartment)
	}
	return nil
}

// part takes the parameters aside that aren't part of the search.
func (s *searching) part(pairs []search.Pair) ([]search.Pair, error) {
	var rest []search.Pair
	for _, p := range pairs {
		switch p.Name {
		case CursorParameter:
			if s.cursor != "" || p.Value == "" {
				return nil, badCursor(nil)
			}
			s.cursor = p.Value
		case "_format", "_pretty":
			s.format = append(s.format, p)
		case "_totalMethod": // so some clients ask for what R4 calls _total
			if p.Value == "count" {
				p.Value = "accurate"
			}
			rest = append(rest, search.Pair{Name: "_total", Value: p.Value})
		default:
			rest = append(rest, p)
		}
	}
	return rest, nil
}

// parse reads a search with what this engine knows.
func (s *Session) parse(ctx context.Context, registry *search.Registry, types []string, pairs []search.Pair, o search.ParseOptions) (*search.Request, error) {
	base := o.Env.Base
	o.Env = s.env()
	o.Env.Base = base
	o.List = s.listKeys
	return registry.Parse(ctx, types, pairs, o)
}

func (s *Session) env() search.Env {
	return search.Env{Now: s.clock(), Terminology: s.terminology, Hierarchy: s.hierarchy}
}

// listKeys are the resources that a List names, none where the caller can't
// read such a List.
func (s *Session) listKeys(ctx context.Context, id string) ([]fhir.Key, error) {
	keys, err := s.listed(ctx, id, s.base)
	if fhir.Is(err, fhir.NotFound, fhir.Gone, fhir.Forbidden) {
		return nil, nil
	}
	return keys, err
}

// searchCursor is what a next or previous link of a search carries.
type searchCursor struct {
	Updated   int64              `json:"u"`
	Tie       string             `json:"t"`
	Sort      []search.SortValue `json:"s,omitempty"`
	Backwards bool               `json:"b,omitempty"`
}

func (s *searching) makePlan(ctx context.Context) error {
	if err := s.planWhole(); err != nil || s.cursor == "" {
		return err
	}
	var c searchCursor
	if err := s.session.cursors.open(ctx, s.cursor, &c, s.binding()); err != nil {
		return err
	}
	s.plan.After = &search.Position{Place: search.Place{Updated: c.Updated, Tie: c.Tie}, Sort: c.Sort}
	s.plan.Backwards = c.Backwards
	return nil
}

// planWhole makes the plan of the first page.
func (s *searching) planWhole() error {
	types, where, err := s.narrowing.types(s.session.searched(s.query.Types), s.query.Where)
	if err != nil {
		return err
	}
	s.plan = search.Plan{
		Types: types, Where: where, Sort: s.query.Sort, Count: s.query.Count, Budget: search.NewBudget(search.DefaultHeads),
	}
	return nil
}

// searched are the types of a search, all where it names none.
func (s *Session) searched(types []string) []string {
	if len(types) == 0 && s.access != nil {
		return s.types.names
	}
	return types
}

// binding is what a cursor is bound to: all of the search but the place in it,
// and what the values of an order are made by.
func (s *searching) binding() string {
	text := "search " + s.path + "?" + queryText(s.query.Used)
	if len(s.query.Sort) > 0 {
		text += " " + strconv.Itoa(search.Extraction)
	}
	return text
}

// seal makes the cursor of a link.
func (s *searching) seal(ctx context.Context, p *search.Position, backwards bool) (string, error) {
	c := searchCursor{Updated: p.Place.Updated, Tie: p.Place.Tie, Sort: p.Sort, Backwards: backwards}
	return s.session.cursors.seal(ctx, c, s.binding())
}

// path is the search's URL below the base.
func (r SearchRequest) path() string {
	switch {
	case r.Compartment == (fhir.Key{}):
		return r.Type
	case r.Type == "":
		return r.Compartment.String() + "/*"
	}
	return r.Compartment.String() + "/" + r.Type
}

// link is a page's URL.
func (s *searching) link(cursor string) string {
	link := s.base
	if s.path != "" || link == "" {
		link += "/" + s.path
	}
	pairs := append(append([]search.Pair(nil), s.query.Used...), s.format...)
	if cursor != "" {
		pairs = append(pairs, search.Pair{Name: CursorParameter, Value: cursor})
	}
	if query := queryText(pairs); query != "" {
		link += "?" + query
	}
	return link
}

// queryText writes parameters as the query of a URL.
func queryText(pairs []search.Pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(queryEscape(p.Name))
		b.WriteByte('=')
		b.WriteString(queryEscape(p.Value))
	}
	return b.String()
}

// queryEscape leaves alone what may stand in a query and is often in searches.
func queryEscape(s string) string { return legible.Replace(url.QueryEscape(s)) }

var legible = strings.NewReplacer("%3A", ":", "%2F", "/", "%2C", ",", "%24", "$", "%40", "@", "%2A", "*")
