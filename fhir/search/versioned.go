package search

import (
	"slices"
	"strings"
)

// noteVersions looks whether the chains of conditions were followed from hits
// over references to one version of a resource. They ask about the resource as
// it is now, which the answer has to say.
func (r *runner) noteVersions(where []Expr, hits []Hit) {
	for _, e := range where {
		r.budget.versioned = r.budget.versioned || followsVersion(e, hits)
	}
}

func followsVersion(e Expr, hits []Hit) bool {
	follows := func(m Expr) bool { return followsVersion(m, hits) }
	switch e := e.(type) {
	case And:
		return slices.ContainsFunc(e, follows)
	case Or:
		return slices.ContainsFunc(e, follows)
	case Not:
		return follows(e.Expr)
	case *orIndex:
		return slices.ContainsFunc(e.members, follows)
	case *compartmentScope:
		return follows(e.where)
	case *join:
		return !e.reverse && slices.ContainsFunc(hits, func(h Hit) bool { return e.param.namesVersion(h.Terms, e.typ) })
	}
	return false
}

// namesVersion reports whether a resource with these terms refers to one version
// of a resource of a type.
func (p *Parameter) namesVersion(terms []Term, typ string) bool {
	from := p.kept(keptVersion, "")
	return slices.ContainsFunc(within(terms, from, p.kept(keptVersion+1, "")), func(t Term) bool {
		return strings.HasPrefix(string(t[len(from):]), typ+"/")
	})
}
