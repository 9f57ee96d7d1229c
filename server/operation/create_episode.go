package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
)

// creating is an EpisodeOfCare with its Conditions and Provenances.
type creating struct {
	s       *Service
	ctx     context.Context
	call    call
	names   map[string]int // of each resource, by which others refer to it
	trees   []*fhir.Tree
	episode int // which of the entries; -1: none
}

// createEpisode is $create-episode-of-care.
func (s *Service) createEpisode(ctx context.Context, c call) ([]byte, error) {
	g := &creating{s: s, ctx: ctx, call: c, names: map[string]int{}, episode: -1}
	if err := g.read(c.given["episodeOfCareAndProvenances"][0]); err != nil {
		return nil, err
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	all, err := g.made()
	if err != nil {
		return nil, err
	}
	done, err := s.create(ctx, all, nil)
	if err != nil {
		return nil, err
	}
	return transactionResponse(done.Versions, c.Base), nil
}

// made are the resources of the Bundle under new ids, which their links follow.
func (g *creating) made() ([]fresh, error) {
	now := g.s.clock().UTC()
	all, links := make([]fresh, len(g.trees)), map[string]string{}
	for i, tree := range g.trees {
		all[i].key = fhir.Key{Type: tree.Type().Name, ID: fhir.NewID(now)}
	}
	for name, i := range g.names {
		links[name] = all[i].key.String()
	}
	for i, tree := range g.trees {
		r, err := relinked(json.RawMessage(tree.JSON), links)
		if err != nil {
			return nil, err
		}
		if name := placeholderIn(r); name != "" {
			return nil, g.wrong(fhir.IssueValue, fmt.Sprintf("entry[%d] refers to %s, which is the fullUrl of no entry", i, name))
		}
		delete(r, "id")
		all[i].resource = r
	}
	return all, nil
}

// placeholderIn is a reference to something that only a Bundle has a name for,
// "" for none.
func placeholderIn(v any) string {
	found := ""
	eachReference(v, func(reference string) string {
		if strings.HasPrefix(reference, "urn:") {
			found = reference
		}
		return ""
	})
	return found
}

// wrong refuses the Bundle.
func (g *creating) wrong(code, text string) error {
	return fhir.NewError(fhir.Unprocessable, code, "parameter episodeOfCareAndProvenances: "+text)
}

// read takes the resources of the Bundle, each to be created.
func (g *creating) read(text []byte) error {
	var b struct {
		Entry []struct {
			FullURL  string `json:"fullUrl"`
			Resource json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	for i, e := range b.Entry {
		if e.Resource == nil {
			return g.wrong(fhir.IssueRequired, fmt.Sprintf("entry[%d] has no resource", i))
		}
		tree, err := g.s.decode(e.Resource)
		if err != nil {
			return err
		}
		typ := tree.Type().Name
		switch {
		case !slices.Contains([]string{"EpisodeOfCare", "Condition", "Provenance"}, typ):
			return g.wrong(fhir.IssueBusinessRule, fmt.Sprintf("entry[%d] is a %s; the Bundle has one EpisodeOfCare, Conditions and Provenances", i, typ))
		case typ == "EpisodeOfCare" && g.episode >= 0:
			return g.wrong(fhir.IssueBusinessRule, "the Bundle has more than one EpisodeOfCare")
		case typ == "EpisodeOfCare":
			g.episode = i
		}
		own := typ + "/" + tree.ID()
		if e.FullURL != "" {
			g.names[e.FullURL] = i
		}
		if tree.ID() != "" {
			g.names[own], g.names[g.call.Base+"/"+own] = i, i
		}
		g.trees = append(g.trees, tree)
	}
	if g.episode < 0 {
		return g.wrong(fhir.IssueRequired, "the Bundle has no EpisodeOfCare")
	}
	return nil
}

// check holds what was read to what the operation is for.
func (g *creating) check() error {
	episode := g.trees[g.episode].Root()
	if status := episode.Child("status").Text(); status != "planned" {
		return g.wrong(fhir.IssueBusinessRule, "EpisodeOfCare.status must be planned, for an episode that begins")
	}
	provenances := 0
	for i, tree := range g.trees {
		if tree.Type().Name != "Provenance" {
			continue
		}
		provenances++
		targets := false
		for n := range tree.Root().All("target") {
			at, known := g.names[n.Child("reference").Text()]
			targets = targets || known && at == g.episode
		}
		if !targets {
			return g.wrong(fhir.IssueBusinessRule, fmt.Sprintf("entry[%d]: Provenance.target doesn't name the EpisodeOfCare", i))
		}
	}
	if provenances == 0 {
		return g.wrong(fhir.IssueRequired, "the Bundle has no Provenance; at least one is needed, with the EpisodeOfCare as its target")
	}
	return g.checkConditions(episode)
}

// checkConditions: the diagnoses are conditions of the episode's patient, and no
// other conditions are there.
func (g *creating) checkConditions(episode fhir.Node) error {
	patient, _ := g.call.keyOf(episode.Child("patient").Child("reference").Text())
	used := map[int]bool{}
	for d := range episode.All("diagnosis") {
		ref := d.Child("condition").Child("reference").Text()
		at, inside := g.names[ref]
		condition := (*fhir.Tree)(nil)
		if inside {
			used[at] = true
			condition = g.trees[at]
		} else {
			var err error
			if condition, err = g.s.named(g.ctx, g.call, "episodeOfCareAndProvenances", ref, []string{"Condition"}); err != nil {
				return err
			}
		}
		if of, _ := g.call.keyOf(condition.Root().Child("subject").Child("reference").Text()); condition.Type().Name != "Condition" || of != patient {
			return g.wrong(fhir.IssueBusinessRule, "EpisodeOfCare.diagnosis names what isn't a Condition of the episode's patient")
		}
	}
	for i, tree := range g.trees {
		if tree.Type().Name == "Condition" && !used[i] {
			return g.wrong(fhir.IssueBusinessRule, fmt.Sprintf("entry[%d] is a Condition that EpisodeOfCare.diagnosis doesn't name", i))
		}
	}
	return nil
}
