package interaction

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/store"
)

// CaseSystem is the system of the tags in meta.tag that say to which case a
// resource belongs; the code is the logical id of the case's EpisodeOfCare.
const CaseSystem = fhir.CanonicalBase + "/CodeSystem/case"

// episodeExtension is the standard extension by which a resource names the
// episode that it is part of.
const episodeExtension = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"

// hangs lists the references by which a resource belongs to the case of
// another one.
var hangs = map[string][]string{
	"Task":              {"focus", "basedOn", "partOf"},
	"Appointment":       {"basedOn"},
	"Claim":             {"referral"},
	"ClaimResponse":     {"request"},
	"Contract":          {"topic"},
	"Invoice":           {"account"},
	"DocumentReference": {"context.encounter", "context.related"},
}

// names lists the references by which a resource takes others into its case.
var names = map[string][]string{
	"EpisodeOfCare": {"team", "account", "referralRequest", "diagnosis.condition"},
	"CarePlan":      {"goal", "activity.reference"},
}

// episodeGuard marks what belongs to a case in the commit that brings it in.
// What is stored already and comes into the case by this commit gets the mark
// by a version of its own. A resource keeps the mark when a later version says
// nothing of episodes.
type episodeGuard struct{ engine *Engine }

// Check implements Guard.
func (g episodeGuard) Check(ctx context.Context, images []Image) ([]Image, []fhir.Issue, error) {
	m := membership{engine: g.engine, here: make(map[fhir.Key]*member, len(images)), patients: g.engine.writtenInto(images)}
	for i := range images {
		if m.here[images[i].Key] = nil; images[i].After != nil {
			m.take(&images[i])
		}
	}
	if err := m.readTargets(ctx); err != nil {
		return nil, nil, err
	}
	m.spread()
	if err := m.lookForNames(ctx); err != nil {
		return nil, nil, err
	}
	m.spread()
	issues, err := m.bringIn(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := m.mark(); err != nil {
		return nil, nil, err
	}
	var more []Image
	for _, mine := range m.members {
		if mine.stored {
			more = append(more, *mine.image)
		}
	}
	return more, issues, nil
}

// membership finds out to which cases the resources of one commit belong.
type membership struct {
	engine  *Engine
	members []*member             // those that may have a case or give one
	here    map[fhir.Key]*member  // of the commit; nil for one that is deleted
	stored  map[fhir.Key][]string // cases of resources that aren't written here
	// patients are those into whose compartment alone something is written.
	patients map[string]bool
}

// member is one resource of the commit.
type member struct {
	image    *Image
	cases    []string   // ids of episodes
	hangs    []fhir.Key // on what it hangs
	names    []fhir.Key // what it takes along
	stored   bool       // it is written only for its mark
	followed int        // for how many cases it was found out what comes along
}

func (m *membership) take(image *Image) {
	root := image.After.Root()
	mine := &member{image: image, cases: m.engine.episodesOf(image)}
	typ := image.Key.Type
	mine.hangs = m.engine.references(root, hangs[typ])
	mine.names = m.engine.references(root, names[typ])
	m.members = append(m.members, mine)
	m.here[image.Key] = mine
}

// episodesOf are the cases that a resource names itself, or that the version
// before was marked with.
func (e *Engine) episodesOf(image *Image) []string {
	var cases []string
	if image.Key.Type == "EpisodeOfCare" {
		cases = append(cases, image.Key.ID)
	}
	cases = append(cases, EpisodesNamed(image.After, e.base)...)
	if len(cases) == 0 && image.Before.JSON != nil {
		cases = fhir.Tags(image.Before.JSON, CaseSystem)
	}
	return cases
}

// EpisodesNamed gives the logical ids of the episodes to whose cases a resource
// itself says that it belongs: by the extension, the tag, and an Encounter by
// its element. base is our own base URL without a closing slash.
func EpisodesNamed(t *fhir.Tree, base string) []string {
	root := t.Root()
	var cases []string
	add := func(reference fhir.Node) {
		if key, ok := literalKey(reference.Text(), base); ok && key.Type == "EpisodeOfCare" {
			cases = append(cases, key.ID)
		}
	}
	for extension := range root.All("extension") {
		if extension.Child("url").Text() == episodeExtension {
			add(extension.Child("value").Child("reference"))
		}
	}
	if t.Type().Name == "Encounter" {
		for episode := range root.All("episodeOfCare") {
			add(episode.Child("reference"))
		}
	}
	return append(cases, fhir.Tags(t.JSON, CaseSystem)...)
}

// references gives the resources of this server to which elements refer.
func (e *Engine) references(root fhir.Node, paths []string) []fhir.Key {
	var keys []fhir.Key
	for _, path := range paths {
		for n := range nodesAt(root, path) {
			if key, ok := literalKey(n.Child("reference").Text(), e.base); ok {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// nodesAt gives the elements at a path such as "activity.reference".
func nodesAt(n fhir.Node, path string) func(yield func(fhir.Node) bool) {
	name, rest, more := strings.Cut(path, ".")
	return func(yield func(fhir.Node) bool) {
		for c := range n.All(name) {
			if !more {
				if !yield(c) {
					return
				}
				continue
			}
			for inner := range nodesAt(c, rest) {
				if !yield(inner) {
					return
				}
			}
		}
	}
}

// readTargets reads the cases of stored resources on which others hang.
func (m *membership) readTargets(ctx context.Context) error {
	m.stored = map[fhir.Key][]string{}
	var keys []fhir.Key
	for _, mine := range m.members {
		for _, key := range mine.hangs {
			switch _, known := m.stored[key]; {
			case known || m.here[key] != nil:
			case key.Type == "EpisodeOfCare":
				m.stored[key] = []string{key.ID}
			default:
				m.stored[key] = nil
				keys = append(keys, key)
			}
		}
	}
	if len(keys) == 0 {
		return nil
	}
	versions, err := m.engine.store.Read(ctx, keys...)
	if err != nil {
		return err
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
func (m *membership) spread() {
	for changed := true; changed; {
		changed = false
		for _, mine := range m.members {
			for _, key := range mine.hangs {
				from := m.stored[key]
				if other := m.here[key]; other != nil {
					from = other.cases
				}
				changed = mine.join(from) || changed
			}
			for _, key := range mine.names {
				if other := m.here[key]; other != nil {
					changed = other.join(mine.cases) || changed
				}
			}
		}
	}
}

// join adds cases and reports whether one was new.
func (m *member) join(cases []string) (changed bool) {
	for _, c := range cases {
		if !slices.Contains(m.cases, c) {
			m.cases = append(m.cases, c)
			changed = true
		}
	}
	return changed
}

// mark adds the tags that are missing.
func (m *membership) mark() error {
	for _, mine := range m.members {
		if len(mine.cases) == 0 {
			continue
		}
		tags := make([]fhir.Tag, len(mine.cases))
		for i, c := range mine.cases {
			tags[i] = fhir.Tag{System: CaseSystem, Code: c}
		}
		before := mine.image.After.JSON
		text := fhir.WithTags(before, tags...)
		if len(text) == len(before) {
			continue
		}
		// A link that was rewritten may no longer fit its type, which is no
		// reason to refuse what was accepted.
		tree, err := fhir.Decode(m.engine.schema, text, fhir.Limits{Bytes: len(text), Depth: m.engine.limits.Depth})
		if tree == nil {
			return fmt.Errorf("a resource with the tag of its case: %w", err)
		}
		mine.image.After = tree
	}
	return nil
}
