package search_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/search"
)

// drawContained makes the terms and kept values of two resources in a Task: an
// Organization, to which the Task refers, and a Patient, which refers to that.
func drawContained(t *rapid.T) (terms, kept []search.Term) {
	terms = append(terms, "Task.#?")
	for id, typ := range map[string]string{"o": "Organization", "p": "Patient"} {
		var inner []search.Term
		for _, tag := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "rare"}), 0, 2).Draw(t, "inner tags") {
			inner = append(inner, search.Term(typ+"._tag="+tag))
		}
		inner = append(inner, search.Term(fmt.Sprintf("%s.rank<%d", typ, rapid.IntRange(0, 9).Draw(t, "inner rank"))))
		if typ == "Organization" && rapid.Bool().Draw(t, "inner link") {
			inner = append(inner, parameter(typ, "partof").Term(fhir.Key{Type: typ, ID: fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "target"))}))
		}
		terms = append(terms, search.Term("Task.#"+typ+"?"))
		kept = append(kept, search.Term("Task.#"+id+";"+typ))
		for _, term := range inner {
			terms, kept = append(terms, "Task.#"+term), append(kept, search.Term("Task.#"+id+";")+term)
		}
	}
	kept = append(kept, "Task.#p;Patient.organization;lo")
	for _, link := range []search.Term{"Task.owner;lo", "Task.owner;lp", "Task.patient;lp", "Task.part-of;lgone"} {
		if rapid.IntRange(0, 2).Draw(t, "local") > 0 {
			kept = append(kept, link)
		}
	}
	return terms, kept
}

// inContainer is the model of what a condition looks at in a container: each
// resource is taken out with its terms, and what it may refer to in turn.
func inContainer(h search.Hit, e search.Contained) (found []search.Hit) {
	local := e.Param.Resource + "." + e.Param.Code + ";l"
	for _, t := range h.Terms {
		id, is := strings.CutPrefix(string(t), local)
		typ := search.Term("Task.#" + id + ";" + e.Type)
		if !is || !slices.Contains(h.Terms, typ) {
			continue
		}
		inner := search.Hit{Key: fhir.Key{Type: e.Type}}
		for _, of := range h.Terms {
			if rest, is := strings.CutPrefix(string(of), "Task.#"+id+";"); is {
				inner.Terms = append(inner.Terms, search.Term(rest))
			}
			if strings.HasPrefix(string(of), "Task.#") {
				inner.Terms = append(inner.Terms, of)
			}
		}
		found = append(found, inner)
	}
	return found
}
