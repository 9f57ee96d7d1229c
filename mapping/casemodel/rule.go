package casemodel

import (
	"cmp"
	"slices"
	"strings"
)

// Rule is something that a case must hold to. Name is stable and goes to
// clients; Text says what is missing where the rule is broken.
type Rule struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// registered are all rules; each file declares those that it checks.
var registered []*Rule

// rule declares a rule while the package's variables are made, and only then.
func rule(name, text string) *Rule {
	r := &Rule{name, text}
	registered = append(registered, r)
	return r
}

// Rules lists all rules by name.
func Rules() []Rule {
	all := make([]Rule, len(registered))
	for i, r := range registered {
		all[i] = *r
	}
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// RuleError says that a rule is broken, where, and what is missing. It names
// elements and rules, never what is written in a case.
type RuleError struct {
	Rule string `json:"rule"` // its name
	// Path leads from the case to the element ("plans[1].goals"), or names the
	// argument of an action ("argument.reason").
	Path string `json:"path,omitempty"`
	Part Ref    `json:"part,omitempty"` // that the path lies in, empty for the case itself
	Text string `json:"text"`
	// Actions are those that do what an edit can't.
	Actions []Action `json:"actions,omitempty"`
}

// Error gives name, place and text in one line.
func (e *RuleError) Error() string {
	if e.Path == "" {
		return e.Rule + ": " + e.Text
	}
	return e.Rule + " (" + e.Path + "): " + e.Text
}

// Errors are all rules that stand against a step, or that a case breaks.
type Errors []*RuleError

// Error gives all of them, one per line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find each *RuleError.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// Has says whether the rule of this name is among e.
func (e Errors) Has(name string) bool {
	return slices.ContainsFunc(e, func(one *RuleError) bool { return one.Rule == name })
}

// add notes a broken rule once for each place. More goes behind the rule's text.
func (e *Errors) add(r *Rule, part Ref, path string, more ...string) {
	text := strings.Join(append([]string{r.Text}, more...), " ")
	for _, one := range *e {
		if one.Rule == r.Name && one.Path == path && one.Part == part {
			return
		}
	}
	*e = append(*e, &RuleError{Rule: r.Name, Path: path, Part: part, Text: text})
}

// once drops what was found twice.
func (e Errors) once() Errors {
	var all Errors
	for _, one := range e {
		if !slices.ContainsFunc(all, func(old *RuleError) bool {
			return old.Rule == one.Rule && old.Path == one.Path && old.Part == one.Part
		}) {
			all = append(all, one)
		}
	}
	return all
}

// missing gives those of e that aren't in before, by rule, part and path: what
// a step broke, as against what was broken already.
func (e Errors) missing(before Errors) Errors {
	var all Errors
	for _, one := range e {
		if !slices.ContainsFunc(before, func(old *RuleError) bool {
			return old.Rule == one.Rule && old.Part == one.Part && (one.Part != "" || old.Path == one.Path)
		}) {
			all = append(all, one)
		}
	}
	return all
}
