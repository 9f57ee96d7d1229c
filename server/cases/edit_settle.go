package cases

import (
	"errors"
	"net/http"
	"reflect"
	"strings"

	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"
)

// settle gives new parts their ids, and refuses parts that aren't there, that are
// there twice, and that were left out without being removed.
func (d *draft) settle(e Edit, newID func(string) casemodel.Ref) error {
	known := map[casemodel.Ref]bool{}
	for p := range d.base.Parts() {
		known[p.ID] = true
	}
	var faults []problem.Fault
	named := map[casemodel.Ref]casemodel.Ref{}
	there := map[casemodel.Ref]bool{}
	for p := range d.mine.Parts() {
		id := reflect.ValueOf(p.Value).Elem().FieldByName("ID")
		at := d.pointer(p.Path) + "/id"
		switch {
		case p.ID == "" || temporary(p.ID) && named[p.ID] == "":
			now := newID(TypesOf[p.Kind][0])
			if p.ID != "" {
				named[p.ID] = now
			}
			if p.Path == d.at {
				d.added = now
			}
			id.SetString(string(now))
		case there[p.ID] || named[p.ID] != "":
			faults = append(faults, problem.Fault{Pointer: at, Part: p.ID, Detail: "the same part is there twice"})
		case !known[p.ID]:
			faults = append(faults, problem.Fault{Pointer: at, Detail: "the case has no such part; leave the id of a new one out"})
		}
		there[p.ID] = true
	}
	rename(reflect.ValueOf(&d.mine).Elem(), named)
	faults = append(faults, d.leftOut(e, there)...)
	if len(faults) == 0 {
		return nil
	}
	if faults[0].Rule != "" {
		return problem.New(http.StatusUnprocessableEntity, "business-rule", "A rule of the case stands against it", "").With(faults)
	}
	return problem.New(http.StatusUnprocessableEntity, "not-found", "Something that the edit names isn't there", "").With(faults)
}

// rename gives what names new parts by their temporary ids the ids that they got.
func rename(v reflect.Value, named map[casemodel.Ref]casemodel.Ref) {
	if len(named) == 0 {
		return
	}
	switch {
	case v.Type() == refType:
		if now := named[casemodel.Ref(v.String())]; now != "" {
			v.SetString(string(now))
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			rename(v.Field(i), named)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			rename(v.Index(i), named)
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		rename(v.Elem(), named)
	}
}

// leftOut finds parts that the edited case lacks. A JSON Patch says by itself
// that it removes them; what is only left out may have been forgotten.
func (d *draft) leftOut(e Edit, there map[casemodel.Ref]bool) []problem.Fault {
	var faults []problem.Fault
	gone := "none"
	for p := range d.shown.Parts() {
		if there[p.ID] || strings.HasPrefix(p.Path, gone) {
			continue
		}
		gone = p.Path + "." // what is below it goes along
		if e.MediaType == JSONPatch {
			d.removed = append(d.removed, p.ID)
			continue
		}
		list := d.pointer(p.Path)
		faults = append(faults, problem.Fault{
			Rule: "part-removed", Pointer: list[:strings.LastIndexByte(list, '/')], Part: p.ID,
			Detail: "Nothing is taken out of a case by leaving it out; DELETE its URL, or remove it by a JSON Patch, to have it marked as removed.",
		})
	}
	return faults
}

// pointer is the place of a path of the edited case in the document that the
// client edits.
func (d *draft) pointer(path string) string {
	if d.at == "" {
		return problem.Pointer(path)
	}
	rest, inside := strings.CutPrefix(path, d.at)
	if !inside || rest != "" && rest[0] != '.' && rest[0] != '[' {
		return ""
	}
	return strings.TrimSuffix(problem.Pointer(strings.TrimPrefix(rest, ".")), "/")
}

// tell gives what stands against an edit with its places in the document that
// the client edits. Of parts that they don't see it says the rule alone.
func (d *draft) tell(err error, after *casemodel.Case, whole *assembly.Assembled) error {
	found := casemodel.Errors(nil)
	if !errors.As(err, &found) {
		return err
	}
	base, mine, theirs := change.PathsOf(&d.base), change.PathsOf(&d.mine), change.PathsOf(after)
	p := problem.New(http.StatusUnprocessableEntity, "business-rule", "A rule of the case stands against it", "")
	var faults []problem.Fault
	for _, e := range found {
		f := problem.Fault{Rule: e.Rule, Part: e.Part, Detail: e.Text, Actions: e.Actions}
		path, there := mine[e.Part]
		_, seen := base[e.Part]
		rest, inside := strings.CutPrefix(e.Path, theirs[e.Part])
		switch {
		case e.Part == "" && d.at == "" && !strings.HasPrefix(e.Path, "argument.") && !strings.HasPrefix(e.Path, "actor."):
			f.Pointer = problem.Pointer(e.Path)
		case e.Part == "":
		case !seen && !there:
			f.Part, f.Detail, f.Actions = "", change.TextOf(e.Rule), nil
		case there && inside:
			f.Pointer = d.pointer(path + rest)
		}
		faults = append(faults, f)
	}
	return p.With(faults)
}

// tellRefused gives what FHIR has against the resources of an edit with the parts
// that they are kept for. Its elements have other names than the case's.
func (d *draft) tellRefused(err error, writes []mapping.Write) error {
	mine := change.PathsOf(&d.mine)
	return change.Refused(err, writes, "What the edit would store isn't accepted", func(part casemodel.Ref) string {
		path, seen := mine[part]
		if !seen {
			return ""
		}
		return d.pointer(path)
	})
}
