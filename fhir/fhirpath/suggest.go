package fhirpath

import "slices"

func functionNames() []string {
	names := []string{"is", "as", "ofType"}
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// suggest names the known word that is nearest to a misspelt one.
func suggest(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if d := distance(word, k, least); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}

// distance counts the letters to insert, delete or replace, as far as it is
// below a limit.
func distance(a, b string, limit int) int {
	if len(a) > 64 || max(len(a), len(b))-min(len(a), len(b)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
