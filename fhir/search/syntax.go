package search

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// A term is the resource type, a dot, the parameter's code, a byte for the kind
// of what follows, and a value. No code holds one of these bytes, and they
// stand next to one another, so that all terms of a parameter are one range.
//
//	CarePlan.status=active                               code, string, reference, uri
//	CarePlan.category:http://hl7.org/…|assess-plan       system and code; identifier of a reference
//	CarePlan.date<20240501/20240601                      dates and numbers by their lower end
//	CarePlan.date>~/20240501                             and by their upper end, where that lies far from the lower
//	Observation.value-quantity:g|<250041                 quantity in UCUM base units
//	Observation.value-quantity=http://x.org|y|<250041    quantity in another unit
//	Condition.code?                                      the element is there, without anything to look up
//	MedicationRequest.#Medication.code=1                 of a contained resource, see index_contained.go
//	Patient.name;s-Smith                                 kept beside the index, with a letter for what it is
const (
	scopedKind  = ':'
	keptKind    = ';'
	lowKind     = '<'
	valueKind   = '='
	highKind    = '>'
	presentKind = '?'
	behindKinds = '@'
)

// The letters of kept values.
const (
	keptComposite = 'c' // one element's components, see encodeParts
	keptLocal     = 'l' // the id of a contained resource that is referred to
	keptNumber    = 'q' // a quantity with its unit as written
	keptString    = 's' // a string as written
	keptText      = 't' // a code's text or display, folded
	keptTyped     = 'o' // an identifier with its type
	keptURI       = 'u' // a URI too long for a term
	keptVersion   = 'v' // a reference or canonical with its version
)

const (
	longestString = 64  // bytes of a folded string in a term
	longestValue  = 120 // bytes of any other value, and of a system
	// behindAll is greater than whatever a value goes on with.
	behindAll = "\U0010FFFF"
)

// Kept reports whether the term is a kept value, which no index has.
func (t Term) Kept() bool {
	i := strings.IndexAny(string(t), ":;<=>?")
	return i >= 0 && t[i] == keptKind
}

// Indexed reports whether the leaf is tested on indexed terms. One on kept values
// can't drive a scan.
func (l Leaf) Indexed() bool {
	if len(l.Exact) > 0 {
		return !l.Exact[0].Kept()
	}
	return !l.From.Kept()
}

// shorten cuts a long value and adds a hash, so that values that differ still do.
func shorten(value string, longest int) string {
	if len(value) <= longest {
		return value
	}
	cut := longest
	for !utf8.RuneStart(value[cut]) {
		cut--
	}
	sum := sha256.Sum256([]byte(value))
	return value[:cut] + "#" + hex.EncodeToString(sum[:16])
}

func (p *Parameter) term(kind byte, value string) Term {
	return Term(p.prefix + string(rune(kind)) + value)
}

// kept makes a kept value; it is never cut.
func (p *Parameter) kept(letter byte, value string) Term {
	return Term(p.prefix + string(rune(keptKind)) + string(rune(letter)) + value)
}

// scoped writes a system and a code; either may be empty.
func (p *Parameter) scoped(system, code string) Term {
	return p.term(scopedKind, scope(system)+shorten(code, longestValue))
}

// scope writes a system so that it ends at the first bar.
func scope(system string) string { return escapeBar(shorten(system, longestValue)) + "|" }

func escapeBar(s string) string {
	if !strings.ContainsAny(s, `\|`) {
		return s
	}
	return barEscapes.Replace(s)
}

var barEscapes = strings.NewReplacer(`\`, `\\`, `|`, `\|`)

// cutBar undoes escapeBar for what stands before the first bar.
func cutBar(s string) (before, after string) {
	plain := true
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			plain = false
			i++
		case '|':
			before, after = s[:i], s[i+1:]
			if !plain {
				before = unescaper.Replace(before)
			}
			return before, after
		}
	}
	return s, ""
}

var unescaper = strings.NewReplacer(`\\`, `\`, `\|`, `|`)

// value is what follows the kind in a term.
func (p *Parameter) value(t Term) string { return string(t[len(p.prefix)+1:]) }
