package interaction

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// LastNRequest asks for the most recent observations of each code
// (https://hl7.org/fhir/R4/observation-operation-lastn.html).
type LastNRequest struct {
	Base string // our own base URL without a closing slash
	// Parameters are those of the URL, decoded: max, and search parameters of
	// Observation, of which one names the patient and one the kind.
	Parameters []search.Pair
	Lenient    bool           // see SearchRequest
	Answer     *budget.Answer // what the page's JSON is drawn from; nil: it has no bound
}

// mostObservations bounds how many observations are looked through.
const mostObservations = 10_000

// LastN gives the max (else 1) most recent observations of each code among
// those that the other parameters select, newest first. Observations that have
// a coding in common are of one code; without a coding the text counts. The
// answer is one page, unless it would be larger than an answer may be.
func (s *Session) LastN(ctx context.Context, q LastNRequest) ([]byte, error) {
	return whole(s.LastNText(ctx, q))
}

// LastNText is LastN that doesn't put the page together.
func (s *Session) LastNText(ctx context.Context, q LastNRequest) (fhir.Text, error) {
	run, most, err := s.prepareLastN(ctx, q)
	if err != nil {
		return fhir.Text{}, err
	}
	var from lastNCursor
	if run.cursor != "" {
		if err := s.cursors.open(ctx, run.cursor, &from, run.binding()); err != nil {
			return fhir.Text{}, err
		}
	}
	var r results
	var next *lastNCursor
	err = s.atOneMoment(ctx, func(ctx context.Context) (err error) {
		r, next, err = run.lastN(ctx, most, from)
		return err
	})
	if err != nil {
		return fhir.Text{}, err
	}
	links := []fhir.Link{{Relation: "self", URL: run.link(run.cursor)}}
	if next != nil {
		cursor, err := s.cursors.seal(ctx, *next, run.binding())
		if err != nil {
			return fhir.Text{}, err
		}
		links = append(links, fhir.Link{Relation: "next", URL: run.link(cursor)})
	}
	return run.render(r, links), nil
}

// prepareLastN does all that can fail because of the client.
func (s *Session) prepareLastN(ctx context.Context, q LastNRequest) (_ *searching, most int, err error) {
	if err := s.decide(ctx, Question{What: LastN, Key: fhir.Key{Type: "Observation"}}); err != nil {
		return nil, 0, err
	}
	run, pairs, err := s.searching(ctx, q.Base, "Observation/$lastn", q.Parameters)
	if err != nil {
		return nil, 0, err
	}
	most, rest, err := readMax(pairs)
	if err != nil {
		return nil, 0, err
	}
	if run.query, err = s.parse(ctx, run.registry, []string{"Observation"}, rest, search.ParseOptions{Lenient: q.Lenient, Env: search.Env{Base: q.Base}}); err != nil {
		return nil, 0, err
	}
	if err := checkLastN(run.query); err != nil {
		return nil, 0, err
	}
	run.query.Sort = []search.SortKey{{Param: run.registry.Parameter("Observation", "date"), Descending: true}}
	run.query.Count = mostObservations
	run.query.Used = append(run.query.Used, search.Pair{Name: "max", Value: strconv.Itoa(most)})
	run.answer = q.Answer
	return run, most, run.planWhole()
}

// lastNCursor is what a next link of $lastn carries: how many observations the
// pages before have, and which was the last of them.
type lastNCursor struct {
	Shown int      `json:"n"`
	Last  fhir.Key `json:"k"`
}

func (s *searching) lastN(ctx context.Context, most int, from lastNCursor) (r results, next *lastNCursor, err error) {
	s.plan.KeysOnly = true
	found, err := search.Run(ctx, s.source, s.plan)
	if err != nil {
		return r, nil, err
	}
	if found.More {
		return r, nil, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "more than 10,000 observations match; narrow them, for instance by date")
	}
	l := latest{searching: s, most: most, from: from, room: s.answer.Share(), groups: map[string]*int{}}
	full, err := l.take(ctx, found.Hits)
	if err != nil {
		return r, nil, err
	}
	r.matches = l.kept
	if full {
		next = &lastNCursor{Shown: l.passed, Last: l.kept[len(l.kept)-1].Key}
	} else {
		total := int64(l.passed)
		r.total = &total
	}
	r.included, err = s.beside(ctx, l.kept)
	return r, next, err
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
func checkLastN(q *search.Request) error {
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
	if has("_sort", "_count", "_total") {
		wrong.invalid(fhir.IssueNotSupported, "", "$lastn has an order of its own and one page: it takes no _sort, _count or _total")
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
