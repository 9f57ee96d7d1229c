// Command generate makes the data files of package definition from HL7's
// FHIR R4 definitions, as the Maven artifact named in artifact.go carries them.
//
// The artifact is taken from the local Maven repository, where Maven puts it
// when it isn't there, or from the file that -jar names; a pinned SHA-256 says
// that it is the right one. What comes out depends on nothing else: the same
// artifact gives the same bytes.
//
// The files hold what a server reads and leave out prose, mappings and
// examples. All are NDJSON, one definition, element or constraint a line:
//
//   - structure/KIND/TYPE.ndjson: a line for the type, its snapshot's elements
//     in their order, then the constraints that the elements name by key;
//   - searchparameter.ndjson: the search parameters by URL;
//   - extension.ndjson: the StructureDefinitions of extensions, with what their
//     differentials say, by URL;
//   - compartment.ndjson: the compartments by code, a line for each type in them;
//   - valueset.ndjson: the value sets of required bindings, expanded, by URL;
//   - codesystem.ndjson: the code systems that these draw on, with their
//     hierarchies, by URL.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	jar := flag.String("jar", "", "the artifact's file; without it Maven provides it")
	out := flag.String("out", "data", "folder to write")
	flag.Parse()
	if err := run(*jar, *out); err != nil {
		log.Fatal("generate: ", err)
	}
}

// run writes the data files into the folder out, in place of those there.
func run(jar, out string) error {
	if jar == "" {
		var err error
		if jar, err = artifactFile(); err != nil {
			return err
		}
	}
	d, err := readDefinitions(jar)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	for _, t := range d.structures {
		if err := writeLines(filepath.Join(out, "structure", t.Kind.V, t.Type.V+".ndjson"), structureLines(t)); err != nil {
			return err
		}
	}
	valueSets, err := valueSetLines(d)
	if err != nil {
		return err
	}
	if err := writeLines(filepath.Join(out, "valueset.ndjson"), valueSets); err != nil {
		return err
	}
	if err := writeLines(filepath.Join(out, "codesystem.ndjson"), d.codeSystemLines(valueSets)); err != nil {
		return err
	}
	if err := writeLines(filepath.Join(out, "searchparameter.ndjson"), searchParameterLines(d)); err != nil {
		return err
	}
	if err := writeLines(filepath.Join(out, "extension.ndjson"), extensionLines(d)); err != nil {
		return err
	}
	return writeLines(filepath.Join(out, "compartment.ndjson"), compartmentLines(d))
}
