package main

// searchParameter is read from JSON as the artifact has it and written with
// the same names.
type searchParameter struct {
	URL        string      `json:"url"`
	Code       string      `json:"code"`
	Base       []string    `json:"base"`
	Type       string      `json:"type"`
	Expression string      `json:"expression,omitempty"`
	Target     []string    `json:"target,omitempty"`
	MultipleOr *bool       `json:"multipleOr,omitempty"`
	Comparator []string    `json:"comparator,omitempty"`
	Modifier   []string    `json:"modifier,omitempty"`
	Component  []component `json:"component,omitempty"`
}

type component struct {
	Definition string `json:"definition"`
	Expression string `json:"expression"`
}

func searchParameterLines(d *definitions) []any {
	byURL := map[string]*searchParameter{}
	for _, p := range d.searchParameters {
		byURL[p.URL] = p
	}
	return sorted(byURL)
}

type compartmentDefinition struct {
	Code      value                 `xml:"code"`
	Resources []compartmentResource `xml:"resource"`
}

type compartmentResource struct {
	Code   value   `xml:"code"`
	Params []value `xml:"param"`
}

// compartmentLine says by which parameters a type's resources are in a
// compartment; types that never are have no line.
type compartmentLine struct {
	Compartment string   `json:"compartment"`
	Type        string   `json:"type"`
	Param       []string `json:"param"`
}

func compartmentLines(d *definitions) []any {
	lines := map[string]compartmentLine{}
	for _, c := range d.compartments {
		for _, r := range c.Resources {
			if len(r.Params) == 0 {
				continue
			}
			line := compartmentLine{Compartment: c.Code.V, Type: r.Code.V}
			for _, p := range r.Params {
				line.Param = append(line.Param, p.V)
			}
			lines[line.Compartment+" "+line.Type] = line
		}
	}
	return sorted(lines)
}
