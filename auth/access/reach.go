package access

import (
	"slices"
	"strings"

	"caseway/auth"
	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// reachKind says how far a context of scopes reaches.
type reachKind int

const (
	nothing      reachKind = iota
	compartments           // of patients
	organization           // what an Organization may see
	everything             // as far as the table of types lets the role
)

// reach is how far the scopes of one context reach, whatever their types.
type reach struct {
	kind         reachKind
	patients     []string // logical ids, for compartments
	organization string   // logical id
	admin        bool
}

// reachOf says how far a principal's scopes of a context reach.
//
// A patient context that isn't the patient's own, or no charge of a caregiver,
// reaches nothing, whoever let it come about. Where the user or the client is
// bound to an Organization, and the user isn't the patient or a caregiver, both
// must hold; an administrator is then no more than that Organization's staff.
func reachOf(p *auth.Principal, c scope.Context) reach {
	switch {
	case c == scope.Patient:
		return patientReach(p)
	case c == scope.System && p.Role == "", c == scope.User && p.Role == auth.Staff:
		return unbound(p)
	case c == scope.User && p.Role == auth.Administrator:
		r := unbound(p)
		r.admin = r.kind == everything
		return r
	case c == scope.User:
		return reach{kind: compartments, patients: own(p)}
	}
	return reach{}
}

// unbound is everything, unless an Organization narrows it.
func unbound(p *auth.Principal) reach {
	if p.Organization != "" {
		return reach{kind: organization, organization: p.Organization}
	}
	return reach{kind: everything}
}

// own are the patients of a patient or caregiver.
func own(p *auth.Principal) []string {
	switch p.Role {
	case auth.Patient:
		if key, ok := fhir.ParseKey(p.FHIRUser); ok && key.Type == "Patient" {
			return []string{key.ID}
		}
	case auth.Caregiver:
		return slices.DeleteFunc(slices.Clone(p.Charges), func(id string) bool { return !fhir.IsID(id) })
	}
	return nil
}

func patientReach(p *auth.Principal) reach {
	if !fhir.IsID(p.Patient) {
		return reach{}
	}
	r := reach{kind: compartments, patients: []string{p.Patient}}
	switch p.Role {
	case auth.Patient:
		if mine := own(p); mine != nil && !slices.Contains(mine, p.Patient) {
			return reach{}
		}
	case auth.Caregiver:
		if !slices.Contains(own(p), p.Patient) {
			return reach{}
		}
	default:
		r.organization = p.Organization
	}
	return r
}

// grant is what the reach gives of a type with a permission.
func (r reach) grant(registry *search.Registry, typ string, p scope.Permissions) (grant, bool) {
	g := grant{reach: r, plain: true}
	rule, known := types()[typ]
	if !known {
		return g, false
	}
	reading := p&(scope.Read|scope.Search) != 0
	switch r.kind {
	case nothing:
		return g, false
	case everything:
		if r.admin {
			return g, rule.admin&p != 0
		}
		return g, rule.staff&p != 0
	}
	switch rule.patients {
	case "directory":
		g.where = r.directory(registry, typ, rule)
		return g, reading
	case "binary":
		g.binary = true
		return g, p != scope.Search
	case "compartment", "self":
		if r.organization != "" && rule.patients == "self" && p == scope.Delete {
			return g, false // what it may see hangs on who is a patient
		}
		g.where = r.condition(registry, typ, rule)
		return g, g.where != nil
	}
	return g, false
}

// condition is what resources of a type must satisfy that are some patient's;
// nil where none can be reached.
func (r reach) condition(registry *search.Registry, typ string, rule rule) search.Expr {
	var all search.And
	if r.kind == compartments {
		mine := r.mine(registry, typ, rule)
		if mine == nil {
			return nil
		}
		if mine = r.unlessAddressed(registry, typ, mine); mine == nil {
			return nil
		}
		all = append(all, mine)
	}
	if r.organization != "" {
		may := seenBy(registry, fhir.Key{Type: "Organization", ID: r.organization}, typ, rule)
		if may == nil {
			return nil
		}
		all = append(all, may)
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

// mine is the condition that resources of a type are in the compartments of the
// reach's patients, and in nobody else's but as the table of types says.
func (r reach) mine(registry *search.Registry, typ string, rule rule) search.Expr {
	if len(r.patients) == 0 {
		return nil
	}
	if rule.patients == "self" {
		keys := make(search.Keys, len(r.patients))
		for i, id := range r.patients {
			keys[i] = fhir.Key{Type: "Patient", ID: id}
		}
		return keys
	}
	members := parameters(registry, typ, definition.R4().Compartment("Patient").Params(typ))
	if members == nil {
		return nil
	}
	in := r.named(members)
	if rule.whose == "all" {
		return in
	}
	alone := search.Not{Expr: r.others(members)}
	whose := parameters(registry, typ, []string{rule.whose})
	if whose == nil {
		return search.And{in, alone}
	}
	if len(members) == 1 && members[0].Code == rule.whose {
		return search.And{in, alone}
	}
	return search.And{in, search.Or{alone, search.And{r.named(whose), search.Not{Expr: r.others(whose)}}}}
}

// unlessAddressed narrows a condition to what is addressed to the reach's
// patients, to relatives or to nobody in particular. Where that can't be found
// out, nothing is left.
func (r reach) unlessAddressed(registry *search.Registry, typ string, where search.Expr) search.Expr {
	code := parties()[typ].addressee
	if code == "" {
		return where
	}
	to := parameters(registry, typ, []string{code})
	nobody, err := conditionOf(registry, typ, code+":missing=true")
	if to == nil || err != nil {
		return nil
	}
	from := string(to[0].Term(fhir.Key{Type: "RelatedPerson"})) // ends with a slash
	relatives := search.Leaf{From: search.Term(from), To: search.Term(strings.TrimSuffix(from, "/") + "0")}
	return search.And{where, search.Or{nobody, r.named(to), relatives}}
}

// directory is the condition on a type that everybody reads: that it names no
// patient who is somebody else.
func (r reach) directory(registry *search.Registry, typ string, rule rule) search.Expr {
	if rule.whose == "" {
		return nil
	}
	whose := parameters(registry, typ, []string{rule.whose})
	if whose == nil {
		return search.Or{}
	}
	return search.Not{Expr: r.others(whose)}
}

// parameters finds reference parameters that work; nil where one doesn't.
func parameters(registry *search.Registry, typ string, codes []string) []*search.Parameter {
	var all []*search.Parameter
	for _, code := range codes {
		p := registry.Parameter(typ, code)
		if p == nil || p.Refused != "" || p.Pending || p.Type != "reference" {
			return nil
		}
		all = append(all, p)
	}
	return all
}

// named is the condition that one of the parameters leads to one of the patients.
func (r reach) named(by []*search.Parameter) search.Expr {
	var terms []search.Term
	for _, p := range by {
		for _, id := range r.patients {
			terms = append(terms, p.Term(fhir.Key{Type: "Patient", ID: id}))
		}
	}
	slices.Sort(terms)
	return search.Leaf{Exact: slices.Compact(terms)}
}

// others is the condition that one of the parameters leads to another patient.
func (r reach) others(by []*search.Parameter) search.Expr {
	either := make(search.Or, 0, len(by))
	for _, p := range by {
		from := string(p.Term(fhir.Key{Type: "Patient"})) // ends with a slash
		mine := map[search.Term]bool{}
		for _, id := range r.patients {
			mine[p.Term(fhir.Key{Type: "Patient", ID: id})] = true
		}
		either = append(either, search.Leaf{
			From: search.Term(from), To: search.Term(strings.TrimSuffix(from, "/") + "0"),
			Test: func(t search.Term) bool { return !mine[t] },
		})
	}
	if len(either) == 1 {
		return either[0]
	}
	return either
}
