package operation

import (
	"slices"
	"strconv"

	"caseway/fhir"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
)

// store stores the CarePlan and what it contains as resources of their own, in
// one commit, and gives the CarePlan as it is stored, or by episodeOfCare the
// answer that a transaction would have.
func (a *applying) store(plan object, note rules.Attestation) ([]byte, error) {
	made, err := a.resources(plan, fhir.Key.String)
	if err != nil {
		return nil, err
	}
	done, err := a.s.create(a.ctx, made, note)
	if err != nil {
		return nil, err
	}
	if a.byEpisode() {
		return transactionResponse(done.Versions, a.call.Base), nil
	}
	return done.Versions[len(done.Versions)-1].JSON, nil
}

// transaction is the Bundle that would store the CarePlan and what it contains.
func (a *applying) transaction(plan object) ([]byte, error) {
	named := func(key fhir.Key) string { return "urn:uuid:" + key.ID }
	made, err := a.resources(plan, named)
	if err != nil {
		return nil, err
	}
	var entries []object
	for _, m := range made {
		entries = append(entries, object{
			"fullUrl": named(m.key), "resource": m.resource, "request": object{"method": "POST", "url": m.key.Type},
		})
	}
	return encoded(object{"resourceType": "Bundle", "type": "transaction", "entry": entries}), nil
}

// fresh is a resource that an operation makes, under an id of its own.
type fresh struct {
	key      fhir.Key
	resource object // without an id
}

// resources are the CarePlan and what it contains, the CarePlan last. named is how
// they refer to one another.
func (a *applying) resources(plan object, named func(fhir.Key) string) (all []fresh, err error) {
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
		all = append(all, fresh{keys[i], resource})
	}
	return all, nil
}

// bindToCase lets a resource belong to the episode's case.
func (a *applying) bindToCase(r object) {
	if !a.episode.Valid() {
		return
	}
	r["meta"] = object{"tag": []object{{"system": membership.CaseSystem, "code": a.episode.Child("id").Text()}}}
	switch r["resourceType"] {
	case "CarePlan", "ServiceRequest", "CommunicationRequest":
		list, _ := r["extension"].([]any)
		r["extension"] = append(list, object{"url": episodeExtension, "valueReference": object{"reference": referenceTo(a.episode)}})
	}
}

// attestation says who made a plan of a PlanDefinition, of which version, and why.
func (a *applying) attestation(of fhir.Key, version int64, plan object) rules.Attestation {
	note := rules.Attestation{Activity: "apply", Why: a.given.text("reason"), Sources: []map[string]any{
		{"reference": of.String() + "/_history/" + strconv.FormatInt(version, 10)},
	}}
	if note.Why == "" {
		note.Why = "A PlanDefinition was applied"
		if title, named := plan["title"].(string); named {
			note.Why += ": " + title
		}
	}
	if by := a.requester(); by != nil {
		note.Author, _ = by["reference"].(string)
	}
	return note
}

// episodeExtension names the episode that a resource is part of.
const episodeExtension = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"
