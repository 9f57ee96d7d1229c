package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/server/cases"
)

// store stores the CarePlan and what it contains as resources of their own, in
// one commit, and gives the CarePlan as it is stored, or by episodeOfCare the
// answer to the transaction.
func (a *applying) store(plan object) ([]byte, error) {
	entries, err := a.entries(plan, func(key fhir.Key) string { return key.String() })
	if err != nil {
		return nil, err
	}
	if a.byEpisode() {
		return a.s.transact(a.ctx, entries, a.call.Base)
	}
	return a.s.commit(a.ctx, entries, a.call.Base)
}

// transaction is the Bundle that would store the CarePlan and what it contains.
func (a *applying) transaction(plan object) ([]byte, error) {
	entries, err := a.entries(plan, func(key fhir.Key) string { return "urn:uuid:" + key.ID })
	if err != nil {
		return nil, err
	}
	return encoded(object{"resourceType": "Bundle", "type": "transaction", "entry": entries}), nil
}

// entries are those of a transaction that stores the CarePlan and what it contains.
// named is how the resources refer to one another.
func (a *applying) entries(plan object, named func(fhir.Key) string) (entries []object, err error) {
	links, keys := map[string]string{}, make([]fhir.Key, 0, len(a.contained)+1)
	for _, r := range a.contained {
		key := fhir.Key{Type: text(r["resourceType"]), ID: fhir.NewID(a.now)}
		links["#"+text(r["id"])], keys = named(key), append(keys, key)
	}
	keys = append(keys, fhir.Key{Type: "CarePlan", ID: fhir.NewID(a.now)})
	for i, r := range append(slices.Clone(a.contained), plan) {
		resource, err := relinked(r, links)
		if err != nil {
			return nil, err
		}
		delete(resource, "id")
		a.bindToCase(resource)
		url := named(keys[i])
		if !strings.HasPrefix(url, "urn:") {
			url, resource["id"] = a.call.Base+"/"+url, keys[i].ID
		}
		entries = append(entries, object{"fullUrl": url, "resource": resource, "request": object{"method": "POST", "url": keys[i].Type}})
	}
	return entries, nil
}

// bindToCase lets a resource belong to the episode's case.
func (a *applying) bindToCase(r object) {
	if !a.episode.Valid() {
		return
	}
	r["meta"] = object{"tag": []object{{"system": interaction.CaseSystem, "code": a.episode.Child("id").Text()}}}
	switch r["resourceType"] {
	case "CarePlan", "ServiceRequest", "CommunicationRequest":
		list, _ := r["extension"].([]any)
		r["extension"] = append(list, object{"url": episodeExtension, "valueReference": object{"reference": referenceTo(a.episode)}})
	}
}

// witness says who made a plan of a PlanDefinition, of which version, and why.
func (a *applying) witness(of fhir.Key, version int64, plan object) cases.Witness {
	w := cases.Witness{Activity: "apply", Why: a.given.text("reason"), Sources: []map[string]any{
		{"reference": of.String() + "/_history/" + strconv.FormatInt(version, 10)},
	}}
	if w.Why == "" {
		w.Why = "A PlanDefinition was applied"
		if title, named := plan["title"].(string); named {
			w.Why += ": " + title
		}
	}
	if by := a.requester(); by != nil {
		w.Author, _ = by["reference"].(string)
	}
	return w
}

// episodeExtension names the episode that a resource is part of.
const episodeExtension = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"

// commit stores entries at once, and gives what the last one is stored as.
func (s *Service) commit(ctx context.Context, entries []object, base string) ([]byte, error) {
	answer, err := s.transact(ctx, entries, base)
	if err != nil {
		return nil, err
	}
	var b struct {
		Entry []struct {
			Resource json.RawMessage `json:"resource"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(answer, &b); err != nil || len(b.Entry) != len(entries) {
		return nil, fmt.Errorf("the answer to a transaction doesn't fit it: %w", err)
	}
	return b.Entry[len(entries)-1].Resource, nil
}

// transact stores entries at once, and gives the Bundle of what they are stored as.
func (s *Service) transact(ctx context.Context, entries []object, base string) ([]byte, error) {
	return s.engine.Bundle(ctx, interaction.BundleRequest{
		Body: encoded(object{"resourceType": "Bundle", "type": "transaction", "entry": entries}), Base: base, Return: interaction.ReturnRepresentation,
	})
}
