package definition

import (
	"cmp"
	"slices"
)

// SearchParameter is the definition of a search parameter.
type SearchParameter struct {
	URL        string   // canonical
	Code       string   // as it is written in a request
	Type       string   // number, date, string, token, reference, composite, quantity, uri or special
	Base       []string // resource types that have it; Resource and DomainResource stand for all of their heirs
	Expression string   // FHIRPath; "" for _text, _content and _query
	Target     []string // resource types that a reference may lead to
	Comparator []string // prefixes that the definition names; nil where it names none
	Modifier   []string // modifiers that the definition names; nil where it names none
	// MultipleOr is nil where the definition doesn't say whether several
	// values may be given, separated by commas.
	MultipleOr *bool
	Component  []Component // parts of a composite
}

// Component is a part of a composite search parameter.
type Component struct {
	Definition string // canonical of the part's search parameter
	Expression string // FHIRPath, from what the composite's expression gives
}

// searchParameters are all of a Set, in both orders in which they are asked for.
type searchParameters struct {
	byURL  map[string]*SearchParameter
	byType map[string][]*SearchParameter
}

// SearchParameters lists the parameters of a resource type by code, those of
// Resource and DomainResource among them.
func (s *Set) SearchParameters(resourceType string) []*SearchParameter {
	return s.searchParameters().byType[resourceType]
}

// SearchParameter returns the parameter with a canonical URL, nil where there
// is none.
func (s *Set) SearchParameter(url string) *SearchParameter {
	return s.searchParameters().byURL[url]
}

func (s *Set) readSearchParameters() *searchParameters {
	all := &searchParameters{byURL: map[string]*SearchParameter{}, byType: map[string][]*SearchParameter{}}
	for line := range readLines("data/searchparameter.ndjson") {
		p := new(SearchParameter)
		decode(line, p)
		all.byURL[p.URL] = p
		for _, base := range p.Base {
			all.byType[base] = append(all.byType[base], p)
		}
	}
	for _, name := range s.resourceTypes {
		all.byType[name] = s.withInherited(name, all.byType)
	}
	return all
}

func (s *Set) withInherited(resourceType string, byType map[string][]*SearchParameter) []*SearchParameter {
	list := slices.Clone(byType[resourceType])
	for base := s.baseOf(resourceType); base != ""; base = s.baseOf(base) {
		list = append(list, byType[base]...)
	}
	slices.SortFunc(list, func(a, b *SearchParameter) int { return cmp.Compare(a.Code, b.Code) })
	return list
}
