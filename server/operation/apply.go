package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/fhirpath"
	"caseway/fhir/interaction"
	"caseway/server/cases"
)

// applying is a PlanDefinition on its way to a CarePlan
// (https://hl7.org/fhir/R4/plandefinition-operation-apply.html).
type applying struct {
	s     *Service
	ctx   context.Context
	given arguments
	now   time.Time
	// names are the resources that expressions can name, and how they are
	// referred to: subject, encounter, practitioner, organization.
	names     map[string]fhir.Node
	variables map[string]fhirpath.Collection
	contained []object // goals and requests
	goals     []object // references to them
	activity  []object
	notes     []string
	nested    []string // canonical URLs of the definitions around
}

// most bounds what one call makes.
const most = 500

// apply is PlanDefinition/[id]/$apply.
func (s *Service) apply(ctx context.Context, c call) ([]byte, error) {
	if c.Get && c.given.is("store") {
		return nil, invalid("store", "is for POST, by itself or in a batch: GET gives a preview")
	}
	if !c.given.is("store") && c.given.text("episode") != "" {
		return nil, invalid("episode", "goes with store: a preview belongs to no case")
	}
	if !c.given.is("store") && c.given.text("reason") != "" {
		return nil, invalid("reason", "goes with store: a preview has no Provenance")
	}
	a := &applying{s: s, ctx: ctx, given: c.given, now: s.clock().UTC().Truncate(time.Millisecond), names: map[string]fhir.Node{}}
	if err := a.meet(); err != nil {
		return nil, err
	}
	plan, err := a.plan(c.target.JSON)
	if err != nil {
		return nil, err
	}
	text, err := a.preview(plan)
	if err != nil || !c.given.is("store") {
		return text, err
	}
	delete(plan, "contained")
	a.ctx = cases.WithWitness(ctx, a.witness(c.target.Key, c.target.VersionID, plan))
	return a.store(plan, c.Base)
}

// whom are the parameters that name a resource, and the types that it can have.
var whom = []struct {
	name  string
	types []string
}{
	{"subject", []string{"Patient", "Group"}},
	{"encounter", []string{"Encounter"}},
	{"practitioner", []string{"Practitioner"}},
	{"organization", []string{"Organization"}},
}

// meet reads the resources that the call names, as the caller sees them.
func (a *applying) meet() error {
	a.variables = map[string]fhirpath.Collection{"encounter": {}, "practitioner": {}, "organization": {}}
	for _, w := range whom {
		ref := a.given.text(w.name)
		if ref == "" {
			continue
		}
		tree, err := a.s.named(a.ctx, w.name, ref, w.types)
		if err != nil {
			return err
		}
		a.names[w.name] = tree.Root()
		a.variables[w.name] = fhirpath.Collection{fhirpath.OfNode(tree.Root())}
	}
	a.variables["patient"] = a.variables["subject"]
	e, of := a.names["encounter"], a.names["subject"]
	if e.Valid() && e.Child("subject").Child("reference").Text() != referenceTo(of) {
		return invalid("encounter", "isn't one of the subject")
	}
	return nil
}

func referenceTo(n fhir.Node) string { return n.Type().Name + "/" + n.Child("id").Text() }

// named reads the resource that a parameter names.
func (s *Service) named(ctx context.Context, name, ref string, types []string) (*fhir.Tree, error) {
	key, ok := fhir.ParseKey(ref)
	if !ok || !strings.Contains("|"+strings.Join(types, "|")+"|", "|"+key.Type+"|") {
		return nil, invalid(name, "must be a "+strings.Join(types, " or ")+" of this server, such as "+types[0]+"/1")
	}
	v, err := s.engine.Read(ctx, key)
	if isMissing(err) {
		return nil, fhir.NewError(fhir.Unprocessable, fhir.IssueNotFound, "parameter "+name+" names nothing that is there")
	}
	if err != nil {
		return nil, err
	}
	return s.decode(v.JSON)
}

func (s *Service) decode(text []byte) (*fhir.Tree, error) {
	tree, err := fhir.Decode(s.schema, text, fhir.Limits{Bytes: len(text), Depth: fhir.DefaultLimits.Depth})
	if tree == nil || tree.Type() == nil {
		return nil, fmt.Errorf("a stored resource doesn't decode: %w", err)
	}
	return tree, nil
}

// plan makes the CarePlan without what it contains.
func (a *applying) plan(text []byte) (object, error) {
	var d planDefinition
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("a PlanDefinition: %w", err)
	}
	if err := a.definition(d, "PlanDefinition"); err != nil {
		return nil, err
	}
	plan := object{
		"resourceType": "CarePlan", "status": "draft", "intent": "proposal", "subject": a.reference("subject"),
		"created": a.now.Format(time.RFC3339),
	}
	set(plan, "title", d.Title)
	set(plan, "description", d.Description)
	if d.URL != "" {
		plan["instantiatesCanonical"] = []string{d.canonical()}
	}
	if a.names["encounter"].Valid() {
		plan["encounter"] = a.reference("encounter")
	}
	if author := a.requester(); author != nil {
		plan["author"] = author
	}
	setList(plan, "goal", a.goals)
	setList(plan, "activity", a.activity)
	for _, n := range a.notes {
		notes, _ := plan["note"].([]object)
		plan["note"] = append(notes, object{"text": n})
	}
	return plan, nil
}

func set(o object, name, value string) {
	if value != "" {
		o[name] = value
	}
}

func setRaw(o object, name string, value json.RawMessage) {
	if len(value) > 0 {
		o[name] = value
	}
}

func setList(o object, name string, list []object) {
	if len(list) > 0 {
		o[name] = list
	}
}

// reference is one to a resource that the call names.
func (a *applying) reference(name string) object {
	return object{"reference": referenceTo(a.names[name])}
}

// requester is who asks: the practitioner, else the organization, nil for none.
func (a *applying) requester() object {
	for _, name := range []string{"practitioner", "organization"} {
		if a.names[name].Valid() {
			return a.reference(name)
		}
	}
	return nil
}

// preview is the CarePlan with all that it contains; nothing is stored.
func (a *applying) preview(plan object) ([]byte, error) {
	setList(plan, "contained", a.contained)
	text := encoded(plan)
	if _, err := fhir.Decode(a.s.schema, text, fhir.Limits{Bytes: len(text), Depth: fhir.DefaultLimits.Depth}); err != nil {
		return nil, notSound(err)
	}
	return text, nil
}

// notSound says that a definition makes something that isn't sound.
func notSound(err error) error {
	fe := fhir.NewError(fhir.Unprocessable, fhir.IssueInvalid, "what the PlanDefinition makes isn't valid").Because(err)
	if wrong, ok := err.(*fhir.Error); ok { //nolint:errorlint // as Decode gives it
		fe.Issues = append(fe.Issues, wrong.Issues...)
	}
	return fe
}

// store stores the CarePlan and what it contains as resources of their own, in
// one commit, and gives the CarePlan as it is stored.
func (a *applying) store(plan object, base string) ([]byte, error) {
	var tag, episode object
	if ref := a.given.text("episode"); ref != "" {
		tree, err := a.s.named(a.ctx, "episode", ref, []string{"EpisodeOfCare"})
		if err != nil {
			return nil, err
		}
		if tree.Root().Child("patient").Child("reference").Text() != referenceTo(a.names["subject"]) {
			return nil, invalid("episode", "isn't one of the subject")
		}
		tag = object{"tag": []object{{"system": interaction.CaseSystem, "code": tree.ID()}}}
		episode = object{"url": episodeExtension, "valueReference": object{"reference": referenceTo(tree.Root())}}
	}
	text := string(encoded(plan))
	var entries []object
	add := func(r object) {
		typ := r["resourceType"].(string)
		if tag != nil {
			r["meta"] = tag
		}
		if episode != nil && (typ == "CarePlan" || typ == "ServiceRequest" || typ == "CommunicationRequest") {
			list, _ := r["extension"].([]object)
			r["extension"] = append(list, episode)
		}
		entries = append(entries, object{
			"fullUrl": base + "/" + typ + "/" + r["id"].(string), "resource": r, "request": object{"method": "POST", "url": typ},
		})
	}
	for _, r := range a.contained {
		local, id := r["id"].(string), fhir.NewID(a.now)
		text = strings.ReplaceAll(text, `"#`+local+`"`, `"`+r["resourceType"].(string)+"/"+id+`"`)
		r["id"] = id
		add(r)
	}
	plan = object{}
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return nil, err
	}
	plan["id"] = fhir.NewID(a.now)
	add(plan)
	return a.s.commit(a.ctx, entries, base)
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
	answer, err := s.engine.Bundle(ctx, interaction.BundleRequest{
		Body: encoded(object{"resourceType": "Bundle", "type": "transaction", "entry": entries}), Base: base, Return: interaction.ReturnRepresentation,
	})
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
