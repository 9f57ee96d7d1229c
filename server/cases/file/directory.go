package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// maxNamed is how many people and organizations a directory remembers.
const maxNamed = 10_000

// directory tells who people and organizations are that cases only refer to.
type directory struct {
	service *Service
	ctx     context.Context
	known   map[fhir.Key]casemodel.Party // zero for whom the caller doesn't see
}

// of gives everybody that a case names and that isn't part of it, as far as the
// caller sees them.
func (d *directory) of(c *casemodel.Case) ([]casemodel.Party, error) {
	var all []casemodel.Party
	for _, n := range outside(c) {
		if !slices.Contains(persons, n.key.Type) {
			continue
		}
		p, err := d.find(n.key)
		if err != nil {
			return nil, err
		}
		if !p.IsZero() {
			all = append(all, p)
		}
	}
	return all, nil
}

// named gives a case whose manager, organization, physician and insurers have
// names.
func (d *directory) named(c casemodel.Case) (casemodel.Case, error) {
	c.Coverages = slices.Clone(c.Coverages)
	for i := range c.Coverages {
		c.Coverages[i].Insurers = slices.Clone(c.Coverages[i].Insurers)
		for j := range c.Coverages[i].Insurers {
			if err := d.name(&c.Coverages[i].Insurers[j]); err != nil {
				return c, err
			}
		}
	}
	c.Plans = slices.Clone(c.Plans)
	for i := range c.Plans {
		c.Plans[i].Approvals = slices.Clone(c.Plans[i].Approvals)
		for j := range c.Plans[i].Approvals {
			if err := d.name(&c.Plans[i].Approvals[j].DecidedBy); err != nil {
				return c, err
			}
		}
	}
	return c, errors.Join(d.name(&c.Manager), d.name(&c.ManagingOrganization))
}

func (d *directory) name(p *casemodel.Party) error {
	key, ok := fhir.ParseKey(string(p.Ref))
	if !ok || p.Name != "" || !slices.Contains(persons, key.Type) {
		return nil
	}
	found, err := d.find(key)
	p.Name = found.Name
	return err
}

// find gives a party as its resource says it is; zero for whom the caller
// doesn't see.
func (d *directory) find(key fhir.Key) (casemodel.Party, error) {
	if p, known := d.known[key]; known {
		return p, nil
	}
	p := casemodel.Party{}
	v, err := d.service.caller.Read(d.ctx, key)
	switch fe := (*fhir.Error)(nil); {
	case err == nil:
		if p, err = partyIn(key, v.JSON); err != nil {
			return p, err
		}
	case errors.As(err, &fe) && (fe.Kind == fhir.NotFound || fe.Kind == fhir.Gone || fe.Kind == fhir.Forbidden):
	default:
		return p, err
	}
	if len(d.known) >= maxNamed {
		clear(d.known)
	}
	d.known[key] = p
	return p, nil
}

// partyIn reads who a resource stands for.
func partyIn(key fhir.Key, text []byte) (casemodel.Party, error) {
	p := casemodel.Party{Ref: casemodel.Ref(key.String())}
	var r struct {
		Name       json.RawMessage        `json:"name"`
		Identifier []casemodel.Identifier `json:"identifier"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return p, fmt.Errorf("a stored %s: %w", key.Type, err)
	}
	if len(r.Identifier) > 0 {
		p.Identifier = r.Identifier[0]
	}
	var people []struct {
		Text, Family  string
		Given, Prefix []string
	}
	if json.Unmarshal(r.Name, &p.Name) == nil || json.Unmarshal(r.Name, &people) != nil || len(people) == 0 {
		return p, nil
	}
	if p.Name = people[0].Text; p.Name == "" {
		words := append(append(people[0].Prefix, people[0].Given...), people[0].Family)
		p.Name = strings.TrimSpace(strings.Join(words, " "))
	}
	return p, nil
}
