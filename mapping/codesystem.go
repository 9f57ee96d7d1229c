package mapping

import (
	"strings"
	"sync"

	"caseway/fhir/embedded"
)

// ourSystem is a CodeSystem of Caseway's: codes that have no standard home.
type ourSystem struct {
	name, title string
	codes       []ourCode
}

type ourCode struct{ code, display, definition string }

// ourSystems lists Caseway's CodeSystems. A row of their table without a code
// begins one and has its title.
var ourSystems = sync.OnceValue(func() []ourSystem {
	var all []ourSystem
	for _, row := range rowsOf("codesystem") {
		if row[1] == "" {
			all = append(all, ourSystem{name: row[0], title: row[2]})
			continue
		}
		last := &all[len(all)-1]
		last.codes = append(last.codes, ourCode{row[1], row[2], row[3]})
	}
	return all
})

// rowsOf reads a CSV file without its header.
func rowsOf(name string) [][]string {
	text, err := tableFiles.ReadFile("tables/" + name + ".csv")
	if err != nil {
		panic(err) // the data is part of the program
	}
	return embedded.Rows(string(text))
}

// displays holds the words for codes, by system and code.
var displays = sync.OnceValue(func() map[[2]string]string {
	all := map[[2]string]string{}
	for _, s := range ourSystems() {
		for _, c := range s.codes {
			all[[2]string{s.name, c.code}] = c.display
		}
	}
	return all
})

// displayOf gives the words for a code of one of our CodeSystems.
func displayOf(system, code string) string { return displays()[[2]string{system, code}] }

// nameOfSystem is the name of a CodeSystem of ours by its URL.
func nameOfSystem(system string) (name string, ours bool) {
	return strings.CutPrefix(system, systemOf(""))
}
