package search

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"caseway/fhir"
)

// maxValue is the number of bytes that a term keeps of a value; a longer one
// is cut and told apart by its hash, so that an index entry stays small.
const maxValue = 200

// Terms gives the index terms of a resource, sorted and each once.
func Terms(t *fhir.Tree) []Term {
	typ := t.Type()
	if typ == nil || !HasIdentifier(typ.Name) {
		return nil
	}
	var terms []Term
	for n := range t.Root().Children() {
		if isIdentifierElement(typ.Name, n) {
			terms = appendIdentifier(terms, typ.Name, n)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// isIdentifierElement: the parameter's expression is [type].identifier, and
// for two types masterIdentifier as well
// (https://hl7.org/fhir/R4/searchparameter-registry.html).
func isIdentifierElement(typ string, n fhir.Node) bool {
	switch n.Name() {
	case "identifier":
		return n.Type() != nil && n.Type().Name == "Identifier"
	case "masterIdentifier":
		return typ == "DocumentManifest" || typ == "DocumentReference"
	}
	return false
}

// appendIdentifier adds two terms: one for "system|value" or "|value", one for
// the value under whatever system. An identifier without a value has none.
func appendIdentifier(terms []Term, typ string, id fhir.Node) []Term {
	value := id.Child("value").Text()
	if value == "" {
		return terms
	}
	system := id.Child("system").Text()
	return append(terms, systemTerm(typ, system, value), valueTerm(typ, value))
}

func systemTerm(typ, system, value string) Term {
	return term(typ, "=", barEscaper.Replace(system)+"|"+value)
}

func valueTerm(typ, value string) Term { return term(typ, "*", value) }

// barEscaper keeps a system with a bar apart from the value behind the bar.
var barEscaper = strings.NewReplacer(`\`, `\\`, `|`, `\|`)

func term(typ, kind, value string) Term {
	if len(value) > maxValue {
		sum := sha256.Sum256([]byte(value))
		cut := maxValue
		for !utf8.RuneStart(value[cut]) {
			cut--
		}
		kind, value = kind+"#", value[:cut]+"#"+hex.EncodeToString(sum[:16])
	}
	return Term(typ + " identifier " + kind + value)
}

// HasIdentifier reports whether a resource type has the search parameter
// identifier in R4.
func HasIdentifier(typ string) bool {
	_, without := withoutIdentifier[typ]
	return !without
}

// withoutIdentifier are R4's resource types that have no search parameter
// identifier, those with an element of that name among them.
var withoutIdentifier = setOf(
	"AdverseEvent", "AuditEvent", "Binary", "BiologicallyDerivedProduct",
	"CapabilityStatement", "CatalogEntry", "CompartmentDefinition",
	"GraphDefinition", "ImplementationGuide", "Linkage", "MedicationKnowledge",
	"MedicinalProductContraindication", "MedicinalProductIndication",
	"MedicinalProductIngredient", "MedicinalProductInteraction",
	"MedicinalProductManufactured", "MedicinalProductUndesirableEffect",
	"MessageHeader", "NamingSystem", "ObservationDefinition",
	"OperationDefinition", "OperationOutcome", "Parameters", "Provenance",
	"SearchParameter", "Subscription", "SubstanceNucleicAcid",
	"SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation",
	"SubstanceSourceMaterial", "SubstanceSpecification",
	"TerminologyCapabilities", "VerificationResult",
)

func setOf(names ...string) map[string]struct{} {
	set := make(map[string]struct{}, len(names))
	for _, n := range names {
		set[n] = struct{}{}
	}
	return set
}
