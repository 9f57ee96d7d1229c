package fhir

import (
	"fmt"
	"strings"
)

// report gathers the problems of one text.
type report struct {
	issues    []Issue
	more      int  // problems beyond the limit, counted only
	structure bool // one of them makes the text unreadable as R4 JSON
	unlisted  int  // where in the text the first problem beyond the limit is, 0 if there is none
}

func (r *report) asError() error {
	if len(r.issues) == 0 {
		return nil
	}
	e := &Error{Kind: Unprocessable, Issues: r.issues}
	if r.structure {
		e.Kind = Structure
	}
	if r.more > 0 {
		e.Issues = append(e.Issues, Issue{
			Severity: SeverityInformation,
			Code:     IssueInformational,
			Text:     fmt.Sprintf("%d more problems aren't listed", r.more),
		})
	}
	return e
}

// problems counts what was reported so far.
func (r *report) problems() int { return len(r.issues) + r.more }

// room reports whether one more issue will be listed; if not, it counts it.
// Texts and paths are made only after it has said yes.
func (d *decoder) room(structure bool) bool {
	d.structure = d.structure || structure
	if len(d.issues) < d.limits.Issues {
		return true
	}
	if d.more == 0 {
		d.unlisted = max(d.at, 1)
	}
	d.more++
	return false
}

// fail reports what makes the text unreadable as R4 JSON.
func (d *decoder) fail(expression, text string) {
	if d.room(true) {
		d.list(IssueStructure, expression, text)
	}
}

func (d *decoder) list(code, expression, text string) {
	d.issues = append(d.issues, Issue{Severity: SeverityError, Code: code, Expression: expression, Text: text})
}

// failAt is fail for a node.
func (d *decoder) failAt(at int32, text string) {
	if d.room(true) {
		d.list(IssueStructure, d.path(at), text)
	}
}

// refuseAt reports that a node reads but breaks a rule.
func (d *decoder) refuseAt(at int32, code, text string) {
	if d.room(false) {
		d.list(code, d.path(at), text)
	}
}

// path is where a node stands.
func (d *decoder) path(at int32) string {
	return Node{&Tree{nodes: d.nodes}, at}.Path()
}

// memberPath is where a member of an object stands that has no node; index is
// -1 where it doesn't repeat.
func (d *decoder) memberPath(at int32, e *Element, index int) string {
	path := d.path(at) + "." + e.Name
	if index >= 0 {
		path = fmt.Sprintf("%s[%d]", path, index)
	}
	return path
}

// unknown reports a name that a type doesn't have.
func (d *decoder) unknown(at int32, t *Type, name []byte) {
	if !d.room(true) {
		return
	}
	if !isElementName(name) {
		d.list(IssueStructure, d.path(at), "holds a name that can't be an element's: element names are letters and digits")
		return
	}
	text := t.Name + " has no element of this name"
	if e := t.choiceNamed(string(name)); e != nil {
		text += "; its value's type belongs to the name, such as " + e.Name + upperFirst(e.Types[0].Name)
	} else if near := t.nearest(string(name)); near != "" {
		text += "; the nearest is " + near
	}
	d.list(IssueStructure, d.path(at)+"."+string(name), text)
}

// isElementName keeps anything but plain names out of expressions: what a
// client sends as a name may be anything.
func isElementName(name []byte) bool {
	for i, c := range name {
		if !isLetter(c) && !(isDigit(c) && i > 0) && !(c == '_' && i == 0) {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64
}

// describe names the kind of JSON value that starts with c.
func describe(c byte) string {
	switch c {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// choiceNamed finds the choice that is written as name, without a type.
func (t *Type) choiceNamed(name string) *Element {
	name = strings.TrimPrefix(name, "_")
	if e := t.Element(name); e != nil && e.Choice {
		return e
	}
	return nil
}

// nearest is the property name of t that a misspelt name is likely to mean,
// "" if none is close.
func (t *Type) nearest(name string) string {
	best, least := "", 1+min(2, len(name)/3)
	for _, e := range t.Elements {
		for _, r := range e.Types {
			near := e.Name
			if e.Choice {
				near += upperFirst(r.Name)
			}
			if strings.HasPrefix(name, "_") && isPrimitiveName(r.Name) && !e.Attribute {
				near = "_" + near
			}
			if strings.EqualFold(near, name) {
				return near
			}
			if n := Distance(near, name, least); n < least {
				best, least = near, n
			}
		}
	}
	return best
}
