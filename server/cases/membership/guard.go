// Package membership knows what belongs to a case. The table data/membership.csv
// says by which references resources belong together; its inverse is derived. A
// resource of a case carries a tag whose system is [CaseSystem] and whose code is
// the id of the case's EpisodeOfCare; [Compartment] lets an engine treat that as a
// further compartment, and [Guard] keeps the tags true in each commit.
//
// Not here: what may be written of a case, and by whom.
package membership

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// CaseSystem is the system of the tags in meta.tag that say to which case a
// resource belongs; the code is the logical id of the case's EpisodeOfCare.
const CaseSystem = fhir.CanonicalBase + "/CodeSystem/case"

// Guard marks what belongs to a case in the commit that brings it in, and
// takes the mark off in the one by which it belongs no more. What is stored
// already gets a version of its own. A case is one patient's: what is another's
// is refused where it names the episode, and stays outside where it would come in
// by way of something else.
//
// Safe for concurrent use.
type Guard struct {
	schema fhir.Schema
	mu     sync.Mutex
	of     *search.Registry // of which inverse is
	// inverse is the table's, by the type that is referred to.
	inverse map[string]tied
}

// NewGuard makes a Guard.
func NewGuard(schema fhir.Schema) *Guard { return &Guard{schema: schema} }

var _ interaction.Guard = (*Guard)(nil)

// Check implements interaction.Guard.
func (g *Guard) Check(ctx context.Context, p *interaction.Pending) error {
	m := &membership{
		guard: g, pending: p, base: p.Base(), here: make(map[fhir.Key]*member, len(p.Images)), patients: map[string]bool{},
		episodes: map[string][]person{}, stored: map[fhir.Key][]string{}, hidden: map[fhir.Key][]string{}, people: map[fhir.Key]*fhir.Tree{}, actions: map[string]bool{},
	}
	m.lookAtPatients()
	for i := range p.Images {
		image := &p.Images[i]
		if m.here[image.Key] = nil; image.After != nil {
			if err := m.take(image); err != nil {
				return err
			}
		}
	}
	if len(m.members) == 0 {
		return nil
	}
	for _, step := range []func(context.Context) error{
		m.readTargets, m.ponder, m.spread, m.lookForNames, m.spread, m.settle, m.spread, m.bringIn,
		m.holdEpisodes, m.leave, m.spread, m.bringIn, m.holdToPatients, m.mark,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, mine := range m.members {
		if mine.stored && mine.marked {
			p.Add(*mine.image)
		}
	}
	p.Issue(m.issues...)
	return nil
}

// membership finds out to which cases the resources of one commit belong.
type membership struct {
	guard   *Guard
	pending *interaction.Pending
	base    string                // our own base URL without a closing slash
	members []*member             // those that may have a case or give one
	here    map[fhir.Key]*member  // of the commit; nil for one that is deleted or can't belong
	stored  map[fhir.Key][]string // cases of resources that aren't written here
	// hidden are cases of stored resources that the caller may not learn of.
	hidden map[fhir.Key][]string
	// patients are those into whose compartment alone something is written.
	patients map[string]bool
	episodes map[string][]person     // whose the cases are, as far as it was asked
	people   map[fhir.Key]*fhir.Tree // Patients that are written
	actions  map[string]bool         // whether there were any, by case
	brought  int                     // stored resources that are written for their mark
	full     bool                    // no more of them are
	issues   []fhir.Issue
}

// member is one resource of the commit.
type member struct {
	image *interaction.Image
	links
	cases    []string   // ids of episodes
	doubts   []doubt    // of the version before
	left     []fhir.Key // what the version before joined and this doesn't
	dropped  []fhir.Key // what the version before brought and this doesn't
	pending  []string   // cases that it leaves, unless something else holds it
	same     bool       // it refers to what the version before did
	whose    []person   // the patients that it names as its own
	stored   bool       // it is written only for its mark
	marked   bool       // its mark has changed
	followed int        // for how many cases it was found out what comes along
}

// new reports whether nothing of the resource is stored.
func (m *member) new() bool { return m.image.Before.JSON == nil }

// take reads what a written resource says of cases.
func (m *membership) take(image *interaction.Image) error {
	if image.Key.Type == "Patient" {
		m.people[image.Key] = image.After
	}
	if !mayBelong()[image.Key.Type] {
		return nil
	}
	mine := &member{image: image, links: linksOf(image.After, m.base), whose: personsOf(image.After, m.base)}
	if image.Key.Type == "EpisodeOfCare" {
		mine.named = append(mine.named, image.Key.ID)
	}
	before, tags := casesOf(image.Before), fhir.Tags(image.After.JSON, CaseSystem)
	for _, id := range tags {
		if !slices.Contains(before, id) && !slices.Contains(mine.named, id) {
			mine.named = append(mine.named, id)
		}
	}
	mine.cases = slices.Clone(mine.named)
	m.members = append(m.members, mine)
	m.here[image.Key] = mine
	if mine.new() {
		return nil
	}
	mine.same = sameReferences(image.Before.JSON, image.After.JSON)
	return m.doubt(mine, before, tags)
}

// readTargets reads the cases of stored resources that others join.
func (m *membership) readTargets(ctx context.Context) error {
	var keys []fhir.Key
	for _, mine := range m.members {
		for _, key := range slices.Concat(mine.joins, mine.left) {
			if _, known := m.stored[key]; !known && !m.written(key) {
				m.stored[key] = nil
				keys = append(keys, key)
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	versions, err := m.pending.Stored(ctx, keys...)
	if err != nil {
		return err
	}
	for _, v := range versions {
		m.hidden[v.Key] = casesOf(v)
	}
	if versions, err = m.together(ctx, versions); err != nil {
		return err
	}
	for _, v := range versions {
		m.stored[v.Key] = casesOf(v)
	}
	return nil
}

func casesOf(v store.Version) []string {
	if v.JSON == nil {
		return nil
	}
	return fhir.Tags(v.JSON, CaseSystem)
}

// spread passes cases on until nothing changes.
func (m *membership) spread(ctx context.Context) error {
	for changed := true; changed; {
		changed = false
		for _, mine := range m.members {
			for _, key := range mine.joins {
				from := m.stored[key]
				if other := m.here[key]; other != nil {
					from = other.cases
				}
				more, err := m.join(ctx, mine, from, mine)
				if err != nil {
					return err
				}
				changed = changed || more
			}
			for _, key := range mine.brings {
				other := m.here[key]
				if other == nil {
					continue
				}
				more, err := m.join(ctx, other, mine.cases, mine)
				if err != nil {
					return err
				}
				changed = changed || more
			}
		}
	}
	return nil
}

// join adds cases that are of the resource's own patient, and reports whether one
// was new. by is whose reference says that it belongs.
func (m *membership) join(ctx context.Context, mine *member, cases []string, by *member) (changed bool, err error) {
	for _, id := range cases {
		if slices.Contains(mine.cases, id) || slices.Contains(mine.outside, id) || slices.Contains(mine.pending, id) {
			continue
		}
		fits, err := m.fits(ctx, mine, id)
		if err != nil {
			return false, err
		}
		if !fits {
			mine.outside = append(mine.outside, id)
			m.stayOutside(mine, by)
			continue
		}
		mine.cases = append(mine.cases, id)
		changed = true
	}
	return changed, nil
}

// written reports whether a resource is written by the commit.
func (m *membership) written(key fhir.Key) bool {
	_, here := m.here[key]
	return here
}

// mark gives resources the tags of their cases, and no others of cases.
func (m *membership) mark(context.Context) error {
	for _, mine := range m.members {
		before := mine.image.After.JSON
		there := fhir.Tags(before, CaseSystem)
		if len(mine.cases) == 0 && len(there) == 0 {
			continue
		}
		var tags []fhir.Tag
		for _, id := range mine.cases {
			if !slices.Contains(there, id) {
				tags = append(tags, fhir.Tag{System: CaseSystem, Code: id})
			}
		}
		text := fhir.WithTags(fhir.WithoutTags(before, CaseSystem, mine.cases), tags...)
		if len(text) == len(before) && len(tags) == 0 {
			continue
		}
		// A link that was rewritten may no longer fit its type, which is no
		// reason to refuse what was accepted.
		tree, err := fhir.DecodeStored(m.guard.schema, text)
		if err != nil {
			return fmt.Errorf("with the tag of its case: %w", err)
		}
		mine.image.After, mine.marked = tree, true
	}
	return nil
}
