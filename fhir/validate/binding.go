package validate

import (
	"context"

	"caseway/fhir"
)

// Codes answers for value sets and code systems. Safe for concurrent use.
type Codes interface {
	// Member tells whether a code is in a value set, which is named by its
	// canonical URL with or without a version. system is "" for an element of
	// type code. Unknown is for what can't be told here: never for what isn't.
	Member(ctx context.Context, valueSet, system, code string) (fhir.Membership, error)
	// Known tells whether a code system has a code; Unknown for a system that
	// isn't known here as a whole.
	Known(ctx context.Context, system, code string) (fhir.Membership, error)
}

// bound checks a coded element against a binding
// (https://hl7.org/fhir/R4/terminologies.html#strength).
func (w *walk) bound(n fhir.Node, b *binding) {
	member, coded := w.member(n, b.valueSet)
	required := b.strength == "required"
	switch {
	case member == fhir.Member:
	case !coded && n.Type().Name != "CodeableConcept":
	case !coded && required:
		w.fail(n, fhir.IssueCodeInvalid, "binding", "needs a code of the value set "+b.valueSet)
	case !coded:
		w.warn(n, fhir.IssueCodeInvalid, "binding", "should have a code of the value set "+b.valueSet)
	case member == fhir.Unknown:
		w.warn(n, fhir.IssueNotSupported, "binding", "can't be checked: whether its code is in the value set "+b.valueSet+" isn't known here")
	case required, n.Type().Name == "code": // a code alone belongs to the systems of its value set
		w.fail(n, fhir.IssueCodeInvalid, "binding", "has no code of the value set "+b.valueSet+", which is required")
	default:
		w.warn(n, fhir.IssueCodeInvalid, "binding", "has no code of the value set "+b.valueSet+", which is to be used where it has one that fits")
	}
}

// member tells whether an element has a code of a value set; coded is false
// where it has no code at all.
func (w *walk) member(n fhir.Node, valueSet string) (answer fhir.Membership, coded bool) {
	switch n.Type().Name {
	case "CodeableConcept":
		answer = fhir.NotMember
		for c := n.First(); c.Valid(); c = c.Next() {
			if c.Name() != "coding" {
				continue
			}
			one, has := w.member(c, valueSet)
			coded = coded || has
			if has && one != fhir.NotMember {
				answer = max(answer, one)
				if one == fhir.Member {
					return one, true
				}
			}
		}
		return answer, coded
	case "Coding", "Quantity":
		code := child(n, "code")
		if !code.HasValue() {
			return fhir.NotMember, false
		}
		system := child(n, "system").Text()
		if system == "" {
			return fhir.NotMember, true
		}
		return w.ask(valueSet, system, code.Text()), true
	}
	if !n.HasValue() {
		return fhir.NotMember, false
	}
	return w.ask(valueSet, "", n.Text()), true
}

func (w *walk) ask(valueSet, system, code string) fhir.Membership {
	answer, err := w.v.options.Codes.Member(w.ctx, valueSet, system, code)
	if err != nil {
		return fhir.Unknown
	}
	return answer
}

// known checks a code against its system, where that is known as a whole.
func (w *walk) known(n, system fhir.Node) {
	code := child(n, "code")
	if !system.HasValue() || !code.HasValue() {
		return
	}
	answer, err := w.v.options.Codes.Known(w.ctx, system.Text(), code.Text())
	if err == nil && answer == fhir.NotMember {
		w.fail(code, fhir.IssueCodeInvalid, "code-unknown", "isn't a code of its system")
	}
}
