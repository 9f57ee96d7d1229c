package interaction

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
)

// maxIncluded is how many resources includes may add to a page.
const maxIncluded = 2000

// mostEstimated is up to where an estimated total is counted.
const mostEstimated = 10_000

// results are what a page shows.
type results struct {
	matches  []search.Hit
	total    *int64 // nil: not told
	included search.Included
	chained  bool // see search.Matches.Versioned
}

// run does the search and renders the page.
func (s *searching) run(ctx context.Context) (fhir.Text, error) {
	page, r, err := s.results(ctx)
	if err != nil {
		return fhir.Text{}, err
	}
	links, err := s.links(ctx, page)
	if err != nil {
		return fhir.Text{}, err
	}
	return s.render(r, links), nil
}

// results finds what a page shows.
func (s *searching) results(ctx context.Context) (page search.Matches, r results, err error) {
	err = s.session.atOneMoment(ctx, func(ctx context.Context) (err error) {
		if page, err = s.page(ctx); err != nil {
			return err
		}
		if r.total, err = s.total(ctx, page); err != nil {
			return err
		}
		if r.included, err = s.beside(ctx, page.Hits); err != nil {
			return err
		}
		r.show(page, s.shows)
		r.chained = page.Versioned && s.query.Chained
		return nil
	})
	return page, r, err
}

// show takes the matches that are to be shown. Where some aren't, they are
// counted only if all are on this page.
func (r *results) show(page search.Matches, shows func(typ string) bool) {
	r.matches = page.Hits
	if shows == nil {
		return
	}
	r.matches = slices.DeleteFunc(slices.Clone(page.Hits), func(h search.Hit) bool { return !shows(h.Key.Type) })
	n := int64(len(r.matches))
	switch {
	case len(r.matches) == len(page.Hits):
	case page.More:
		r.total = nil
	case r.total != nil:
		r.total = &n
	}
}

// atOneMoment has f see the store at one moment, as far as the database can,
// and not for longer than a search may take.
func (e *core) atOneMoment(ctx context.Context, f func(context.Context) error) error {
	return e.inTime(ctx, func(ctx context.Context) error {
		return e.store.Snapshot(ctx, f)
	})
}

// inTime lets f search for as long as a search may take.
func (e *core) inTime(ctx context.Context, f func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, e.searches)
	defer cancel()
	err := f(limited)
	if fe := (*fhir.Error)(nil); err == nil || limited.Err() == nil || ctx.Err() != nil || errors.As(err, &fe) {
		return err
	}
	return e.overdue(ctx, err)
}

// answerTime is how long a store may take to answer the smallest question.
const answerTime = 2 * time.Second

// overdue says why a search was given up: a store that answers others has too
// much to do for it, one that answers nothing stands still.
func (e *core) overdue(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if err := e.indexing.Reach(ctx); err != nil {
		return fhir.NewError(fhir.Transient, fhir.IssueTransient, "the store doesn't answer; try again").Because(cause)
	}
	return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly,
		fmt.Sprintf("the search took longer than %v; ask for less at once, or add a condition that narrows it", e.searches)).Because(cause)
}

// render writes the page.
func (s *searching) render(r results, links []fhir.Link) fhir.Text {
	w := fhir.NewBundleWriter(fhir.Bundle{Type: "searchset", Total: r.total, Links: links}, sizeOfHits(r.matches, r.included.Hits))
	s.write(w, r.matches, "match")
	s.write(w, r.included.Hits, "include")
	if issues := s.issues(r); len(issues) > 0 {
		w.Entry(fhir.Entry{Resource: fhir.Outcome(issues...), Mode: "outcome"})
	}
	return w.Text()
}

// page finds the matches, none where only the total is wanted.
func (s *searching) page(ctx context.Context) (search.Matches, error) {
	if s.query.Count == 0 || s.plan.Types != nil && len(s.plan.Types) == 0 {
		m := search.Matches{Total: -1}
		if s.query.Count > 0 {
			m.Total = 0
		}
		return m, nil
	}
	s.plan.Room = s.answer.Share()
	return search.Run(ctx, s.source, s.plan)
}

// total is the number of matches on all pages, nil where it isn't to be told.
func (s *searching) total(ctx context.Context, page search.Matches) (*int64, error) {
	limit := 0
	switch {
	case s.query.Total == search.NoTotal:
		return nil, nil
	case s.narrowing.bound:
		// Whether a total is known without counting, and what an estimate comes
		// to, would tell of what is hidden.
		if n := int64(len(page.Hits)); s.query.Count > 0 && s.plan.After == nil && !page.More {
			return &n, nil
		}
		if s.query.Total == search.DefaultTotal && s.query.Count > 0 {
			return nil, nil
		}
	case page.Total >= 0:
		n := int64(page.Total)
		return &n, nil
	case s.query.Total == search.DefaultTotal:
		return nil, nil
	case s.query.Total == search.EstimatedTotal:
		limit = mostEstimated
	}
	n := int64(0)
	if s.plan.Types != nil && len(s.plan.Types) == 0 {
		return &n, nil
	}
	counted, _, err := search.Count(ctx, s.source, search.Plan{Types: s.plan.Types, Where: s.plan.Where, Budget: s.plan.Budget}, limit)
	n = int64(counted)
	return &n, err
}

// include finds what is shown beside the matches, as far as the caller may see it.
func (s *searching) include(ctx context.Context, hits []search.Hit) (search.Included, error) {
	if len(s.query.Includes) == 0 || len(hits) == 0 {
		return search.Included{}, nil
	}
	permit := s.permit()
	in := search.Inclusion{Includes: s.query.Includes, Limit: maxIncluded, Budget: s.plan.Budget, Room: s.answer.Share()}
	if s.narrowing.access != nil {
		in.Permit = permit.of
	}
	included, err := search.RunIncludes(ctx, s.source, s.registry, hits, in)
	if err == nil {
		err = permit.err
	}
	if err != nil {
		return search.Included{}, err
	}
	more, all, err := s.namedVersions(ctx, included.Versions)
	included.Hits, included.Truncated = append(included.Hits, more...), included.Truncated || !all
	return included, err
}

// namedVersions reads the versions that references name, where the caller may
// see them; all is false where there wasn't room for one.
func (s *searching) namedVersions(ctx context.Context, named []search.VersionedKey) (hits []search.Hit, all bool, err error) {
	e, room := s.session, s.answer.Share()
	for _, n := range named[:min(len(named), maxIncluded)] {
		v, err := e.store.ReadVersion(ctx, n.Key, n.VersionID)
		if err != nil {
			return nil, false, err
		}
		if !v.Exists() || v.Deleted() {
			continue
		}
		err = e.decide(ctx, Question{What: VRead, Key: n.Key, Before: v})
		if refused(err) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if !room.Take(len(v.JSON)) {
			return hits, false, nil
		}
		hits = append(hits, search.Hit{Key: v.Key, VersionID: v.VersionID, LastUpdated: v.LastUpdated, JSON: v.JSON})
	}
	return hits, true, nil
}

// links are a page's: self, first, and next and previous where there is more.
func (s *searching) links(ctx context.Context, page search.Matches) ([]fhir.Link, error) {
	links := []fhir.Link{{Relation: "self", URL: s.link(s.cursor)}}
	if s.query.Count == 0 {
		return links, nil
	}
	links = append(links, fhir.Link{Relation: "first", URL: s.link("")})
	backwards, paged := s.plan.Backwards, s.plan.After != nil
	for _, l := range []struct {
		relation string
		there    bool
		at       *search.Position
	}{
		{"next", page.More && !backwards || backwards, page.Last},
		{"previous", page.More && backwards || paged && !backwards, page.First},
	} {
		if !l.there || l.at == nil {
			continue
		}
		cursor, err := s.seal(ctx, l.at, l.relation == "previous")
		if err != nil {
			return nil, err
		}
		links = append(links, fhir.Link{Relation: l.relation, URL: s.link(cursor)})
	}
	return links, nil
}

// issues are what the answer has to say about itself.
func (s *searching) issues(r results) []fhir.Issue {
	var issues []fhir.Issue
	for _, text := range s.query.Ignored {
		issues = append(issues, fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueNotSupported, Text: text})
	}
	if r.chained {
		issues = append(issues, fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueInformational, Text: "a chain leads over a reference to one version of a resource; it was followed to the resource as it is now, which may differ from that version"})
	}
	if r.included.Truncated {
		issues = append(issues, fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueTooCostly, Text: fmt.Sprintf(
			"not all that was to be included is here: a page has at most %d included resources, and a bound in bytes; ask for fewer matches at once with _count", maxIncluded)})
	}
	return issues
}

// write adds entries, as much of each resource as is wanted.
func (s *searching) write(w *fhir.BundleWriter, hits []search.Hit, mode string) {
	subset := fhir.Subset{Summary: fhir.Summary(s.query.Summary)}
	if mode == "match" {
		subset.Elements = s.query.Elements
	}
	for _, h := range hits {
		w.Entry(fhir.Entry{
			FullURL:  fullURL(s.base, h.Key),
			Resource: s.session.Subset(VersionOf(h), subset).JSON,
			Mode:     mode,
		})
	}
}

func fullURL(base string, key fhir.Key) string {
	if base == "" {
		return key.String()
	}
	return base + "/" + key.String()
}

// sizeOfHits is about how many bytes hits take as entries.
func sizeOfHits(lists ...[]search.Hit) int {
	const around = 160 // bytes of an entry around its resource
	n := 0
	for _, hits := range lists {
		for _, h := range hits {
			n += len(h.JSON) + around
		}
	}
	return n
}
