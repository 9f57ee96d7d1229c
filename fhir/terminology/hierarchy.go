package terminology

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// hierarchy is a whole code system. What subsumes a code is above it.
type hierarchy struct {
	codes    []string // in the order of their definition
	parents  map[string][]string
	children map[string][]string
	known    map[string]bool
}

func newHierarchy() *hierarchy {
	return &hierarchy{parents: map[string][]string{}, children: map[string][]string{}, known: map[string]bool{}}
}

func (h *hierarchy) has(code string) bool { return h.known[code] }

func (h *hierarchy) add(code string) {
	if code != "" && !h.known[code] {
		h.known[code] = true
		h.codes = append(h.codes, code)
	}
}

func (h *hierarchy) join(parent, child string) {
	h.parents[child] = append(h.parents[child], parent)
	h.children[parent] = append(h.children[parent], child)
}

// below lists a code and all that it subsumes, above a code and all that
// subsumes it. Circles do no harm.
func (h *hierarchy) below(code string) []string { return reach(h.children, code) }
func (h *hierarchy) above(code string) []string { return reach(h.parents, code) }

func reach(next map[string][]string, code string) []string {
	found, seen := []string{code}, map[string]bool{code: true}
	for i := 0; i < len(found); i++ {
		for _, c := range next[found[i]] {
			if !seen[c] {
				seen[c] = true
				found = append(found, c)
			}
		}
	}
	return found
}

// hierarchy finds a code system by its canonical URL.
func (s *Service) hierarchy(ctx context.Context, system string) (*hierarchy, error) {
	if c := s.set.CodeSystem(withoutVersion(system)); c != nil {
		return embedded(c), nil
	}
	tree, err := s.find(ctx, "CodeSystem", system)
	if err != nil {
		return nil, err
	}
	if tree == nil {
		return nil, unknown("the code system")
	}
	return stored(tree.Root())
}

func embedded(c *definition.CodeSystem) *hierarchy {
	h := newHierarchy()
	for _, code := range c.Codes() {
		h.add(code)
		if parent, ok := c.Parent(code); ok {
			h.join(parent, code)
		}
	}
	return h
}

// stored reads a CodeSystem (https://hl7.org/fhir/R4/codesystem.html).
func stored(root fhir.Node) (*hierarchy, error) {
	if content := root.Child("content").Text(); content != "complete" {
		return nil, inexact("the code system's content isn't complete, so what is in it can't be told")
	}
	h := newHierarchy()
	meaning := root.Child("hierarchyMeaning").Text()
	h.read(root, "", meaning == "" || meaning == "is-a")
	return h, nil
}

// read takes in the concepts within an element. Concepts within others are
// subsumed by them only where the hierarchy means that.
func (h *hierarchy) read(within fhir.Node, parent string, subsumed bool) {
	for concept := range within.All("concept") {
		code := concept.Child("code").Text()
		h.add(code)
		if parent != "" && subsumed {
			h.join(parent, code)
		}
		for property := range concept.All("property") {
			value := property.Child("value").Text()
			switch property.Child("code").Text() {
			case "parent", "subsumedBy":
				h.join(value, code)
			case "child":
				h.join(code, value)
			}
		}
		h.read(concept, code, subsumed)
	}
}
