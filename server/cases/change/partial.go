package change

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
)

// Partial is a case of which its caller may not see all. Rules are judged by the
// whole of it; the caller names and is told only what they see. What they don't see
// is to them like what isn't there, but for the name of a rule that it breaks.
type Partial struct {
	Seen, Whole *assembly.Assembled
	stands      map[casemodel.Ref]casemodel.Ref // for what was asked: the name that isn't there
}

// hides reports whether a part of the case is there that the caller doesn't see.
func (p *Partial) hides(ref casemodel.Ref) bool {
	key, ok := fhir.ParseKey(string(ref))
	if !ok {
		return false
	}
	_, there := p.Whole.Versions[key]
	_, shown := p.Seen.Versions[key]
	return there && !shown
}

func (p *Partial) hidesNothing() bool { return len(p.Seen.Versions) == len(p.Whole.Versions) }

var (
	partRef  = reflect.TypeFor[casemodel.Ref]()
	partyRef = reflect.TypeFor[casemodel.Party]()
)

// Ask gives an action's argument with names of nothing in the place of parts that
// the caller doesn't see. People and organizations aren't parts.
func (p *Partial) Ask(argument any, ids *assembly.IDs) any {
	if argument == nil || p.hidesNothing() {
		return argument
	}
	v := reflect.New(reflect.TypeOf(argument)).Elem()
	v.Set(reflect.ValueOf(argument))
	p.rename(v, ids.Next)
	return v.Interface()
}

func (p *Partial) rename(v reflect.Value, newID func(string) casemodel.Ref) {
	switch {
	case v.Type() == partyRef:
	case v.Type() == partRef:
		if asked := casemodel.Ref(v.String()); p.hides(asked) {
			other := newID(asked.Type())
			if p.stands == nil {
				p.stands = map[casemodel.Ref]casemodel.Ref{}
			}
			p.stands[other] = asked
			v.SetString(string(other))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			p.rename(v.Field(i), newID)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			p.rename(v.Index(i), newID)
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		p.rename(v.Elem(), newID)
	}
}

// Tell gives an error of the rules as the caller may know it: without ids,
// statuses and numbers of what they don't see.
func (p *Partial) Tell(err error) error {
	found := casemodel.Errors(nil)
	if !errors.As(err, &found) || p.hidesNothing() {
		return err
	}
	seen, whole := PathsOf(&p.Seen.Case), PathsOf(&p.Whole.Case)
	var told casemodel.Errors
	for _, e := range found {
		e := *e
		asked, stands := p.stands[e.Part]
		rest, inside := strings.CutPrefix(e.Path, whole[e.Part])
		switch {
		case stands:
			e.Part = asked
		case p.hides(e.Part):
			e.Part, e.Path, e.Text = "", "", TextOf(e.Rule)
		case strings.HasPrefix(e.Path, "argument") || !strings.Contains(e.Path, "["):
		case inside && seen[e.Part] != "":
			e.Path = seen[e.Part] + rest
		default:
			e.Path = "" // counts parts of the whole
		}
		if !slices.ContainsFunc(told, func(other *casemodel.RuleError) bool {
			return other.Rule == e.Rule && other.Part == e.Part && other.Path == e.Path && other.Text == e.Text
		}) {
			told = append(told, &e)
		}
	}
	return told
}

// TextOf is what a rule says of itself, "" for an unknown one.
func TextOf(rule string) string {
	for _, r := range casemodel.Rules() {
		if r.Name == rule {
			return r.Text
		}
	}
	return ""
}

// PathsOf are the paths of the parts of a case by their ids; "" is that of the case.
func PathsOf(c *casemodel.Case) map[casemodel.Ref]string {
	all := map[casemodel.Ref]string{"": ""}
	for p := range c.Parts() {
		all[p.ID] = p.Path
	}
	return all
}
