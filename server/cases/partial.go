package cases

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// partial is a case of which its caller may not see all. Rules are judged by the
// whole of it; the caller names and is told only what they see. What they don't see
// is to them like what isn't there, but for the name of a rule that it breaks.
type partial struct {
	seen, whole *assembled
	stands      map[casemodel.Ref]casemodel.Ref // for what was asked: the name that isn't there
}

// hides reports whether a part of the case is there that the caller doesn't see.
func (p *partial) hides(ref casemodel.Ref) bool {
	key, ok := fhir.ParseKey(string(ref))
	if !ok {
		return false
	}
	_, there := p.whole.versions[key]
	_, shown := p.seen.versions[key]
	return there && !shown
}

func (p *partial) hidesNothing() bool { return len(p.seen.versions) == len(p.whole.versions) }

var (
	partRef  = reflect.TypeFor[casemodel.Ref]()
	partyRef = reflect.TypeFor[casemodel.Party]()
)

// ask gives an action's argument with names of nothing in the place of parts that
// the caller doesn't see. People and organizations aren't parts.
func (p *partial) ask(argument any, ids *newIDs) any {
	if argument == nil || p.hidesNothing() {
		return argument
	}
	v := reflect.New(reflect.TypeOf(argument)).Elem()
	v.Set(reflect.ValueOf(argument))
	p.rename(v, ids.next)
	return v.Interface()
}

func (p *partial) rename(v reflect.Value, newID func(string) casemodel.Ref) {
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

// tell gives an error of the rules as the caller may know it: without ids,
// statuses and numbers of what they don't see.
func (p *partial) tell(err error) error {
	found := casemodel.Errors(nil)
	if !errors.As(err, &found) || p.hidesNothing() {
		return err
	}
	seen, whole := pathsOf(&p.seen.c), pathsOf(&p.whole.c)
	var told casemodel.Errors
	for _, e := range found {
		e := *e
		asked, stands := p.stands[e.Part]
		rest, inside := strings.CutPrefix(e.Path, whole[e.Part])
		switch {
		case stands:
			e.Part = asked
		case p.hides(e.Part):
			e.Part, e.Path, e.Text = "", "", textOf(e.Rule)
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

func textOf(rule string) string {
	for _, r := range casemodel.Rules() {
		if r.Name == rule {
			return r.Text
		}
	}
	return ""
}

// shows reports whether a case as its caller sees it has the resource of a part,
// where the part has one.
func (a *assembled) shows(part string) bool {
	key, ok := fhir.ParseKey(part)
	_, there := a.versions[key]
	return !ok || there
}

// seenBy leaves out what was changed and lost of parts that the caller doesn't see.
func (v *View) seenBy(a *assembled) {
	v.Changes = slices.DeleteFunc(v.Changes, func(c casemodel.Change) bool { return !a.shows(string(c.ID)) })
	v.Losses = slices.DeleteFunc(v.Losses, func(l Loss) bool { return !a.shows(l.Part) })
}
