package capability

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// share says once for all types what would be said of each: the parameters that
// the system lists, what parameters of a type usually take, and the references
// that may lead to every type. Else two thirds of the statement are repetitions.
func (r *rest) share() {
	if len(r.SearchParam) == 0 || len(r.Resource) < 2 {
		return
	}
	r.Documentation += " What rest.searchParam lists works for every resource type."
	r.shareParameters()
	r.shareDocumentation()
	r.shareRevIncludes()
}

// shareParameters takes out of each type what the system has alike. R4 has
// rest.searchParam for this ("supported for searching all resources").
func (r *rest) shareParameters() {
	for i := range r.Resource {
		r.Resource[i].SearchParam = slices.DeleteFunc(r.Resource[i].SearchParam, func(p searchParam) bool {
			return slices.Contains(r.SearchParam, p)
		})
	}
}

// shareDocumentation says once what most parameters of a type take.
func (r *rest) shareDocumentation() {
	usual := r.usual()
	for _, typ := range slices.Sorted(maps.Keys(usual)) {
		r.Documentation += fmt.Sprintf(" A parameter of type %s takes, where its own documentation says nothing else: %s", typ, usual[typ])
	}
	for p := range r.parameters {
		if p.Documentation == usual[p.Type] {
			p.Documentation = ""
		}
	}
}

// usual is the most frequent documentation of parameters by their type, where
// several have it. A type that has a parameter without any is left out: nothing
// may be said of that one.
func (r *rest) usual() map[string]string {
	counts := map[string]map[string]int{}
	for p := range r.parameters {
		if counts[p.Type] == nil {
			counts[p.Type] = map[string]int{}
		}
		counts[p.Type][p.Documentation]++
	}
	usual := map[string]string{}
	for typ, texts := range counts {
		if texts[""] > 0 {
			continue
		}
		for text, n := range texts {
			if best := usual[typ]; n > max(texts[best], 1) || n > 1 && n == texts[best] && text < best {
				usual[typ] = text
			}
		}
	}
	return usual
}

// parameters ranges over all search parameters.
func (r *rest) parameters(yield func(*searchParam) bool) {
	for i := range r.SearchParam {
		if !yield(&r.SearchParam[i]) {
			return
		}
	}
	for i := range r.Resource {
		for j := range r.Resource[i].SearchParam {
			if !yield(&r.Resource[i].SearchParam[j]) {
				return
			}
		}
	}
}

// shareRevIncludes says once which references every type may be found by.
func (r *rest) shareRevIncludes() {
	counts := map[string]int{}
	for _, res := range r.Resource {
		for _, value := range res.SearchRevInclude {
			counts[value]++
		}
	}
	delete(counts, "*") // stays: without any value, a type would take none
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n < len(r.Resource) })
	if len(counts) == 0 {
		return
	}
	r.Documentation += " As _revinclude every type takes, beside what it lists, references that may lead to any type: " +
		strings.Join(slices.Sorted(maps.Keys(counts)), ", ") + "."
	for i := range r.Resource {
		list := r.Resource[i].SearchRevInclude
		r.Resource[i].SearchRevInclude = slices.DeleteFunc(list, func(value string) bool { return counts[value] > 0 })
	}
}
