package interaction

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// LastNRequest asks for the most recent observations of each code
// (https://hl7.org/fhir/R4/observation-operation-lastn.html).
type LastNRequest struct {
	Base string // our own base URL without a closing slash
	// Parameters are those of the URL, decoded: max, and search parameters of
	// Observation, of which one names the patient and one the kind.
	Parameters []search.Pair
	Lenient    bool // see SearchRequest
}

// mostObservations bounds how many observations are looked through.
const mostObservations = 10_000

// LastN gives the max (else 1) most recent observations of each code among
// those that the other parameters select, newest first. Observations that have
// a coding in common are of one code; without a coding the text counts. The
// answer is one page.
func (e *Engine) LastN(ctx context.Context, q LastNRequest) ([]byte, error) {
	if err := e.decide(ctx, LastN, fhir.Key{Type: "Observation"}, store.Version{}, nil); err != nil {
		return nil, err
	}
	s, pairs, err := e.searching(ctx, q.Base, "Observation/$lastn", q.Parameters)
	if err != nil {
		return nil, err
	}
	most, rest, err := readMax(pairs)
	if err != nil {
		return nil, err
	}
	if s.query, err = e.parse(ctx, s.registry, []string{"Observation"}, rest, search.ParseOptions{Lenient: q.Lenient, Env: search.Env{Base: q.Base}}); err != nil {
		return nil, err
	}
	if err := checkLastN(s.query, s.cursor); err != nil {
		return nil, err
	}
	s.query.Sort = []search.SortKey{{Param: s.registry.Parameter("Observation", "date"), Descending: true}}
	s.query.Count = mostObservations
	s.query.Used = append(s.query.Used, search.Pair{Name: "max", Value: strconv.Itoa(most)})
	if err := s.makePlan(ctx); err != nil {
		return nil, err
	}
	var r results
	err = e.atOneMoment(ctx, func(ctx context.Context) (err error) {
		r, err = s.lastN(ctx, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.render(r, []fhir.Link{{Relation: "self", URL: s.link("")}}), nil
}

func (s *searching) lastN(ctx context.Context, most int) (r results, err error) {
	found, err := search.Run(ctx, s.source, s.plan)
	if err != nil {
		return r, err
	}
	if found.More {
		return r, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "more than 10,000 observations match; narrow them, for instance by date")
	}
	latest, err := s.engine.latest(found.Hits, most)
	if err != nil {
		return r, err
	}
	r.matches = latest
	r.included, err = s.beside(ctx, latest)
	total := int64(len(r.matches))
	r.total = &total
	return r, err
}

// readMax takes the parameter max aside.
func readMax(pairs []search.Pair) (most int, rest []search.Pair, err error) {
	most = 1
	for _, p := range pairs {
		if p.Name != "max" {
			rest = append(rest, p)
			continue
		}
		n, err := strconv.ParseUint(p.Value, 10, 31)
		if err != nil || n == 0 {
			return 0, nil, fhir.NewError(fhir.Invalid, fhir.IssueValue, "the parameter max is how many observations of a code are wanted, 1 or more").At("max")
		}
		most = int(n)
	}
	return most, rest, nil
}

// checkLastN holds the parameters against what the operation asks for.
func checkLastN(q *search.Request, cursor string) error {
	has := func(names ...string) bool {
		return slices.ContainsFunc(q.Used, func(p search.Pair) bool { return selects(p.Name, names) })
	}
	var wrong problems
	if !has("patient", "subject") {
		wrong.invalid(fhir.IssueRequired, "patient", "$lastn needs patient or subject")
	}
	if !has("category", "code", "combo-code") {
		wrong.invalid(fhir.IssueRequired, "code", "$lastn needs category or code")
	}
	if cursor != "" || has("_sort", "_count", "_total") {
		wrong.invalid(fhir.IssueNotSupported, "", "$lastn has an order of its own and one page: it takes no _sort, _count, _total or cursor")
	}
	return wrong.error()
}

// selects reports whether a parameter is one of some, with a chain or modifier
// perhaps, and says more than that there is something else.
func selects(parameter string, names []string) bool {
	name, rest := parameter, ""
	if i := strings.IndexAny(parameter, ":."); i >= 0 {
		name, rest = parameter[:i], parameter[i:]
	}
	return slices.Contains(names, name) && !slices.Contains([]string{":missing", ":not", ":not-in"}, rest)
}

// latest keeps the first few of each code.
func (e *Engine) latest(hits []search.Hit, most int) ([]search.Hit, error) {
	groups := map[string]*int{} // how many of a code there are, by its codings
	var kept []search.Hit
	for _, h := range hits {
		tree, err := e.decodeStored(versionOf(h))
		if err != nil {
			return nil, err
		}
		names := codeNames(tree.Root().Child("code"))
		count := new(int)
		for _, name := range names {
			if known := groups[name]; known != nil {
				count = known
				break
			}
		}
		for _, name := range names {
			if groups[name] == nil {
				groups[name] = count
			}
		}
		if *count++; *count <= most {
			kept = append(kept, h)
		}
	}
	return kept, nil
}

// codeNames are what makes two concepts one: codings, or else the text.
func codeNames(concept fhir.Node) []string {
	var names []string
	for coding := range concept.All("coding") {
		if code := coding.Child("code").Text(); code != "" {
			names = append(names, coding.Child("system").Text()+"|"+code)
		}
	}
	if names == nil {
		names = []string{"text " + concept.Child("text").Text()}
	}
	return names
}
