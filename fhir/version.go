package fhir

import "strings"

// CompareVersions orders the business versions of definitions: number by number,
// what isn't a number as text; one with a label, such as 1.0.0-ballot, stands
// before the one without.
func CompareVersions(a, b string) int {
	coreA, labelA, _ := strings.Cut(a, "-")
	coreB, labelB, _ := strings.Cut(b, "-")
	x, y := strings.Split(coreA, "."), strings.Split(coreB, ".")
	for i := range min(len(x), len(y)) {
		if len(x[i]) != len(y[i]) && isWholeNumber(x[i]) && isWholeNumber(y[i]) {
			return len(x[i]) - len(y[i])
		}
		if order := strings.Compare(x[i], y[i]); order != 0 {
			return order
		}
	}
	switch {
	case len(x) != len(y):
		return len(x) - len(y)
	case labelA == "" || labelB == "":
		return len(labelB) - len(labelA)
	}
	return strings.Compare(labelA, labelB)
}

func isWholeNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
