package scope

import (
	"cmp"
	"slices"
	"strings"
)

// String writes a scope in its normal form, "patient/CarePlan.rs".
func (s Scope) String() string {
	text := string(s.Context) + "/" + s.Type + "." + s.Permissions.String()
	if s.Query != "" {
		text += "?" + s.Query
	}
	return text
}

// String writes the scopes of a set in normal form, with spaces between them.
func (s Set) String() string { return strings.Join(s.Strings(), " ") }

// Strings gives each scope of a set in normal form.
func (s Set) Strings() []string {
	all := slices.Clone(s.Others)
	for _, r := range s.Resources {
		all = append(all, r.String())
	}
	return all
}

// Version1 writes a set for clients that speak version 1 of SMART's scopes:
// what version 1 can't say stays as it is.
func (s Set) Version1() string {
	all := slices.Clone(s.Others)
	for _, r := range s.Resources {
		text := r.String()
		for name, p := range version1 {
			if r.Query == "" && p == r.Permissions {
				text = string(r.Context) + "/" + r.Type + "." + name
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// Empty reports whether a set allows nothing at all.
func (s Set) Empty() bool { return len(s.Resources)+len(s.Others) == 0 }

// Has reports whether a scope that isn't about resources is in the set:
// "openid", "launch/patient".
func (s Set) Has(other string) bool { return slices.Contains(s.Others, other) }

// Covers reports whether all that another set allows is allowed by this one: a
// refresh may ask for no more than was granted (RFC 6749, section 6).
func (s Set) Covers(other Set) bool {
	for _, name := range other.Others {
		if !s.Has(name) {
			return false
		}
	}
	for _, r := range other.Resources {
		if s.without(r) != 0 {
			return false
		}
	}
	return true
}

// without gives the permissions of a scope that no scope of the set gives.
func (s Set) without(r Scope) Permissions {
	left := r.Permissions
	for _, mine := range s.Resources {
		if mine.reaches(r) {
			left &^= mine.Permissions
		}
	}
	return left
}

// reaches reports whether a scope is about all resources that another is about.
func (s Scope) reaches(other Scope) bool {
	return s.Context == other.Context && (s.Type == Any || s.Type == other.Type) && wider(s.Query, other.Query)
}

// Intersect gives what both sets allow. Where both narrow one type by search
// parameters, all of these must hold.
func (s Set) Intersect(other Set) Set {
	var meet Set
	for _, name := range s.Others {
		if other.Has(name) {
			meet.Others = append(meet.Others, name)
		}
	}
	for _, a := range s.Resources {
		for _, b := range other.Resources {
			if r, ok := a.intersect(b); ok {
				meet.Resources = append(meet.Resources, r)
			}
		}
	}
	meet.normalise()
	return meet
}

func (s Scope) intersect(other Scope) (Scope, bool) {
	if s.Type == Any {
		s.Type = other.Type
	}
	s.Permissions &= other.Permissions
	s.Query = both(s.Query, other.Query)
	return s, s.Context == other.Context && (other.Type == Any || other.Type == s.Type) && s.Permissions != 0
}

// normalise puts scopes in order, joins those that differ by permissions
// alone, and takes out what others say already.
func (s *Set) normalise() {
	slices.SortFunc(s.Others, func(a, b string) int { return slices.Index(others, a) - slices.Index(others, b) })
	s.Others = slices.Compact(s.Others)
	slices.SortFunc(s.Resources, Scope.compare)
	var joined []Scope
	for _, r := range s.Resources {
		if n := len(joined); n > 0 && joined[n-1].compare(r) == 0 {
			joined[n-1].Permissions |= r.Permissions
			continue
		}
		joined = append(joined, r)
	}
	s.Resources = nil
	for i, r := range joined {
		wider := Set{Resources: slices.Concat(joined[:i], joined[i+1:])}
		if r.Permissions = wider.without(r); r.Permissions != 0 {
			s.Resources = append(s.Resources, r)
		}
	}
}

// contexts are the contexts in their order.
var contexts = []Context{Patient, User, System}

// compare orders scopes by all but their permissions.
func (s Scope) compare(other Scope) int {
	return cmp.Or(
		slices.Index(contexts, s.Context)-slices.Index(contexts, other.Context),
		cmp.Compare(s.Type, other.Type),
		cmp.Compare(s.Query, other.Query),
	)
}
