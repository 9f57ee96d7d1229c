package terminology

import (
	"context"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// expander expands one value set and those that it imports.
type expander struct {
	service *Service
	ctx     context.Context
	systems map[string]*hierarchy // read so far
	open    []string              // value sets that are being expanded
	read    int                   // codes
}

func (x *expander) valueSet(canonical string) ([]search.Coding, error) {
	if codings, ok, err := x.service.listed(canonical); ok {
		return codings, err
	}
	if len(x.open) >= deepest || slices.Contains(x.open, canonical) {
		return nil, inexact("the value set imports itself, or others more than 20 deep")
	}
	tree, err := x.service.find(x.ctx, "ValueSet", canonical)
	if err != nil {
		return nil, err
	}
	if tree == nil {
		return x.implicit(canonical)
	}
	x.open = append(x.open, canonical)
	codings, err := x.expand(tree.Root())
	x.open = x.open[:len(x.open)-1]
	return codings, err
}

// implicit value sets are named by their code system's URL: all codes, or what
// is below one (https://hl7.org/fhir/R4/snomedct.html#implicit).
func (x *expander) implicit(canonical string) ([]search.Coding, error) {
	system, rest, found := strings.Cut(canonical, "?fhir_vs")
	code, isa := strings.CutPrefix(rest, "=isa/")
	if !found || rest != "" && !isa {
		return nil, unknown("the value set")
	}
	h, err := x.system(system)
	if err != nil {
		return nil, err
	}
	if !isa {
		return x.codings(system, h.codes)
	}
	if !h.has(code) {
		return nil, nil
	}
	return x.codings(system, h.below(code))
}

// expand takes the expansion that a value set carries, if it is whole, and
// otherwise its definition.
func (x *expander) expand(root fhir.Node) ([]search.Coding, error) {
	if e := root.Child("expansion"); e.Valid() {
		codings := carried(e, nil)
		if whole(e) || !root.Child("compose").Valid() {
			return x.whole(e, codings)
		}
	}
	var codings []search.Coding
	compose := root.Child("compose")
	for include := range compose.All("include") {
		some, err := x.include(include)
		if err != nil {
			return nil, err
		}
		codings = append(codings, some...)
	}
	for exclude := range compose.All("exclude") {
		some, err := x.include(exclude)
		if err != nil {
			return nil, err
		}
		codings = without(codings, some)
	}
	return unique(codings), nil
}

// whole refuses a page of an expansion.
func (x *expander) whole(e fhir.Node, codings []search.Coding) ([]search.Coding, error) {
	if !whole(e) {
		return nil, inexact("the value set carries a part of its expansion only")
	}
	return unique(codings), x.spend(len(codings))
}

func whole(e fhir.Node) bool {
	offset := e.Child("offset").Text()
	if offset != "" && offset != "0" {
		return false
	}
	for p := range e.All("parameter") {
		switch p.Child("name").Text() {
		case "count", "limitedExpansion":
			return false
		}
	}
	return true
}

// carried lists the codes of an expansion, but for those that only group others.
func carried(within fhir.Node, codings []search.Coding) []search.Coding {
	for c := range within.All("contains") {
		code := c.Child("code").Text()
		if code != "" && c.Child("abstract").Text() != "true" {
			codings = append(codings, search.Coding{System: c.Child("system").Text(), Code: code})
		}
		codings = carried(c, codings)
	}
	return codings
}

// include lists what satisfies all parts of compose.include or exclude: the
// system with its concepts or filters, and each value set
// (https://hl7.org/fhir/R4/valueset.html#compositions).
func (x *expander) include(in fhir.Node) ([]search.Coding, error) {
	var codings []search.Coding
	first := true
	if system := in.Child("system").Text(); system != "" {
		var err error
		if codings, err = x.fromSystem(system, in); err != nil {
			return nil, err
		}
		first = false
	}
	for v := range in.All("valueSet") {
		some, err := x.valueSet(v.Text())
		if err != nil {
			return nil, err
		}
		if first {
			codings, first = slices.Clone(some), false
			continue
		}
		codings = common(codings, some)
	}
	return codings, nil
}

func (x *expander) fromSystem(system string, in fhir.Node) ([]search.Coding, error) {
	var codes []string
	listed := false
	for c := range in.All("concept") {
		codes, listed = append(codes, c.Child("code").Text()), true
	}
	if listed {
		return x.codings(system, codes)
	}
	h, err := x.system(system)
	if err != nil {
		return nil, err
	}
	codes = h.codes
	for f := range in.All("filter") {
		some, err := filtered(h, f)
		if err != nil {
			return nil, err
		}
		codes = slices.DeleteFunc(slices.Clone(codes), func(code string) bool { return !some[code] })
	}
	return x.codings(system, codes)
}

// filtered lists what a filter selects of a code system.
func filtered(h *hierarchy, f fhir.Node) (map[string]bool, error) {
	code := f.Child("value").Text()
	if p := f.Child("property").Text(); p != "concept" && p != "code" {
		return nil, inexact("the value set filters codes by a property other than concept")
	}
	selected := map[string]bool{}
	mark := func(codes []string, as bool) {
		for _, c := range codes {
			selected[c] = as
		}
	}
	switch f.Child("op").Text() {
	case "is-a":
		mark(h.below(code), true)
	case "descendent-of":
		mark(h.below(code), true)
		selected[code] = false
	case "is-not-a":
		mark(h.codes, true)
		mark(h.below(code), false)
	case "=":
		selected[code] = true
	default:
		return nil, inexact("the value set filters codes by an operation other than =, is-a, descendent-of and is-not-a")
	}
	return selected, nil
}

func (x *expander) system(url string) (*hierarchy, error) {
	if h := x.systems[url]; h != nil {
		return h, nil
	}
	h, err := x.service.hierarchy(x.ctx, url)
	if err == nil {
		x.systems[url] = h
	}
	return h, err
}

func (x *expander) codings(system string, codes []string) ([]search.Coding, error) {
	if err := x.spend(len(codes)); err != nil {
		return nil, err
	}
	codings := make([]search.Coding, len(codes))
	for i, code := range codes {
		codings[i] = search.Coding{System: system, Code: code}
	}
	return codings, nil
}

// spend counts all codes that are looked at, those that are excluded again
// among them.
func (x *expander) spend(codes int) error {
	if x.read += codes; x.read > 2*MostCodes || codes > MostCodes {
		return tooMany()
	}
	return nil
}

func without(codings, others []search.Coding) []search.Coding {
	drop := setOf(others)
	return slices.DeleteFunc(codings, func(c search.Coding) bool { return drop[c] })
}

func common(codings, others []search.Coding) []search.Coding {
	keep := setOf(others)
	return slices.DeleteFunc(codings, func(c search.Coding) bool { return !keep[c] })
}

func setOf(codings []search.Coding) map[search.Coding]bool {
	set := make(map[search.Coding]bool, len(codings))
	for _, c := range codings {
		set[c] = true
	}
	return set
}
