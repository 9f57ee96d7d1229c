package model

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// base brings a string to its base characters: no case, marks or punctuation.
func base(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		if !unicode.Is(unicode.Mn, r) && !unicode.IsPunct(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// texts are the strings of an element; families those that are family names.
func texts(n fhir.Node) (all, families []string) {
	switch n.Type().Name {
	case "string", "markdown":
		all = append(all, n.Text())
		if n.Name() == "family" {
			families = append(families, n.Text())
		}
	case "HumanName", "Address":
		for c := range n.Children() {
			if c.HasValue() && c.Type().Name == "string" && c.Name() != "id" {
				all = append(all, c.Text())
				if c.Name() == "family" {
					families = append(families, c.Text())
				}
			}
		}
	}
	return all, families
}

func (p *param) text(n fhir.Node, value string) bool {
	all, families := texts(n)
	want := plain(value)
	switch p.modifier {
	case "exact":
		return slices.Contains(all, want)
	case "contains":
		return slices.ContainsFunc(all, func(s string) bool { return strings.Contains(base(s), base(want)) })
	}
	for _, f := range families {
		all = append(all, strings.FieldsFunc(f, func(r rune) bool { return r == ' ' || r == '-' })...)
	}
	return slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(base(s), base(want)) })
}

// pair is what a token is compared with.
type pair struct {
	system, code string
	set          fhir.CodeSet // the system is implied by it
	anyCase      bool
}

// systems are the code systems that the code may be of.
func (have pair) systems() []string {
	if l, is := have.set.(interface{ Systems(code string) []string }); is {
		return l.Systems(have.code)
	}
	if have.system == "" || have.code == "" {
		return nil
	}
	return []string{have.system}
}

func pairs(n fhir.Node) (list []pair) {
	switch n.Type().Name {
	case "Coding", "Identifier":
		code := "code"
		if n.Type().Name == "Identifier" {
			code = "value"
		}
		return []pair{{system: n.Child("system").Text(), code: n.Child(code).Text()}}
	case "CodeableConcept":
		for c := range n.All("coding") {
			list = append(list, pairs(c)...)
		}
		return list
	case "ContactPoint":
		return []pair{{code: n.Child("value").Text(), anyCase: true}}
	case "code":
		return []pair{{code: n.Text(), set: n.Element().Required}}
	case "string", "markdown":
		return []pair{{code: n.Text(), anyCase: true}}
	case "id", "uri", "url", "canonical", "boolean":
		return []pair{{code: n.Text()}}
	}
	return nil
}

func (p *param) token(n fhir.Node, value string) bool {
	switch p.modifier {
	case "text":
		return slices.ContainsFunc(displays(n), func(s string) bool { return strings.HasPrefix(base(s), base(plain(value))) })
	case "of-type":
		return ofType(n, split(value, '|'))
	case "in", "not-in":
		set := p.model.Set.CodeSet(plain(value))
		return slices.ContainsFunc(pairs(n), func(have pair) bool {
			return slices.ContainsFunc(have.systems(), func(s string) bool { return set.Contains(s, have.code) == fhir.Member })
		})
	}
	parts := split(value, '|')
	return slices.ContainsFunc(pairs(n), func(have pair) bool { return have.is(parts) })
}

func (have pair) is(parts []string) bool {
	code := plain(parts[len(parts)-1])
	same := have.code != "" && (have.code == code || have.anyCase && strings.EqualFold(have.code, code))
	if len(parts) == 1 {
		return same
	}
	system := plain(parts[0])
	switch {
	case have.set != nil:
		return system != "" && (same || code == "") && have.set.Contains(system, have.code) == fhir.Member
	case code == "":
		return have.system == system
	}
	return same && have.system == system
}

func displays(n fhir.Node) (list []string) {
	switch n.Type().Name {
	case "Coding":
		list = append(list, n.Child("display").Text())
	case "CodeableConcept":
		list = append(list, n.Child("text").Text())
		for c := range n.All("coding") {
			list = append(list, displays(c)...)
		}
	case "Identifier":
		list = append(list, n.Child("type").Child("text").Text())
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

func ofType(n fhir.Node, parts []string) bool {
	if n.Type().Name != "Identifier" || n.Child("value").Text() != plain(parts[2]) {
		return false
	}
	for c := range n.Child("type").All("coding") {
		if c.Child("system").Text() == plain(parts[0]) && c.Child("code").Text() == plain(parts[1]) {
			return true
		}
	}
	return false
}

// link is a reference brought to one form.
type link struct{ target, version string }

func (p *param) linkOf(text string) link {
	text = strings.TrimPrefix(text, p.model.Base+"/")
	target, version, _ := strings.Cut(text, "/_history/")
	return link{target, version}
}

func canonicalOf(text string) link {
	target, version, _ := strings.Cut(text, "|")
	return link{target, version}
}

func (p *param) reference(n fhir.Node, value string) bool {
	var have link
	switch n.Type().Name {
	case "canonical":
		have = canonicalOf(n.Text())
		have.target = p.linkOf(have.target).target
	case "uri":
		have = p.linkOf(n.Text())
	case "Reference":
		if p.modifier == "identifier" {
			id := n.Child("identifier")
			have := pair{system: id.Child("system").Text(), code: id.Child("value").Text()}
			return have.code != "" && have.is(split(value, '|'))
		}
		have = p.linkOf(n.Child("reference").Text())
	}
	want := plain(value)
	if n.Type().Name != "Reference" {
		ask := canonicalOf(want)
		ask.target = p.linkOf(ask.target).target
		return have.satisfies(ask, p.modifier)
	}
	ask := p.linkOf(want)
	if !strings.ContainsAny(ask.target, "/:") {
		typ, id, _ := strings.Cut(have.target, "/")
		return id == ask.target && (p.modifier == "" && p.leadsTo(typ) || typ == p.modifier)
	}
	return have.satisfies(ask, "")
}

func (p *param) leadsTo(typ string) bool {
	return len(p.of.Target) == 0 || slices.Contains(p.of.Target, typ)
}

func (have link) satisfies(want link, modifier string) bool {
	if have.target == "" || have.target != want.target || strings.HasPrefix(have.target, "#") {
		return false
	}
	below := modifier == "below" && strings.HasPrefix(have.version, want.version+".")
	return want.version == "" || have.version == want.version || below
}

func (p *param) uri(n fhir.Node, value string) bool {
	have, want := n.Text(), plain(value)
	if n.Type().Name == "canonical" {
		if p.modifier == "" {
			return canonicalOf(have).satisfies(canonicalOf(want), "")
		}
		have = canonicalOf(have).target
	}
	switch p.modifier {
	case "below":
		return strings.HasPrefix(have, want)
	case "above":
		return want == have || strings.HasPrefix(want, strings.TrimSuffix(have, "/")+"/") && strings.Contains(have, "://")
	}
	if url, version, found := strings.Cut(want, "|"); found && version != "" && p.of.Code == "url" {
		if v := p.focus.Child("version"); p.versioned() {
			return have == url && strings.EqualFold(v.Text(), version)
		}
	}
	return have == want
}

// versioned: the type has a search parameter for its business version.
func (p *param) versioned() bool {
	return slices.ContainsFunc(p.model.Set.SearchParameters(p.resource), func(d *definition.SearchParameter) bool { return d.Code == "version" })
}
