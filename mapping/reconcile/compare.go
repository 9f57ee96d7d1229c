package reconcile

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// Kind of a finding.
type Kind string

// The kinds.
const (
	Agree     Kind = "agree"
	Conflict  Kind = "conflict"
	OnlyHere  Kind = "only-here"
	OnlyThere Kind = "only-there"
)

// Kinds lists the kinds in the order of findings.
func Kinds() []Kind { return []Kind{Agree, Conflict, OnlyHere, OnlyThere} }

// Finding is something that the plans agree on, conflict in, or that one lacks.
type Finding struct {
	Kind    Kind
	Element string // without positions: "CarePlan.goal", "Goal.target"
	Words   string // for people; "" for none
	// By is how items were found to be about the same; "" for elements that
	// don't repeat.
	By string
	// HereAt and ThereAt are where in the plans, "" for a plan that has nothing
	// of it: "CarePlan.goal[0]". For what an item lacks they are the item's.
	HereAt, ThereAt string
	Here, There     []fhir.Node // what each has
	Differences     []Difference
}

// Difference is an element in which two items conflict.
type Difference struct {
	Element     string      // as it is called here
	Here, There []fhir.Node // what each has
}

// singles are the elements of a plan that don't repeat.
var singles = [][]string{{"status"}, {"intent"}, {"title"}, {"description"}, {"period", "start"}, {"period", "end"}, {"encounter"}}

// lists are the elements of a plan that repeat. What is in one line is compared
// together.
var lists = [][]string{
	{"identifier"},
	{"instantiatesCanonical"},
	{"instantiatesUri"},
	{"basedOn"},
	{"replaces"},
	{"partOf"},
	{"category"},
	{"author", "contributor"},
	{"careTeam"},
	{"addresses"},
	{"supportingInfo"},
	{"goal"},
	{"activity"},
	{"note"},
}

// Result is what the comparison of two plans found.
type Result struct {
	here, there *Plan
	found       []Finding
	left        map[string][]*item // of there only, by the first name in lists
	same        []pair             // goals and conditions that both have
}

// Compare compares two plans. It fails with kind TooCostly for plans that would
// cost seconds.
func Compare(here, there *Plan) (*Result, error) {
	r := &Result{here: here, there: there, left: map[string][]*item{}}
	c := &comparing{here: here, there: there}
	for _, path := range singles {
		r.single(c, path)
	}
	for _, names := range lists {
		r.list(c, names)
	}
	if c.spent() {
		return nil, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "the plans are too large to be compared: too many members of one kind")
	}
	return r, nil
}

// Findings are what was found: in the order of kinds, then of elements.
func (r *Result) Findings() []Finding {
	all := slices.Clone(r.found)
	order := Kinds()
	slices.SortStableFunc(all, func(a, b Finding) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	return all
}

func (r *Result) single(c *comparing, path []string) {
	here, there := at(r.here.root(), path), at(r.there.root(), path)
	f := Finding{Here: here, There: there}
	if len(here) > 0 {
		f.Element, f.HereAt, f.Words = elementOf(here[0]), here[0].Path(), wordsOf(here[0])
	}
	if len(there) > 0 {
		f.Element, f.ThereAt = elementOf(there[0]), there[0].Path()
	}
	switch {
	case len(here)+len(there) == 0:
		return
	case len(there) == 0:
		f.Kind = OnlyHere
	case len(here) == 0:
		f.Kind, f.Words = OnlyThere, wordsOf(there[0])
	case c.same(here[0], there[0]):
		f.Kind = Agree
	default:
		f.Kind = Conflict
		f.Differences = []Difference{{f.Element, here, there}}
	}
	r.found = append(r.found, f)
}

func (r *Result) list(c *comparing, names []string) {
	pairs, left, right := c.pair(r.here.itemsOf(names...), r.there.itemsOf(names...))
	for _, p := range pairs {
		r.paired(c, p)
	}
	if names[0] == "goal" || names[0] == "addresses" {
		r.same = append(r.same, pairs...)
	}
	for _, it := range left {
		r.found = append(r.found, Finding{
			Kind: OnlyHere, Element: elementOf(it.at), Words: it.words(), HereAt: it.at.Path(), Here: []fhir.Node{it.value},
		})
	}
	for _, it := range right {
		r.found = append(r.found, Finding{
			Kind: OnlyThere, Element: elementOf(it.at), Words: it.words(), ThereAt: it.at.Path(), There: []fhir.Node{it.value},
		})
	}
	r.left[names[0]] = right
}

// paired says what two items that are about the same agree and differ in.
func (r *Result) paired(c *comparing, p pair) {
	d := c.compare(p.here, p.there, p.by)
	f := Finding{
		Kind: Agree, Element: elementOf(p.here.at), Words: p.here.words(), By: levelNames[p.by],
		HereAt: p.here.at.Path(), ThereAt: p.there.at.Path(),
		Here: []fhir.Node{p.here.value}, There: []fhir.Node{p.there.value}, Differences: d.differences,
	}
	if len(d.differences) > 0 {
		f.Kind = Conflict
	}
	r.found = append(r.found, f)
	for _, values := range d.here {
		more := f
		more.Kind, more.Element, more.Here, more.There, more.Differences = OnlyHere, elementOf(values[0]), values, nil, nil
		r.found = append(r.found, more)
	}
	for _, values := range d.there {
		more := f
		more.Kind, more.Element, more.Here, more.There, more.Differences = OnlyThere, elementOf(values[0]), nil, values, nil
		r.found = append(r.found, more)
	}
}

// compared is how two items that are about the same differ.
type compared struct {
	differences []Difference
	here, there [][]fhir.Node // what only one has, by element
}

// compare compares two items by the aspects that both their types have.
func (c *comparing) compare(a, b *item, by level) *compared {
	d := &compared{}
	if c.spent() {
		return d
	}
	if otherVersion(a.value, b.value) {
		d.differ([]fhir.Node{a.value}, []fhir.Node{b.value})
	}
	one, other := a.subject, b.subject
	if !one.Valid() || !other.Valid() || by == byReference && a.value.Type().Name == "Reference" {
		return d
	}
	others := aspectsOf(other)
	seen := map[string]bool{}
	for _, of := range aspectsOf(one) {
		match, both := named(others, of.name)
		if !both || seen[of.name] {
			continue
		}
		seen[of.name] = true
		c.aspect(d, of, c.all(one, of.name), c.all(other, match.name), one.Type() == other.Type())
	}
	return d
}

// otherVersion reports whether canonical references name different versions of
// a definition (https://hl7.org/fhir/R4/references.html#canonical).
func otherVersion(a, b fhir.Node) bool {
	if a.Type().Name != "canonical" || b.Type().Name != "canonical" {
		return false
	}
	_, x, _ := strings.Cut(a.Text(), "|")
	_, y, _ := strings.Cut(b.Text(), "|")
	return x != "" && y != "" && x != y
}

// all are the values of all aspects of a name: an activity's detail has a code,
// or a product.
func (c *comparing) all(subject fhir.Node, name string) []fhir.Node {
	var all []fhir.Node
	for _, a := range aspectsOf(subject) {
		if a.name == name {
			all = append(all, a.valuesOf(subject)...)
		}
	}
	return all
}

func (d *compared) differ(here, there []fhir.Node) {
	d.differences = append(d.differences, Difference{elementOf(slices.Concat(here, there)[0]), here, there})
}

// holds reports whether a flag is set: one that isn't there isn't.
func holds(flag []fhir.Node) bool { return len(flag) > 0 && flag[0].Text() == "true" }

// lack notes what only one has.
func (d *compared) lack(here, there []fhir.Node) {
	if len(here) > 0 {
		d.here = append(d.here, here)
	}
	if len(there) > 0 {
		d.there = append(d.there, there)
	}
}

// aspect compares the values of an aspect; alike says that the subjects are of
// one type.
func (c *comparing) aspect(d *compared, of aspect, here, there []fhir.Node, alike bool) {
	switch {
	case of.as == "measure":
	case of.as == "flag":
		if holds(here) != holds(there) {
			d.differ(here, there)
		}
	case len(here) == 0 || len(there) == 0:
		if of.as != "code" {
			d.lack(here, there)
		}
	case of.as == "parts":
		c.parts(d, of, here, there)
	case of.as == "status" && !alike:
		x, y := states()[here[0].Text()], states()[there[0].Text()]
		if x != "" && y != "" && x != y { // what is unknown contradicts nothing
			d.differ(here, there)
		}
	default:
		c.values(d, here, there)
	}
}

// values compares sets of values: those that have nothing in common conflict.
func (c *comparing) values(d *compared, here, there []fhir.Node) {
	left, right := c.leftOver(here, there, c.same)
	if len(left) == len(here) {
		d.differ(here, there)
		return
	}
	d.lack(left, right)
}

// leftOver are the values of each side that have none like them on the other.
func (c *comparing) leftOver(here, there []fhir.Node, like func(a, b fhir.Node) bool) (left, right []fhir.Node) {
	matched := make([]bool, len(there))
	for _, a := range here {
		i := -1
		for j, b := range there {
			if like(a, b) {
				i, matched[j] = j, true
			}
		}
		if i < 0 {
			left = append(left, a)
		}
	}
	for j, b := range there {
		if !matched[j] {
			right = append(right, b)
		}
	}
	return left, right
}

// parts compares members, each told by one of its elements.
func (c *comparing) parts(d *compared, of aspect, here, there []fhir.Node) {
	alike := func(a, b fhir.Node) bool {
		x, y := a.Child(of.by), b.Child(of.by)
		if !x.Valid() || !y.Valid() {
			return x.Valid() == y.Valid()
		}
		return c.same(x, y)
	}
	d.lack(c.leftOver(here, there, alike))
	for _, a := range here {
		i := slices.IndexFunc(there, func(b fhir.Node) bool { return c.sameParts(a, b) })
		if i < 0 {
			i = slices.IndexFunc(there, func(b fhir.Node) bool { return alike(a, b) })
		}
		if i >= 0 {
			c.part(d, of, a, there[i])
		}
	}
}

// part compares the elements of two members.
func (c *comparing) part(d *compared, of aspect, a, b fhir.Node) {
	seen := map[string]bool{of.by: true}
	for _, child := range append(meaningful(a), meaningful(b)...) {
		name := child.Name()
		if seen[name] {
			continue
		}
		seen[name] = true
		here, there := at(a, []string{name}), at(b, []string{name})
		if len(here) == 0 || len(there) == 0 {
			d.lack(here, there)
			continue
		}
		c.values(d, here, there)
	}
}
