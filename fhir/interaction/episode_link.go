package interaction

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// episodeExtension is the standard extension by which a resource names the
// episode that it is part of.
const episodeExtension = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"

// links are the references of a resource that say what belongs together.
type links struct {
	named []string // episodes that it names, by their logical ids
	// episodes are those of them that it names by what the table says.
	episodes []string
	joins    []fhir.Key // to whose cases it belongs
	brings   []fhir.Key // what it takes into its cases
	// outside are cases to which it would belong if it were their patient's.
	outside []string
}

// linksOf reads them. What a resource holds inside of itself refers for it.
func (e *core) linksOf(t *fhir.Tree) links {
	root, typ := t.Root(), t.Type().Name
	l := links{named: episodesIn(root, typ, e.base)}
	for reference := range referencesAt(root, joining[typ]) {
		id, inside := strings.CutPrefix(reference, "#")
		if !inside {
			l.join(reference, e.base)
			continue
		}
		for c := range root.All("contained") {
			if c.Child("id").Text() != id || c.Type() == nil {
				continue
			}
			l.named = append(l.named, episodesIn(c, c.Type().Name, e.base)...)
			for further := range referencesAt(c, joining[c.Type().Name]) {
				l.join(further, e.base)
			}
		}
	}
	l.brings = e.references(root, bringing[typ])
	return l
}

// join adds what a resource joins; an episode it names.
func (l *links) join(reference, base string) {
	key, ok := literalKey(reference, base)
	switch {
	case !ok:
	case key.Type == "EpisodeOfCare":
		l.named, l.episodes = append(l.named, key.ID), append(l.episodes, key.ID)
	case mayBelong()[key.Type]:
		l.joins = append(l.joins, key)
	}
}

// Joined gives the resources by which a resource comes into cases, as the table
// says: what it and what is inside of it refers to. base is our own base URL
// without a closing slash.
func Joined(t *fhir.Tree, base string) []fhir.Key {
	e := core{base: base}
	l := e.linksOf(t)
	for _, id := range l.episodes {
		l.joins = append(l.joins, fhir.Key{Type: "EpisodeOfCare", ID: id})
	}
	return l.joins
}

// EpisodesNamed gives the logical ids of the episodes to whose cases a resource
// itself says that it belongs: by the extension, the tag, and an Encounter by
// its element. base is our own base URL without a closing slash.
func EpisodesNamed(t *fhir.Tree, base string) []string {
	return append(episodesIn(t.Root(), t.Type().Name, base), fhir.Tags(t.JSON, CaseSystem)...)
}

// episodesIn are the episodes that a resource, or one inside of another, names.
func episodesIn(root fhir.Node, typ, base string) []string {
	var all []string
	add := func(reference fhir.Node) {
		if key, ok := literalKey(reference.Text(), base); ok && key.Type == "EpisodeOfCare" {
			all = append(all, key.ID)
		}
	}
	for extension := range root.All("extension") {
		if extension.Child("url").Text() == episodeExtension {
			add(extension.Child("value").Child("reference"))
		}
	}
	if typ == "Encounter" {
		for episode := range root.All("episodeOfCare") {
			add(episode.Child("reference"))
		}
	}
	return all
}

// references gives the resources of this server to which elements refer.
func (e *core) references(root fhir.Node, paths []string) []fhir.Key {
	var keys []fhir.Key
	for reference := range referencesAt(root, paths) {
		if key, ok := literalKey(reference, e.base); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// referencesAt gives the texts of the references at paths.
func referencesAt(root fhir.Node, paths []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, path := range paths {
			for n := range nodesAt(root, path) {
				if text := n.Child("reference").Text(); text != "" && !yield(text) {
					return
				}
			}
		}
	}
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

// sameReferences reports whether two texts of a resource have the same
// references in the same order.
func sameReferences(a, b []byte) bool {
	var known []string
	for reference := range referencesIn(a) {
		known = append(known, reference)
	}
	for reference := range referencesIn(b) {
		if len(known) == 0 || known[0] != reference {
			return false
		}
		known = known[1:]
	}
	return len(known) == 0
}

// unlike gives those of some keys that others lack.
func unlike(keys, others []fhir.Key) []fhir.Key {
	return slices.DeleteFunc(slices.Clone(keys), func(k fhir.Key) bool { return slices.Contains(others, k) })
}
