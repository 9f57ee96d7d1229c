package main

import (
	"fmt"
	"slices"
)

type codeSystem struct {
	URL      value     `xml:"url"`
	Content  value     `xml:"content"`
	Concepts []concept `xml:"concept"`
}

type concept struct {
	Code     value     `xml:"code"`
	Concepts []concept `xml:"concept"`
}

type valueSet struct {
	URL     value     `xml:"url"`
	Include []include `xml:"compose>include"`
	Exclude []include `xml:"compose>exclude"`
}

type include struct {
	System    value     `xml:"system"`
	Concepts  []concept `xml:"concept"`
	Filters   []value   `xml:"filter"`
	ValueSets []value   `xml:"valueSet"`
}

type valueSetLine struct {
	URL     string        `json:"url"`
	Include []includeLine `json:"include"`
}

type includeLine struct {
	System string   `json:"system"`
	Codes  []string `json:"codes"`
}

// withoutCodes are the value sets of required bindings that have no list of
// codes anywhere in the definitions. Package definition has rules for them.
var withoutCodes = []string{
	"http://hl7.org/fhir/ValueSet/currencies",
	"http://hl7.org/fhir/ValueSet/mimetypes",
	"http://hl7.org/fhir/ValueSet/ucum-units",
	"http://loinc.org/vs/LL379-9",
}

// valueSetLines expands the value sets of all required bindings. R4's are
// simple: whole code systems and lists of codes.
func valueSetLines(d *definitions) ([]any, error) {
	lines := map[string]valueSetLine{}
	for _, s := range d.structures {
		for i := range s.Elements {
			url := s.Elements[i].line().Required
			if _, done := lines[url]; done || url == "" || slices.Contains(withoutCodes, url) {
				continue
			}
			line, err := d.expand(url)
			if err != nil {
				return nil, fmt.Errorf("value set %s: %w", url, err)
			}
			lines[url] = line
		}
	}
	return sorted(lines), nil
}

func (d *definitions) expand(url string) (valueSetLine, error) {
	line := valueSetLine{URL: url}
	v := d.valueSets[url]
	if v == nil {
		return line, fmt.Errorf("not in the artifact")
	}
	if len(v.Exclude) > 0 {
		return line, fmt.Errorf("excludes codes: not implemented")
	}
	for _, in := range v.Include {
		codes, err := d.included(in)
		if err != nil {
			return line, err
		}
		line.Include = append(line.Include, includeLine{in.System.V, codes})
	}
	return line, nil
}

func (d *definitions) included(in include) ([]string, error) {
	if len(in.Filters) > 0 || len(in.ValueSets) > 0 {
		return nil, fmt.Errorf("filters or imports: not implemented")
	}
	if len(in.Concepts) > 0 {
		return codes(in.Concepts), nil
	}
	system := d.codeSystems[in.System.V]
	if system == nil || system.Content.V != "complete" {
		return nil, fmt.Errorf("code system %s isn't complete in the artifact", in.System.V)
	}
	return codes(system.Concepts), nil
}

type codeSystemLine struct {
	URL   string   `json:"url"`
	Codes []string `json:"codes"`
	// Parents has the position of each code's parent; -1 for none. It is
	// absent where no code has one.
	Parents []int `json:"parents,omitempty"`
}

// codeSystemLines lists the whole code systems that the value sets draw on.
func (d *definitions) codeSystemLines(valueSets []any) []any {
	lines := map[string]codeSystemLine{}
	for _, v := range valueSets {
		for _, in := range v.(valueSetLine).Include {
			system := d.codeSystems[in.System]
			if system == nil || system.Content.V != "complete" {
				continue
			}
			line := codeSystemLine{URL: in.System}
			line.add(system.Concepts, -1)
			if !slices.ContainsFunc(line.Parents, func(parent int) bool { return parent >= 0 }) {
				line.Parents = nil
			}
			lines[in.System] = line
		}
	}
	return sorted(lines)
}

// add takes concepts in, parents before their children.
func (l *codeSystemLine) add(concepts []concept, parent int) {
	for _, c := range concepts {
		here := len(l.Codes)
		l.Codes, l.Parents = append(l.Codes, c.Code.V), append(l.Parents, parent)
		l.add(c.Concepts, here)
	}
}

// codes lists the codes of a hierarchy, parents before their children.
func codes(concepts []concept) []string {
	var list []string
	for _, c := range concepts {
		list = append(list, c.Code.V)
		list = append(list, codes(c.Concepts)...)
	}
	return list
}
