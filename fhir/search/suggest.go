package search

import "strings"

// Suggest finds the code of a type's parameter that a misspelt one may stand
// for; "" where none is near.
func (r *Registry) Suggest(typ, code string) string {
	best, least := "", min(len(code)/3+2, 4)
	for _, p := range r.Parameters(typ) {
		if d := distance(plainCode(code), plainCode(p.Code), least); d < least {
			best, least = p.Code, d
		}
	}
	return best
}

// plainCode leaves out what people mix up: case, hyphens, underscores.
func plainCode(code string) string {
	const longest = 64
	if len(code) > longest {
		code = code[:longest]
	}
	return separators.Replace(strings.ToLower(code))
}

var separators = strings.NewReplacer("-", "", "_", "")

// distance is the number of single letters to change, add or leave out
// between a and b, or most if it isn't less.
func distance(a, b string, most int) int {
	if max(len(a), len(b))-min(len(a), len(b)) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return min(row[len(b)], most)
}
