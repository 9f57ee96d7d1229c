package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/fhirpath"
)

// applying is a PlanDefinition on its way to a CarePlan
// (https://hl7.org/fhir/R4/plandefinition-operation-apply.html).
type applying struct {
	s     *Service
	ctx   context.Context
	call  call
	work  *budget.Work // of all expressions
	given arguments
	now   time.Time
	// episode is the EpisodeOfCare that what is made belongs to, if any.
	episode fhir.Node
	// names are the resources that expressions can name, and how they are
	// referred to: subject, encounter, practitioner, organization.
	names     map[string]fhir.Node
	variables map[string]fhirpath.Collection
	contained []object // goals and requests
	goals     []object // references to them
	activity  []object
	notes     []string
	skipped   []string // why actions don't apply
	nested    []string // canonical URLs of the definitions around
}

// most bounds what one call makes.
const most = 500

// apply is PlanDefinition/[id]/$apply, and $apply with planDefinition.
func (s *Service) apply(ctx context.Context, c call) ([]byte, error) {
	if err := c.fitToApply(); err != nil {
		return nil, err
	}
	if err := s.findPlanDefinition(ctx, &c); err != nil {
		return nil, err
	}
	a, err := s.applying(ctx, c)
	if err != nil {
		return nil, err
	}
	plan, err := a.plan(c.target.JSON)
	if err != nil {
		return nil, err
	}
	text, err := a.preview(plan)
	stores := c.given.is("store") || a.episode.Valid() && !c.Get
	switch {
	case err != nil:
		return nil, err
	case !stores && !a.byEpisode():
		return text, nil
	}
	delete(plan, "contained")
	if !stores {
		return a.transaction(plan)
	}
	return a.store(plan, a.attestation(c.target.Key, c.target.VersionID, plan))
}

// applyActivity is ActivityDefinition/[id]/$apply
// (https://hl7.org/fhir/R4/activitydefinition-operation-apply.html).
func (s *Service) applyActivity(ctx context.Context, c call) ([]byte, error) {
	a, err := s.applying(ctx, c)
	if err != nil {
		return nil, err
	}
	m, err := a.making(&planAction{}, c.target.JSON, "ActivityDefinition")
	if err != nil {
		return nil, err
	}
	switch m.r["resourceType"] {
	case "Appointment":
		if len(a.notes) > 0 {
			m.r["comment"] = strings.Join(a.notes, " ")
		}
	default:
		setList(m.r, "note", a.noted())
	}
	text := encoded(m.r)
	return text, a.sound(text)
}

// fitToApply refuses parameters that don't go together.
func (c call) fitToApply() error {
	inCase := c.given.text("episodeOfCare") != ""
	switch {
	case c.Get && c.given.is("store"):
		return invalid("store", "is for POST: GET gives a preview")
	case inCase && c.given.text("episode") != "":
		return invalid("episode", "is another way to say episodeOfCare; give one of them")
	case !c.given.is("store") && c.given.text("episode") != "":
		return invalid("episode", "goes with store: a preview belongs to no case")
	case !c.given.is("store") && (!inCase || c.Get) && c.given.text("reason") != "":
		return invalid("reason", "goes with store: a preview has no Provenance")
	}
	return nil
}

// findPlanDefinition finds the definition that a call on the type or the system
// names.
func (s *Service) findPlanDefinition(ctx context.Context, c *call) error {
	url := c.given.text("planDefinition")
	if c.Key.ID != "" {
		if url != "" {
			return invalid("planDefinition", "is for a call on the type or the system: the URL names the PlanDefinition")
		}
		return nil
	}
	if url == "" {
		return fhir.NewError(fhir.Invalid, fhir.IssueRequired, "parameter planDefinition is missing: a call on the type or the system names the PlanDefinition by it")
	}
	if key, ours := c.keyOf(url); ours {
		url = key.String()
	}
	text, err := s.resolve(ctx, "PlanDefinition", url)
	if err != nil {
		return err
	}
	if text == nil {
		return fhir.NewError(fhir.Unprocessable, fhir.IssueNotFound, "parameter planDefinition names no PlanDefinition of this server")
	}
	tree, err := s.decode(text)
	if err != nil {
		return err
	}
	c.target.JSON, c.target.Key = text, fhir.Key{Type: "PlanDefinition", ID: tree.ID()}
	c.target.VersionID, _ = strconv.ParseInt(tree.Root().Child("meta").Child("versionId").Text(), 10, 64) // 0 for what is built in
	return nil
}

// applying reads whom and what a call names.
func (s *Service) applying(ctx context.Context, c call) (*applying, error) {
	a := &applying{
		work: budget.NewWork(ctx, budget.DefaultSteps),
		s:    s, ctx: ctx, call: c, given: c.given, now: s.clock().UTC().Truncate(time.Millisecond), names: map[string]fhir.Node{},
	}
	if err := a.findEpisode(); err != nil {
		return nil, err
	}
	return a, a.meet()
}

// findEpisode reads the EpisodeOfCare that a call names, whose patient is the
// subject.
func (a *applying) findEpisode() error {
	name := "episode"
	if a.byEpisode() {
		name = "episodeOfCare"
	}
	ref := a.given.text(name)
	if ref == "" {
		return nil
	}
	tree, err := a.s.named(a.ctx, a.call, name, ref, []string{"EpisodeOfCare"})
	if err != nil {
		return err
	}
	a.episode = tree.Root()
	of, ours := a.call.keyOf(a.episode.Child("patient").Child("reference").Text())
	if !ours || of.Type != "Patient" {
		return invalid(name, "names no Patient of this server")
	}
	subject := a.given.text("subject")
	if key, _ := a.call.keyOf(subject); subject != "" && key != of {
		return invalid(name, "isn't one of the subject")
	}
	a.given["subject"] = []json.RawMessage{encoded(of.String())}
	return nil
}

// byEpisode reports whether a call is of the form in which the Danish eHealth
// infrastructure has $apply: GET gives a transaction that would store what is
// made, and POST does that.
func (a *applying) byEpisode() bool { return a.given.text("episodeOfCare") != "" }

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
		switch {
		case ref == "" && w.name == "subject":
			return fhir.NewError(fhir.Invalid, fhir.IssueRequired, "parameter subject is missing: it says for whom the definition is applied")
		case ref == "":
			continue
		}
		tree, err := a.s.named(a.ctx, a.call, w.name, ref, w.types)
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
func (s *Service) named(ctx context.Context, c call, name, ref string, types []string) (*fhir.Tree, error) {
	key, ok := c.keyOf(ref)
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
	return fhir.DecodeStored(s.schema, text)
}

// plan makes the CarePlan without what it contains.
func (a *applying) plan(text []byte) (object, error) {
	var d planDefinition
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("a PlanDefinition: %w", err)
	}
	all, err := a.definition(&d, "PlanDefinition")
	if err != nil {
		return nil, err
	}
	a.activities(all)
	a.noteEmpty(&d)
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
	setList(plan, "note", a.noted())
	return plan, nil
}

// noted are the notes as Annotations.
func (a *applying) noted() (all []object) {
	for _, n := range a.notes {
		all = append(all, object{"text": n})
	}
	return all
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
	return text, a.sound(text)
}

// sound refuses a definition that makes something which isn't sound.
func (a *applying) sound(text []byte) error {
	if _, err := fhir.Decode(a.s.schema, text, fhir.Limits{Bytes: len(text)}); err != nil {
		return notSound(err)
	}
	return nil
}

// notSound says that a definition makes something that isn't sound.
func notSound(err error) error {
	fe := fhir.NewError(fhir.Unprocessable, fhir.IssueInvalid, "what the definition makes isn't valid").Because(err)
	if wrong, ok := err.(*fhir.Error); ok { //nolint:errorlint // as Decode gives it
		fe.Issues = append(fe.Issues, wrong.Issues...)
	}
	return fe
}
