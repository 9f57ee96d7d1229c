package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/snapshot"
	"caseway/fhir/store"
	"caseway/fhir/validate"
)

// validation is a call of $validate, read.
type validation struct {
	call
	data    []byte // of the resource; nil where none is given
	at      int    // where data begins in the body
	mode    string
	profile string
}

// validate is [type]/$validate and [type]/[id]/$validate
// (https://hl7.org/fhir/R4/resource-operation-validate.html). What is wrong with the
// resource is the answer and no error, even where it isn't JSON.
func (s *Service) validate(ctx context.Context, c call) ([]byte, error) {
	v, err := readValidation(c)
	if err != nil {
		return nil, err
	}
	if err := v.check(s.validator); err != nil {
		return nil, err
	}
	if v.mode == "delete" {
		found, err := s.tried(ctx, interaction.Write{Method: store.Delete, Key: c.Key, At: c.Key.Type})
		return outcomeOf(found, nil), err
	}
	stored := v.data == nil
	if stored {
		v.data = c.target.JSON
	}
	request := validate.Request{}
	if v.profile != "" {
		request.Profiles = []string{v.profile}
	}
	tree, found := s.validator.Text(ctx, v.data, fhir.Limits{Bytes: len(v.data)}, request)
	found = append(found, v.misplaced(tree)...)
	places := validate.Positions(v.data, tree, found)
	for i := range places {
		places[i] = v.inBody(places[i], stored)
	}
	if w, ok := v.write(tree, s.clock()); ok && !hasErrors(found) {
		more, err := s.tried(ctx, w)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
		places = append(places, make([]validate.Position, len(more))...)
	}
	return outcomeOf(found, places), nil
}

// misplaced says where a resource isn't what the URL speaks of.
func (v *validation) misplaced(tree *fhir.Tree) (found []validate.Issue) {
	if tree == nil || tree.Type() == nil {
		return nil
	}
	if name := tree.Type().Name; name != v.Key.Type {
		found = append(found, validate.Issue{
			Severity: fhir.SeverityError, Code: fhir.IssueInvalid, Expression: name, Rule: "resource-type", Text: "must be a " + v.Key.Type + ", as the URL says",
		})
	}
	if v.mode == "update" && tree.ID() != v.Key.ID {
		found = append(found, validate.Issue{
			Severity: fhir.SeverityError, Code: fhir.IssueInvalid, Expression: tree.Type().Name + ".id", Rule: "resource-id", Text: "must be the id in the URL",
		})
	}
	return found
}

// looseText is a string of JSON; what is of another kind has none.
type looseText string

func (t *looseText) UnmarshalJSON(data []byte) error {
	s := ""
	if json.Unmarshal(data, &s) == nil {
		*t = looseText(s)
	}
	return nil
}

// looseParameter is one of a call's Parameters, as far as $validate reads it.
type looseParameter struct {
	Name           looseText       `json:"name"`
	Resource       json.RawMessage `json:"resource"`
	ValueCode      looseText       `json:"valueCode"`
	ValueString    looseText       `json:"valueString"`
	ValueURI       looseText       `json:"valueUri"`
	ValueURL       looseText       `json:"valueUrl"`
	ValueCanonical looseText       `json:"valueCanonical"`
}

func (p *looseParameter) value() string {
	return string(p.ValueCode + p.ValueString + p.ValueURI + p.ValueURL + p.ValueCanonical)
}

// readValidation reads what a call gives, by URL, in Parameters or as the resource
// itself. A body that isn't JSON is taken for a resource. Parameters are read without
// their definition, which would refuse a resource that is to be validated.
func readValidation(c call) (validation, error) {
	v := validation{call: c, mode: c.given.text("mode"), profile: c.given.text("profile")}
	if len(c.Body) == 0 {
		return v, nil
	}
	var head struct {
		ResourceType looseText       `json:"resourceType"`
		Parameter    json.RawMessage `json:"parameter"`
	}
	if err := json.Unmarshal(c.Body, &head); err != nil || head.ResourceType != "Parameters" {
		v.data = c.Body
		return v, nil
	}
	var list []looseParameter
	if err := json.Unmarshal(head.Parameter, &list); err != nil && len(head.Parameter) > 0 {
		return v, fhir.NewError(fhir.Invalid, fhir.IssueStructure, "must be a list of objects").At("Parameters.parameter")
	}
	if wrong := v.take(list); len(wrong) > 0 {
		return v, &fhir.Error{Kind: fhir.Invalid, Issues: wrong}
	}
	if len(v.data) > 0 {
		v.at = bytes.Index(c.Body, v.data)
	}
	return v, nil
}

// take keeps what Parameters give, and says what is wrong with them.
func (v *validation) take(list []looseParameter) (wrong []fhir.Issue) {
	given := map[looseText]bool{"mode": v.mode != "", "profile": v.profile != ""}
	for i := range list {
		p := &list[i]
		if given[p.Name] {
			wrong = append(wrong, twice(string(p.Name)))
		}
		given[p.Name] = true
		fits := p.value() != ""
		switch p.Name {
		case "resource":
			v.data, fits = p.Resource, len(p.Resource) > 0
		case "mode":
			v.mode = p.value()
		case "profile":
			v.profile = p.value()
		default:
			wrong = append(wrong, issue(fhir.IssueNotSupported, "$validate has no parameter "+printable(string(p.Name))+"; it has resource, mode, profile"))
			continue
		}
		if !fits {
			wrong = append(wrong, issue(fhir.IssueValue, "parameter "+string(p.Name)+" has no value that fits"))
		}
	}
	return wrong
}

// check refuses a call that can't be answered.
func (v *validation) check(validator *validate.Validator) error {
	refuse := func(parameter, text string) error { return invalid(parameter, text) }
	switch v.mode {
	case "", "create", "update":
	case "profile":
		if v.profile == "" {
			return refuse("profile", "is needed with mode profile")
		}
	case "delete":
		if v.Key.ID == "" {
			return refuse("mode", "delete goes with the resource that is to be deleted: "+v.Key.Type+"/[id]/$validate")
		}
		return nil
	default:
		return refuse("mode", "must be create, update, delete or profile")
	}
	if v.mode == "create" && v.Key.ID != "" {
		return refuse("mode", "create goes with the type: "+v.Key.Type+"/$validate")
	}
	if v.mode == "update" && v.Key.ID == "" {
		return refuse("mode", "update goes with the resource that is to be updated: "+v.Key.Type+"/[id]/$validate")
	}
	if v.profile != "" {
		if err := validator.Usable(v.profile); err != nil {
			if errors.Is(err, snapshot.ErrUnknown) {
				return refuse("profile", "names a profile that isn't known here")
			}
			return refuse("profile", "names a profile whose definition can't be used: "+err.Error())
		}
	}
	if v.data == nil && v.Key.ID == "" {
		return refuse("resource", "is missing")
	}
	return nil
}

// write is what mode asks about; ok is false where it asks about no write, or the
// resource is none that can be written.
func (v *validation) write(tree *fhir.Tree, now time.Time) (w interaction.Write, ok bool) {
	if tree == nil || tree.Type() == nil {
		return w, false
	}
	switch v.mode {
	case "create":
		return interaction.Write{Method: store.Post, Key: fhir.Key{Type: v.Key.Type, ID: fhir.NewID(now)}, Resource: tree, At: v.Key.Type}, true
	case "update":
		return interaction.Write{Method: store.Put, Key: v.Key, Resource: tree, At: v.Key.Type}, true
	}
	return w, false
}

// tried finds out whether a write would be accepted from the caller now, and gives
// what stands against it.
func (s *Service) tried(ctx context.Context, w interaction.Write) ([]validate.Issue, error) {
	_, err := s.engine.Commit(ctx, interaction.Change{Writes: []interaction.Write{w}, DryRun: true})
	e := (*fhir.Error)(nil)
	if err == nil {
		return nil, nil
	}
	if !errors.As(err, &e) || fhir.Is(err, fhir.Internal, fhir.Transient, fhir.Throttled) {
		return nil, err
	}
	found := make([]validate.Issue, len(e.Issues))
	for i, is := range e.Issues {
		found[i] = validate.Issue{Severity: is.Severity, Code: is.Code, Expression: is.Expression, Text: is.Text}
	}
	return found, nil
}

func hasErrors(found []validate.Issue) bool {
	for i := range found {
		if found[i].Severity == fhir.SeverityError || found[i].Severity == "" {
			return true
		}
	}
	return false
}

// inBody moves a place in the resource to its place in the body; what is stored has
// none.
func (v *validation) inBody(p validate.Position, stored bool) validate.Position {
	if stored || p.Line == 0 {
		return validate.Position{}
	}
	before := v.Body[:v.at]
	if p.Line == 1 {
		p.Column += len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:])))
	}
	p.Line += bytes.Count(before, []byte{'\n'})
	return p
}

// The extensions of issues, with which validators say more.
const (
	lineURL   = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line"
	columnURL = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col"
	sourceURL = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-source"
	ruleURL   = "http://hl7.org/fhir/StructureDefinition/operationoutcome-message-id"
)

type issueExtension struct {
	URL          string `json:"url"`
	ValueInteger int    `json:"valueInteger,omitempty"`
	ValueString  string `json:"valueString,omitempty"`
	ValueCode    string `json:"valueCode,omitempty"`
}

type outcomeIssue struct {
	Extension   []issueExtension `json:"extension,omitempty"`
	Severity    fhir.Severity    `json:"severity"`
	Code        string           `json:"code"`
	Diagnostics string           `json:"diagnostics"`
	Expression  []string         `json:"expression,omitempty"`
}

// outcomeOf is the OperationOutcome of all that was found, each with its place, if
// it has one.
func outcomeOf(found []validate.Issue, places []validate.Position) []byte {
	if len(found) == 0 {
		return fhir.Outcome()
	}
	all := make([]outcomeIssue, len(found))
	for i := range found {
		f := &found[i]
		told := f.Issue()
		o := outcomeIssue{Severity: f.Severity, Code: f.Code, Diagnostics: told.Diagnostics()}
		if o.Severity == "" {
			o.Severity = fhir.SeverityError
		}
		if f.Expression != "" {
			o.Expression = []string{f.Expression}
		}
		if i < len(places) && places[i].Line > 0 {
			o.Extension = append(o.Extension, issueExtension{URL: lineURL, ValueInteger: places[i].Line}, issueExtension{URL: columnURL, ValueInteger: places[i].Column})
		}
		if f.Profile != "" {
			o.Extension = append(o.Extension, issueExtension{URL: sourceURL, ValueString: f.Profile})
		}
		if f.Rule != "" {
			o.Extension = append(o.Extension, issueExtension{URL: ruleURL, ValueCode: f.Rule})
		}
		all[i] = o
	}
	return encoded(struct {
		ResourceType string         `json:"resourceType"`
		Issue        []outcomeIssue `json:"issue"`
	}{"OperationOutcome", all})
}
