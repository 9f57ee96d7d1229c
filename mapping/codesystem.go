package mapping

import "strings"

// nameOfSystem is the name of a CodeSystem of ours by its URL.
func nameOfSystem(system string) (name string, ours bool) {
	return strings.CutPrefix(system, systemOf(""))
}

func displayOf(system, code string) string { return "" }
