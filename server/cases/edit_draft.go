package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"caseway/fhir/jsonpatch"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// The media types of patches.
const (
	MergePatch = "application/merge-patch+json" // RFC 7396
	JSONPatch  = "application/json-patch+json"  // RFC 6902
)

// draft is a case as an edit would have it.
type draft struct {
	base    casemodel.Case // as its author sees it
	mine    casemodel.Case // as they would have it
	list    string         // of the part that is edited or added
	at      string         // path of that part, "" for the case itself
	shown   casemodel.Case // of base, what the document that is edited shows
	added   casemodel.Ref  // id of the new part until it is stored
	removed []casemodel.Ref
}

// onto takes an edit over into the whole case.
func (d *draft) onto(whole *casemodel.Case) casemodel.Case {
	return merged(reflect.ValueOf(d.base), reflect.ValueOf(d.mine), reflect.ValueOf(*whole)).Interface().(casemodel.Case)
}

// draft does to a case, as its caller sees it, what an edit asks for.
func (s *Service) draft(e Edit, seen *assembly.Assembled, ids *assembly.IDs) (*draft, error) {
	base, err := read[casemodel.Case](seen.Case)
	if err != nil {
		return nil, err
	}
	d := &draft{base: base, mine: base.Clone(), shown: base, list: e.List}
	if e.List == "" && e.view != ViewWhole {
		d.shown.Plans = headOf(base).Plans // as a summary, but with all lists
	}
	if err := d.checkIndexes(e); err != nil {
		return nil, err
	}
	switch {
	case e.Method == http.MethodDelete:
		d.removed = []casemodel.Ref{e.part()}
		return d, nil
	case e.List == "":
		err = d.change(e, reflect.ValueOf(&d.mine).Elem(), reflect.ValueOf(d.shown), casemodel.KindCase)
		if err == nil && d.mine.ID != d.base.ID {
			err = problem.BadRequest("", problem.Fault{Pointer: "/id", Detail: "must be the id of the case"})
		}
	case e.ID == "":
		err = d.add(e)
	default:
		err = d.changePart(e)
	}
	if err != nil {
		return nil, err
	}
	return d, d.settle(e, ids.Next)
}

// read gives a copy of a value as a client gets it and sends it back.
func read[T any](v T) (out T, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return out, fmt.Errorf("a case as JSON and back: %w", err)
	}
	trim(reflect.ValueOf(&out).Elem())
	return out, nil
}

// trim makes empty lists none, as they are where nobody wrote them.
func trim(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			trim(v.Field(i))
		}
	case reflect.Slice:
		if v.Len() == 0 && v.CanSet() {
			v.SetZero()
		}
		for i := range v.Len() {
			trim(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			trim(v.Elem())
		}
	}
}

// add puts a new part into its list.
func (d *draft) add(e Edit) error {
	list := listIn(&d.mine, e.List)
	part := reflect.New(list.Type().Elem()).Elem()
	if err := take(part, e.Body); err != nil {
		return err
	}
	if part.IsZero() {
		return problem.BadRequest("a new part must say something")
	}
	if !part.FieldByName("ID").IsZero() {
		return problem.BadRequest("", problem.Fault{Pointer: "/id", Detail: "the server gives a new part its id; leave it out"})
	}
	list.Set(reflect.Append(list, part))
	d.at = fmt.Sprintf("%s[%d]", e.List, list.Len()-1)
	return nil
}

// checkIndexes refuses a JSON Patch that counts the plans of a case without saying
// by which view: a summary leaves those out that are over.
func (d *draft) checkIndexes(e Edit) error {
	counts := e.List == "" && e.view == "" && e.MediaType == JSONPatch && bytes.Contains(e.Body, []byte(`"/plans/`))
	if !counts || len(d.shown.Plans) == len(d.base.Plans) {
		return nil
	}
	p := problem.New(http.StatusUnprocessableEntity, "patch-failed", "The patch doesn't fit the case", "")
	return p.With([]problem.Fault{{Detail: "a summary shows fewer plans than the case has: say by the parameter view, summary or whole, which are counted, " +
		"or edit a plan at its own URL"}})
}

// listIn is a list of a case by its name.
func listIn(c *casemodel.Case, name string) reflect.Value {
	v := reflect.ValueOf(c).Elem()
	for _, f := range form.Fields(v.Type()) {
		if f.Name == name {
			return v.FieldByIndex(f.Index)
		}
	}
	return reflect.Value{}
}

func (d *draft) changePart(e Edit) error {
	was, _ := partOf(&d.base, e.List, e.part()) // checkMatch has found it
	now, _ := partOf(&d.mine, e.List, e.part())
	d.at = now.Path
	part := reflect.ValueOf(now.Value).Elem()
	if err := d.change(e, part, reflect.ValueOf(was.Value).Elem(), now.Kind); err != nil {
		return err
	}
	if id := part.FieldByName("ID"); id.String() != string(e.part()) {
		return problem.BadRequest("", problem.Fault{Pointer: "/id", Detail: "must be the id of the part, " + string(e.part())})
	}
	return nil
}

// change makes what the body says of a case or a part. What PUT leaves out is
// gone, but for what an edit can't take away: parts, and what is fixed.
func (d *draft) change(e Edit, into, base reflect.Value, kind casemodel.Kind) error {
	text := e.Body
	if e.Method == http.MethodPatch {
		doc, err := json.Marshal(base.Interface())
		if err != nil {
			return fmt.Errorf("a case as JSON: %w", err)
		}
		if text, err = patched(doc, e, base.Type()); err != nil {
			return err
		}
	}
	into.SetZero()
	if err := take(into, text); err != nil {
		return err
	}
	if e.Method != http.MethodPut {
		return nil
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(text, &said); err != nil {
		return problem.BadRequest("the body isn't an object")
	}
	stays := fixedMembers(kind)
	for _, f := range form.Fields(into.Type()) {
		list := f.Type.Kind() == reflect.Slice && isPart(f.Type.Elem())
		if _, there := said[f.Name]; !there && (list || f.Name == "id" || slices.Contains(stays, f.Name)) {
			into.FieldByIndex(f.Index).Set(base.FieldByIndex(f.Index))
		}
	}
	return nil
}

// fixedMembers are the members of a kind that edits leave alone.
func fixedMembers(kind casemodel.Kind) []string {
	var all []string
	for _, f := range casemodel.EditingOf(kind).Fixed {
		all = append(all, f.Member)
	}
	return all
}

// take reads a body strictly.
func take(into reflect.Value, text []byte) error {
	if faults := form.Check(text, into.Type(), ""); len(faults) > 0 {
		if faults[0].Pointer == "/case" {
			faults[0].Detail += "; send what GET gives as its member case"
		}
		return problem.BadRequest("", faults...)
	}
	if err := json.Unmarshal(text, into.Addr().Interface()); err != nil {
		return problem.BadRequest("a value doesn't fit its element")
	}
	trim(into)
	return nil
}

// patched applies a patch to a document of a type.
func patched(doc []byte, e Edit, t reflect.Type) ([]byte, error) {
	var text []byte
	var err error
	if e.MediaType == JSONPatch {
		text, err = jsonpatch.Apply(doc, e.Body, jsonpatch.Options{Absent: absentIn(t)})
	} else if !bytes.HasPrefix(bytes.TrimSpace(e.Body), []byte("{")) {
		return nil, problem.BadRequest("a merge patch of a case must be an object")
	} else {
		text, err = jsonpatch.Merge(doc, e.Body)
	}
	pe := (*jsonpatch.Error)(nil)
	if !errors.As(err, &pe) {
		return text, err
	}
	fault := problem.Fault{Pointer: pe.Pointer(), Detail: pe.Error()}
	if pe.Malformed {
		return nil, problem.BadRequest("", fault)
	}
	p := problem.New(http.StatusUnprocessableEntity, "patch-failed", "The patch doesn't fit the case", "")
	return nil, p.With([]problem.Fault{fault})
}

// absentIn gives what a document of a type leaves out because it is empty.
func absentIn(t reflect.Type) jsonpatch.Absent {
	return func(path []string) any {
		at := t
		for _, token := range path {
			for at.Kind() == reflect.Pointer {
				at = at.Elem()
			}
			switch at.Kind() {
			case reflect.Slice:
				at = at.Elem()
			case reflect.Struct:
				i := slices.IndexFunc(form.Fields(at), func(f form.Field) bool { return f.Name == token })
				if i < 0 {
					return nil
				}
				at = form.Fields(at)[i].Type
			default:
				return nil
			}
		}
		switch at.Kind() {
		case reflect.Slice:
			return []any{}
		case reflect.Struct, reflect.Pointer:
			return map[string]any{}
		}
		return nil
	}
}

// temporary reports whether an id is one that a client gave a new part, so that
// others can name it.
func temporary(id casemodel.Ref) bool { return strings.HasPrefix(string(id), "urn:uuid:") }
