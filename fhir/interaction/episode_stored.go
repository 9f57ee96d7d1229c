package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// referrer says which resources may refer to another one, and by which search
// parameter they are found; "" where R4 has none.
type referrer struct{ typ, parameter string }

// namedBy says which resources name one of a type as names has it.
var namedBy = map[string][]referrer{
	"Account":              {{"EpisodeOfCare", ""}},
	"CareTeam":             {{"EpisodeOfCare", "team"}},
	"Condition":            {{"EpisodeOfCare", "condition"}},
	"ServiceRequest":       {{"EpisodeOfCare", "incoming-referral"}, planned},
	"Goal":                 {{"CarePlan", "goal"}},
	"Appointment":          {planned},
	"CommunicationRequest": {planned},
	"DeviceRequest":        {planned},
	"MedicationRequest":    {planned},
	"NutritionOrder":       {planned},
	"RequestGroup":         {planned},
	"Task":                 {planned},
	"VisionPrescription":   {planned},
}

var planned = referrer{"CarePlan", "activity-reference"}

// hangers are the resources that hang on one of any type as hangs has it.
var hangers = []referrer{
	{"Task", "focus"},
	{"Task", "based-on"},
	{"Task", "part-of"},
	{"Appointment", "based-on"},
	{"Invoice", "account"},
	{"DocumentReference", "encounter"},
	{"DocumentReference", "related"},
}

// mostBrought bounds how many stored resources one commit brings into cases.
const mostBrought = 1000

// mostCases bounds in how many cases a stored resource can be. What more of
// them name is shared by them (the team of a ward, say): to write it with each
// would make all of them wait for one another.
const mostCases = 20

// lookForNames asks the store who names a resource that has no case yet. One
// whose id the server has just made is named by nobody.
func (m *membership) lookForNames(ctx context.Context) error {
	for _, mine := range m.members {
		by := namedBy[mine.image.Key.Type]
		if len(by) == 0 || len(mine.cases) > 0 || mine.image.Method == store.Post {
			continue
		}
		hits, err := m.referring(ctx, mine, by, names)
		if err != nil {
			return err
		}
		naming, err := m.together(ctx, versionsOf(hits))
		if err != nil {
			return err
		}
		for _, v := range naming {
			mine.join(casesOf(v))
			if v.Key.Type == "EpisodeOfCare" {
				mine.join([]string{v.Key.ID})
			}
		}
	}
	return nil
}

// bringIn adds to the commit what is stored and comes into a case by it: what a
// resource names, and what hangs on one that wasn't in the case before.
func (m *membership) bringIn(ctx context.Context) (issues []fhir.Issue, err error) {
	t, ok := m.engine.store.(store.Transactional)
	alone := ok && !t.Transactional()
	for i, brought := 0, 0; i < len(m.members); i++ {
		mine := m.members[i]
		if mine.followed == len(mine.cases) {
			continue
		}
		mine.followed = len(mine.cases)
		found, err := m.following(ctx, mine)
		if err != nil {
			return nil, err
		}
		if found, err = m.together(ctx, found); err != nil {
			return nil, err
		}
		for _, v := range found {
			if len(casesOf(v)) >= mostCases && !m.written(v.Key) {
				issues = append(issues, shared(mine.image.At))
				continue
			}
			added, err := m.bring(v, mine.cases, alone)
			if err != nil {
				return nil, err
			}
			if !added {
				continue
			}
			if brought++; alone || brought > mostBrought {
				return append(issues, notMarked(mine.image.At, alone)), nil
			}
		}
		m.spread()
		i = -1 // some may have come into further cases
	}
	return issues, nil
}

// shared says that a resource belongs to many cases, so that this one's tag
// isn't added. The reference by which it is named leads to it all the same.
func shared(at string) fhir.Issue {
	return fhir.Issue{
		Severity: fhir.SeverityInformation, Code: fhir.IssueInformational, Expression: at,
		Text: "a stored resource that comes into a case by this is in 20 others; it isn't marked as part of this one too",
	}
}

// notMarked says that what is stored isn't marked.
func notMarked(at string, alone bool) fhir.Issue {
	code, text := fhir.IssueTooCostly, "more than 1,000 stored resources come into a case by this; not all of them are marked as part of it"
	if alone {
		code, text = fhir.IssueNotSupported, "stored resources come into a case by this; they aren't marked as part of it, for the store has no transactions"
	}
	return fhir.Issue{Severity: fhir.SeverityWarning, Code: code, Text: text, Expression: at}
}

// following are the stored resources that come with one into its cases.
func (m *membership) following(ctx context.Context, mine *member) ([]store.Version, error) {
	keys := slices.DeleteFunc(slices.Clone(mine.names), m.written)
	var found []store.Version
	if len(keys) > 0 {
		var err error
		if found, err = m.engine.store.Read(ctx, keys...); err != nil {
			return nil, err
		}
	}
	before := casesOf(mine.image.Before)
	known := !slices.ContainsFunc(mine.cases, func(c string) bool { return !slices.Contains(before, c) })
	if known || mine.image.Method == store.Post && !mine.stored {
		return found, nil // what hangs on it is marked, or there is nothing
	}
	hits, err := m.referring(ctx, mine, hangers, hangs)
	for _, hit := range hits {
		if !m.written(hit.Key) {
			found = append(found, store.Version{Key: hit.Key, VersionID: hit.VersionID, LastUpdated: hit.LastUpdated, Method: store.Put, JSON: hit.JSON})
		}
	}
	return found, err
}

// written reports whether a resource is written by the commit.
func (m *membership) written(key fhir.Key) bool {
	_, here := m.here[key]
	return here
}

// bring adds a stored resource to the commit where it isn't in all of the cases.
func (m *membership) bring(v store.Version, cases []string, alone bool) (added bool, err error) {
	marked := casesOf(v)
	if !v.Exists() || v.Deleted() || m.written(v.Key) ||
		!slices.ContainsFunc(cases, func(c string) bool { return !slices.Contains(marked, c) }) {
		return false, nil
	}
	if alone {
		return true, nil
	}
	tree, err := m.engine.decodeStored(v)
	if err != nil {
		return false, err
	}
	m.take(&Image{Key: v.Key, Method: store.Put, Before: v, After: tree})
	mine := m.here[v.Key]
	mine.stored = true
	mine.join(cases)
	return true, nil
}

// referring finds the stored resources that refer to one as paths has it.
func (m *membership) referring(ctx context.Context, mine *member, by []referrer, paths map[string][]string) ([]search.Hit, error) {
	source, ok := m.engine.store.(search.Source)
	if !ok {
		return nil, nil
	}
	s := seeker{m.engine, source, mine, paths}
	if m.engine.indexing.rebuilding() {
		return s.inCompartments(ctx, by)
	}
	by = slices.DeleteFunc(slices.Clone(by), func(r referrer) bool { return !s.mayRefer(r) })
	if hits, ok, err := s.atOnce(ctx, by); ok {
		return hits, err
	}
	var all []search.Hit
	for _, r := range by {
		hits, err := s.indexed(ctx, r)
		if err != nil {
			return nil, err
		}
		all = append(all, hits...)
	}
	return all, nil
}

// seeker finds what refers to a resource.
type seeker struct {
	engine *Engine
	source search.Source
	to     *member
	paths  map[string][]string // of references that count, by type
}

// mayRefer reports whether a parameter can lead to resources of this type.
func (s seeker) mayRefer(r referrer) bool {
	return r.parameter == "" ||
		slices.Contains(s.engine.Registry().Parameter(r.typ, r.parameter).Targets(), s.to.image.Key.Type)
}

// atOnce finds those of all types by one look into the index; false where that
// can't be, or where there are many.
func (s seeker) atOnce(ctx context.Context, by []referrer) (hits []search.Hit, ok bool, err error) {
	terms := make([]search.Term, 0, len(by))
	for _, r := range by {
		if r.parameter == "" {
			return nil, false, nil
		}
		terms = append(terms, s.engine.Registry().Parameter(r.typ, r.parameter).Term(s.to.image.Key))
	}
	if len(terms) < 2 {
		return nil, len(terms) == 0, nil
	}
	page, err := s.source.Scan(ctx, search.Scan{Terms: terms, Limit: scannedAtOnce})
	return page.Hits, err != nil || !page.More, err
}

// scannedAtOnce is how many hits are asked for in one scan.
const scannedAtOnce = 500

// indexed finds those of a type by the index, by way of the patient where no
// parameter leads there.
func (s seeker) indexed(ctx context.Context, r referrer) ([]search.Hit, error) {
	if r.parameter != "" {
		p := s.engine.Registry().Parameter(r.typ, r.parameter)
		return everyHit(ctx, s.source, search.Scan{Type: r.typ, Term: p.Term(s.to.image.Key)})
	}
	var found []search.Hit
	p := s.engine.Registry().Parameter(r.typ, "patient")
	for _, patient := range s.patients() {
		hits, err := everyHit(ctx, s.source, search.Scan{Type: r.typ, Term: p.Term(patient)})
		if err != nil {
			return nil, err
		}
		if hits, err = s.refer(hits); err != nil {
			return nil, err
		}
		found = append(found, hits...)
	}
	return found, nil
}

// inCompartments finds them while the index can't be trusted, by reading all
// that belongs to the same patients.
func (s seeker) inCompartments(ctx context.Context, by []referrer) ([]search.Hit, error) {
	patients := s.patients()
	if len(patients) == 0 {
		return nil, fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"to which case this belongs can't be found out while the search index is being made anew").At(s.to.image.At)
	}
	var found []search.Hit
	for _, patient := range patients {
		hits, err := everyHit(ctx, s.source, search.Scan{Compartment: patient})
		if err != nil {
			return nil, err
		}
		hits = slices.DeleteFunc(hits, func(h search.Hit) bool {
			return !slices.ContainsFunc(by, func(r referrer) bool { return r.typ == h.Key.Type })
		})
		if hits, err = s.refer(hits); err != nil {
			return nil, err
		}
		found = append(found, hits...)
	}
	return found, nil
}

// patients are those to whose compartments the resource belongs.
func (s seeker) patients() []fhir.Key {
	r := s.engine.registered.Load()
	var keys []fhir.Key
	for _, name := range r.compartmentsOf(s.to.image.Key, r.writing.Index(s.to.image.After).Terms) {
		if key, _ := fhir.ParseKey(name); key.Type == "Patient" {
			keys = append(keys, key)
		}
	}
	return keys
}

// refer keeps those of some resources that refer to the one.
func (s seeker) refer(hits []search.Hit) ([]search.Hit, error) {
	var found []search.Hit
	for _, hit := range hits {
		tree, err := s.engine.decodeStored(versionOf(hit))
		if err != nil {
			return nil, err
		}
		if slices.Contains(s.engine.references(tree.Root(), s.paths[hit.Key.Type]), s.to.image.Key) {
			found = append(found, hit)
		}
	}
	return found, nil
}

// everyHit reads a scan in page order to its end.
func everyHit(ctx context.Context, source search.Source, s search.Scan) ([]search.Hit, error) {
	s.Limit = scannedAtOnce
	var all []search.Hit
	for {
		page, err := source.Scan(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Hits...)
		if !page.More || len(page.Hits) == 0 {
			return all, nil
		}
		s.After = all[len(all)-1].Place
	}
}
