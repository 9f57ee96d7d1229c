package membership

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

// linksOf reads them. What a resource holds inside of itself refers for it. base
// is our own base URL without a closing slash.
func linksOf(t *fhir.Tree, base string) links {
	root, typ := t.Root(), t.Type().Name
	l := links{named: episodesIn(root, typ, base)}
	for reference := range fhir.ReferencesAt(root, joining[typ]) {
		id, inside := strings.CutPrefix(reference, "#")
		if !inside {
			l.join(reference, base)
			continue
		}
		for c := range root.All("contained") {
			if c.Child("id").Text() != id || c.Type() == nil {
				continue
			}
			l.named = append(l.named, episodesIn(c, c.Type().Name, base)...)
			for further := range fhir.ReferencesAt(c, joining[c.Type().Name]) {
				l.join(further, base)
			}
		}
	}
	l.brings = fhir.KeysAt(root, bringing[typ], base)
	return l
}

// join adds what a resource joins; an episode it names.
func (l *links) join(reference, base string) {
	key, ok := fhir.LiteralKey(reference, base)
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
func (*Guard) Joined(t *fhir.Tree, base string) []fhir.Key {
	l := linksOf(t, base)
	for _, id := range l.episodes {
		l.joins = append(l.joins, fhir.Key{Type: "EpisodeOfCare", ID: id})
	}
	return l.joins
}

// EpisodesNamed gives the logical ids of the episodes to whose cases a resource
// itself says that it belongs: by the extension, the tag, and an Encounter by
// its element. base is our own base URL without a closing slash.
func (*Guard) EpisodesNamed(t *fhir.Tree, base string) []string {
	return append(episodesIn(t.Root(), t.Type().Name, base), fhir.Tags(t.JSON, CaseSystem)...)
}

// episodesIn are the episodes that a resource, or one inside of another, names.
func episodesIn(root fhir.Node, typ, base string) []string {
	var all []string
	add := func(reference fhir.Node) {
		if key, ok := fhir.LiteralKey(reference.Text(), base); ok && key.Type == "EpisodeOfCare" {
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

// sameReferences reports whether two texts of a resource have the same
// references in the same order.
func sameReferences(a, b []byte) bool {
	var known []string
	for reference := range fhir.ReferencesIn(a) {
		known = append(known, reference)
	}
	for reference := range fhir.ReferencesIn(b) {
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
