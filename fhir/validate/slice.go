package validate

import (
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
)

// sliced puts the occurrences of a sliced element into slices and checks them.
func (w *walk) sliced(n fhir.Node, s *shape) {
	if s.slicing == nil || len(s.slicing.discriminators) == 0 {
		return // told apart by words alone
	}
	counts := make([]int, len(s.slices))
	unsure, last, loose := false, -1, false
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() != s.name {
			continue
		}
		at, sure := w.sliceOf(c, s, "")
		unsure = unsure || !sure
		if at < 0 {
			loose = true
			if s.slicing.rules == "closed" && sure {
				w.fail(c, fhir.IssueStructure, "slicing-closed", "fits none of the profile's slices, and others aren't allowed")
			}
			continue
		}
		if s.slicing.rules == "openAtEnd" && loose {
			w.fail(c, fhir.IssueStructure, "slicing-end", "stands behind what fits no slice; that must come at the end")
		}
		if s.slicing.ordered && at < last {
			w.fail(c, fhir.IssueStructure, "slicing-order", "stands behind slices that must follow it")
		}
		last = max(last, at)
		w.assign(c, s, at, counts)
	}
	for i, slice := range s.slices {
		if unsure && counts[i] < slice.min {
			w.warnBelow(n, s.name, fhir.IssueNotSupported, "min", "can't be checked: whether "+s.name+":"+slice.slice+" is there depends on what isn't known here")
			continue
		}
		if !strings.Contains(slice.slice, "/") || w.outerCount(s, slice, counts) > 0 {
			w.counted(n, slice, counts[i])
		}
	}
}

// outerCount is how often the slice occurs that a slice of a slice lies in.
func (w *walk) outerCount(s, slice *shape, counts []int) int {
	outer := slice.slice[:strings.LastIndexByte(slice.slice, '/')]
	for i, other := range s.slices {
		if other.slice == outer {
			return counts[i]
		}
	}
	return 1
}

// assign counts an occurrence for a slice and checks it, and the slices of the
// slice.
func (w *walk) assign(c fhir.Node, s *shape, at int, counts []int) {
	slice := s.slices[at]
	counts[at]++
	w.shape(c, slice)
	if slice.slicing == nil {
		return
	}
	inner := &shape{name: s.name, slicing: slice.slicing, slices: s.slices}
	if next, _ := w.sliceOf(c, inner, slice.slice+"/"); next >= 0 {
		w.assign(c, s, next, counts)
	} else if slice.slicing.rules == "closed" {
		w.fail(c, fhir.IssueStructure, "slicing-closed", "fits none of the slices of "+slice.slice+", and others aren't allowed")
	}
}

// sliceOf finds the slice that an occurrence belongs to, among those whose names
// begin with prefix and go no deeper; -1 for none. sure is false where what isn't
// known here could make it one.
func (w *walk) sliceOf(c fhir.Node, s *shape, prefix string) (at int, sure bool) {
	at, sure = -1, true
	for i, slice := range s.slices {
		rest, ok := strings.CutPrefix(slice.slice, prefix)
		if !ok || strings.Contains(rest, "/") && w.hasSlice(s, prefix+rest[:strings.LastIndexByte(rest, '/')]) {
			continue
		}
		switch w.belongs(c, slice, s.slicing.discriminators) {
		case fhir.Member:
			if at >= 0 {
				w.fail(c, fhir.IssueStructure, "slicing-ambiguous", "fits two slices of the profile, "+s.slices[at].slice+" and "+slice.slice)
				return at, true
			}
			at = i
		case fhir.Unknown:
			sure = false
		}
	}
	return at, sure || at >= 0
}

func (w *walk) hasSlice(s *shape, name string) bool {
	for _, slice := range s.slices {
		if slice.slice == name {
			return true
		}
	}
	return false
}

// belongs asks all discriminators.
func (w *walk) belongs(c fhir.Node, slice *shape, discriminators []discriminator) fhir.Membership {
	answer := fhir.Member
	for i := range discriminators {
		switch w.discriminate(c, slice, &discriminators[i]) {
		case fhir.NotMember:
			return fhir.NotMember
		case fhir.Unknown:
			answer = fhir.Unknown
		}
	}
	return answer
}

// discriminate asks one discriminator.
func (w *walk) discriminate(c fhir.Node, slice *shape, d *discriminator) fhir.Membership {
	if d.kind == "value" && len(d.steps) == 1 && d.steps[0].name == "url" && c.Type().Name == "Extension" {
		if answer, ok := isExtensionOf(c, slice); ok {
			return answer
		}
	}
	values := w.follow([]fhir.Node{c}, d.steps)
	shapes := w.v.descend([]*shape{slice}, d.steps)
	switch d.kind {
	case "exists":
		return existence(len(values) > 0, shapes)
	case "type":
		if d.resolves() {
			return w.byTarget(w.follow([]fhir.Node{c}, d.steps[:len(d.steps)-1]), append(shapes, slice))
		}
		return w.byType(values, append(shapes, slice))
	case "profile":
		if len(values) == 0 && d.resolves() && len(w.follow([]fhir.Node{c}, d.steps[:len(d.steps)-1])) > 0 {
			return fhir.Unknown // what it refers to isn't at hand
		}
		return w.byProfile(values, shapes)
	}
	return w.byValue(values, shapes)
}

// isExtensionOf compares an extension's URL with the definitions that a slice
// names.
func isExtensionOf(c fhir.Node, slice *shape) (fhir.Membership, bool) {
	for _, t := range slice.types {
		for _, canonical := range t.profiles {
			url, _, _ := strings.Cut(canonical, "|")
			if child(c, "url").Text() == url {
				return fhir.Member, true
			}
		}
		if len(t.profiles) > 0 {
			return fhir.NotMember, true
		}
	}
	return fhir.Unknown, false
}

func existence(there bool, shapes []*shape) fhir.Membership {
	for _, s := range shapes {
		if s.max == 0 && there || s.min > 0 && !there {
			return fhir.NotMember
		}
	}
	return fhir.Member
}

// byTarget compares the types of what references lead to, which they name even
// where it isn't at hand.
func (w *walk) byTarget(references []fhir.Node, shapes []*shape) fhir.Membership {
	answer := fhir.NotMember
	for _, n := range references {
		named := w.typeOfReference(child(n, "reference").Text(), n)
		if named == "" {
			answer = fhir.Unknown
			continue
		}
		for _, s := range shapes {
			for _, t := range s.types {
				if slices.ContainsFunc(t.targets, func(target string) bool { return w.v.isOfType(target, named) }) {
					return fhir.Member
				}
			}
		}
	}
	return answer
}

func (w *walk) byType(values []fhir.Node, shapes []*shape) fhir.Membership {
	if len(values) == 0 {
		return fhir.NotMember
	}
	for _, s := range shapes {
		for _, t := range s.types {
			if w.isA(values[0].Type(), t.code) {
				return fhir.Member
			}
		}
	}
	return fhir.NotMember
}

func (w *walk) byProfile(values []fhir.Node, shapes []*shape) fhir.Membership {
	for _, s := range shapes {
		for _, t := range s.types {
			for _, v := range values {
				holds, known := w.conforms(v, append(t.profiles[:len(t.profiles):len(t.profiles)], t.targets...))
				if holds {
					return fhir.Member
				}
				if known {
					return fhir.NotMember
				}
			}
		}
	}
	if len(values) == 0 {
		return fhir.NotMember
	}
	return fhir.Unknown
}

// byValue compares values with what the slice fixes.
func (w *walk) byValue(values []fhir.Node, shapes []*shape) fhir.Membership {
	answer := fhir.NotMember
	for _, s := range shapes {
		for _, v := range values {
			switch w.resembles(v, s) {
			case fhir.Member:
				return fhir.Member
			case fhir.Unknown:
				answer = fhir.Unknown
			}
		}
	}
	if len(shapes) == 0 && len(values) > 0 {
		return fhir.Unknown
	}
	return answer
}

// resembles compares a value with the fixed values, patterns and required
// bindings of a shape and of what is below it.
func (w *walk) resembles(n fhir.Node, s *shape) fhir.Membership {
	answer, said := fhir.Member, false
	if s.fixed != nil {
		said = true
		if !s.fixed.matches(n, true) {
			return fhir.NotMember
		}
	}
	if s.pattern != nil {
		said = true
		if !s.pattern.matches(n, false) {
			return fhir.NotMember
		}
	}
	if s.binding != nil && s.binding.strength == "required" && s.fixed == nil && s.pattern == nil {
		said = true
		member, _ := w.member(n, s.binding.valueSet)
		if member != fhir.Member {
			answer = member
		}
	}
	for _, c := range append(s.children[:len(s.children):len(s.children)], s.slices...) {
		if c.fixed == nil && c.pattern == nil && len(c.children) == 0 {
			continue
		}
		said = true
		if found := w.anyResembles(n, c); found != fhir.Member && (c.slice == "" || c.min > 0) {
			return found
		}
	}
	if !said {
		return fhir.Unknown
	}
	return answer
}

func (w *walk) anyResembles(n fhir.Node, s *shape) fhir.Membership {
	if s.slice != "" && s.name == n.Name() {
		return w.resembles(n, s)
	}
	answer := fhir.NotMember
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() != s.name {
			continue
		}
		if found := w.resembles(c, s); found == fhir.Member || found == fhir.Unknown {
			return fhir.Member
		}
	}
	return answer
}

// failBelow reports about a child that may not be there.
func (w *walk) failBelow(n fhir.Node, name, code, rule, text string) {
	w.add(n, "."+name, fhir.SeverityError, code, rule, text)
}

func (w *walk) warnBelow(n fhir.Node, name, code, rule, text string) {
	w.add(n, "."+name, fhir.SeverityWarning, code, rule, text)
}

// more says how many issues aren't listed.
func more(count int) string { return fmt.Sprintf("%d more issues aren't listed", count) }
