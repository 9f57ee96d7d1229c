package mapping

import (
	"cmp"
	"slices"
	"strconv"
)

// Loss names what a conversion could not carry. It never holds the value.
type Loss struct {
	// Part is the resource or part of the case that it is lost from, Type/id;
	// "" for the case itself.
	Part string
	// Path is where the value stands: FHIR's path for what a resource says and
	// a case doesn't (CarePlan.activity[0].detail.scheduledTiming), the case's
	// own for the other way (Goal.start).
	Path string
	// Kind is the FHIR type of the value, or its Go type on the case's side.
	Kind string
	// Reason says why, in plain words.
	Reason string
}

// Losses is a loss report, in the order of parts and paths.
type Losses []Loss

// sorted orders a report, so that the same input gives the same one.
func (l Losses) sorted() Losses {
	slices.SortStableFunc(l, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(a.Part, b.Part), cmp.Compare(a.Path, b.Path))
	})
	return slices.Compact(l)
}

// of names the part that losses belong to.
func (l Losses) of(part string) Losses {
	for i := range l {
		l[i].Part = part
	}
	return l
}

// Has reports whether the report names a path, or one that holds it.
func (l Losses) Has(path string) bool {
	return slices.ContainsFunc(l, func(x Loss) bool { return within(path, x.Path) })
}

// within reports whether a path is another one or lies under it.
func within(path, top string) bool {
	if len(path) < len(top) || path[:len(top)] != top {
		return false
	}
	return len(path) == len(top) || path[len(top)] == '.' || path[len(top)] == '['
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
