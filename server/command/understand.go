package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"caseway/fhir"
)

// prefix begins the names of environment variables that are settings.
const prefix = "CASEWAY_"

// testVariables are variables of that prefix that tests read.
var testVariables = []string{"ARTIFACTS", "BENCH_", "GENERATED", "KIT_", "SCHEMATHESIS", "SECANTUSD", "SHARED", "TEST_"}

// asKong rewrites what people write by habit: help, and help of a command.
func asKong(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// meant adds to an error of parsing which command was likely meant. Where no
// command is named, serve is, so that kong takes a misspelt one for an argument.
func meant(model *kong.Application, args []string, err error) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return err
	}
	var names []string
	for _, c := range model.Children {
		names = append(names, c.Name)
	}
	if slices.Contains(names, args[0]) {
		return err
	}
	text := "there is no command " + clip(args[0])
	if near := nearest(args[0], append(names, "help")); near != "" {
		text += "; did you mean " + near + "?"
	}
	return errors.New(text + " (caseway --help lists them)")
}

// checkVariables refuses environment variables whose names are likely misspelt
// settings, and warns of others that nothing reads.
func checkVariables(model *kong.Application, environment []string, warnings io.Writer) error {
	known := variablesOf(model.Node)
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		rest, ours := strings.CutPrefix(name, prefix)
		isTest := func(p string) bool { return strings.HasPrefix(rest, p) }
		if !ours || slices.Contains(known, name) || slices.ContainsFunc(testVariables, isTest) {
			continue
		}
		if near := nearest(name, known); near != "" {
			return fmt.Errorf("the environment has %s, which is no setting; did you mean %s? (caseway settings lists them)", clip(name), near)
		}
		fmt.Fprintf(warnings, "caseway: the environment has %s, which nothing reads (caseway settings lists what is read)\n", clip(name))
	}
	return nil
}

// variablesOf are those of all flags of a command and its own commands.
func variablesOf(n *kong.Node) (all []string) {
	for _, f := range n.Flags {
		all = append(all, f.Envs...)
	}
	for _, c := range n.Children {
		all = append(all, variablesOf(c)...)
	}
	return all
}

// nearest is the one of some names that a misspelt one is likely to mean, ""
// for none.
func nearest(word string, names []string) string {
	best, least := "", min(len(word)/4+2, 4)
	for _, n := range names {
		if d := fhir.Distance(strings.ToLower(n), strings.ToLower(word), least); d < least {
			best, least = n, d
		}
	}
	return best
}

// clip shortens what somebody else wrote.
func clip(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// environment is that of the process; tests have their own.
var environment = os.Environ
