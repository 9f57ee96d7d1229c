package command

import (
	"fmt"
	"log/slog"

	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/packages"
	"caseway/fhir/validate"
	"caseway/server/care"
)

// Validation says what resources are held to when they are written.
type Validation struct {
	Validate       string            `default:"on" enum:"on,off" help:"Hold what is written to the rules of R4 beyond its structure: invariants, targets of references, what is contained, extensions, Bundles, and profiles that are known. off takes what other servers take."`
	Packages       []string          `help:"FHIR packages with profiles, extensions and value sets that resources are held to: folders and .tgz files, separated by commas." placeholder:"FOLDER|TGZ"`
	RequireProfile map[string]string `help:"Profiles that all resources of a type are held to, whether they claim them or not: Patient=http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient;…" placeholder:"TYPE=URL"`
	MixedPatients  string            `default:"warn" enum:"warn,refuse" help:"What happens to a CarePlan, EpisodeOfCare, CareTeam or Task of one patient whose references lead to resources of another: warn, or refuse."`
}

// onWrites is what resources are held to when they are written; nil: to nothing.
func (v Validation) onWrites(made *validate.Validator) interaction.Validator {
	if v.Validate == "off" {
		return nil
	}
	return made
}

// guards are the rules of the server's own, where writes are held to rules.
func (v Validation) guards() []interaction.Guard {
	if v.Validate == "off" {
		return nil
	}
	return []interaction.Guard{care.NewStatuses(definition.R4(), nil), care.NewOnePatient(v.MixedPatients != "refuse")}
}

// validator makes what knows the rules that are asked for. It answers $validate, also
// where writes aren't held to them.
func (v Validation) validator(log *slog.Logger) (*validate.Validator, error) {
	set := definition.R4()
	options := validate.Options{Require: map[string][]string{}}
	for typ, canonical := range v.RequireProfile {
		if !set.IsResourceType(typ) {
			return nil, fmt.Errorf("--require-profile names %q, which is no type of resource of R4", typ)
		}
		options.Require[typ] = append(options.Require[typ], canonical)
	}
	options, err := withPackages(v.Packages, options, func(missing string) {
		log.Warn("a package is missing: what it defines isn't checked", "package", missing)
	})
	if err != nil {
		return nil, err
	}
	made := validate.New(set, options)
	for typ, canonicals := range options.Require {
		for _, canonical := range canonicals {
			if err := made.Usable(canonical); err != nil {
				return nil, fmt.Errorf("--require-profile %s: %w", typ, err)
			}
		}
	}
	return made, nil
}

// withPackages adds to options what the packages at paths define. It tells missing
// of each package that they build on and that isn't among them.
func withPackages(paths []string, options validate.Options, missing func(string)) (validate.Options, error) {
	if len(paths) == 0 {
		return options, nil
	}
	collection, err := packages.Load(paths, packages.Limits{})
	if err != nil {
		return options, err
	}
	for i := range collection.Missing {
		missing(collection.Missing[i].String())
	}
	return validate.WithPackages(definition.R4(), collection, options)
}
