package membership

import (
	_ "embed"
	"slices"
	"sync"

	"caseway/fhir/definition"
	"caseway/fhir/embedded"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// The table says by which references resources belong together: one that joins
// belongs to the cases of what it refers to, and one that brings takes what it
// refers to into its cases. parameter is the search parameter that finds the
// reference from its other end.
//
//go:embed data/membership.csv
var membershipCSV string

// tie is a row of the table.
type tie struct {
	typ, path, parameter string
	brings               bool
}

var ties = func() []tie {
	var all []tie
	for _, row := range embedded.Rows(membershipCSV) {
		all = append(all, tie{row[0], row[1], row[2], row[3] == "brings"})
	}
	return all
}()

// joining and bringing are the paths of the table's two directions, by type.
var joining, bringing = pathsOf(false), pathsOf(true)

func pathsOf(brings bool) map[string][]string {
	all := map[string][]string{}
	for _, t := range ties {
		if t.brings == brings {
			all[t.typ] = append(all[t.typ], t.path)
		}
	}
	return all
}

// personal are the types in the Patient compartment that are no part of a case:
// who somebody is, and what bears witness to access.
var personal = []string{"AuditEvent", "Group", "Patient", "Person", "RelatedPerson", "Schedule"}

// mayBelong has the types whose resources can be part of a case: what is some
// patient's. People, organizations, places and definitions aren't.
var mayBelong = sync.OnceValue(func() map[string]bool {
	r4 := definition.R4()
	patient := r4.Compartment("Patient")
	all := map[string]bool{}
	for _, typ := range r4.ResourceTypes() {
		all[typ] = patient.Includes(typ) && !slices.Contains(personal, typ)
	}
	return all
})

// tied are the parameters by which a resource is found that refers to one of a
// type by the table: the table's inverse.
type tied struct{ joiners, bringers []*search.Parameter }

func (t tied) by(bring bool) []*search.Parameter {
	if bring {
		return t.bringers
	}
	return t.joiners
}

// tiedTo gives the inverse for a type.
func (m *membership) tiedTo(typ string) tied { return m.guard.tiedTo(m.pending.Server.Registry(), typ) }

func (g *Guard) tiedTo(r *search.Registry, typ string) tied {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of != r {
		g.of, g.inverse = r, map[string]tied{}
	}
	if known, ok := g.inverse[typ]; ok {
		return known
	}
	var all tied
	for _, t := range ties {
		list := &all.joiners
		if t.brings {
			list = &all.bringers
		}
		p := r.Parameter(t.typ, t.parameter)
		if p != nil && p.Type == "reference" && p.Refused == "" && !slices.Contains(*list, p) && slices.Contains(p.Targets(), typ) {
			*list = append(*list, p)
		}
	}
	g.inverse[typ] = all
	return all
}

// Compartment is that of a case, for an engine: what belongs to it has its tag or
// names the episode, and the episode itself names some.
func Compartment() interaction.Compartment {
	return interaction.Compartment{
		Type: "EpisodeOfCare", System: CaseSystem, Parameter: "episode-of-care", Names: append([]string{"patient"}, bringing["EpisodeOfCare"]...),
	}
}
