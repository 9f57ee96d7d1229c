package search

import (
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
)

// chooseTypes finds which types are searched: those of the path, narrowed by
// the compartment and by _type. It comes first, because the other parameters
// depend on it.
func (p *requestParser) chooseTypes(pairs []Pair) error {
	p.types = p.given
	if len(p.types) == 0 {
		p.types = p.registry.set.ResourceTypes()
	}
	for _, typ := range p.given {
		if !p.registry.set.IsResourceType(typ) {
			return fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "there is no resource type "+shown(typ))
		}
	}
	if err := p.enterCompartment(); err != nil {
		return err
	}
	all := p.types
	for _, pair := range pairs {
		if pair.Name != "_type" || pair.Value == "" {
			continue
		}
		types, err := p.typeNames(pair.Value)
		if err != nil {
			continue // told when the parameter's turn comes
		}
		p.types = slices.DeleteFunc(slices.Clone(p.types), func(typ string) bool { return !slices.Contains(types, typ) })
	}
	if len(p.types) == 0 {
		p.types = all
	}
	if len(p.given)+len(p.options.Compartment.Type) > 0 || len(p.types) < len(all) {
		p.request.Types = p.types
	}
	return p.narrowToCompartment()
}

func (p *requestParser) typeNames(value string) ([]string, error) {
	types := strings.Split(value, ",")
	for _, typ := range types {
		if !p.registry.set.IsResourceType(typ) {
			return nil, malformed("_type", "the value is names of resource types with commas between them"+p.typeHint(typ))
		}
	}
	return types, nil
}

// typesAgain checks _type, which chooseTypes has used.
func (p *requestParser) typesAgain(_, value string) (string, error) {
	types, err := p.typeNames(value)
	if err != nil {
		return "", err
	}
	for _, typ := range p.types {
		if !slices.Contains(types, typ) {
			return "", malformed("_type", "none of the types that are searched fits")
		}
	}
	return value, nil
}

// typeHint suggests a resource type for a misspelt one.
func (p *requestParser) typeHint(typ string) string {
	return didYouMean(nearest(typ, p.registry.set.ResourceTypes()))
}

// nearest finds the name that a misspelt one may stand for; "" where none is near.
func nearest(name string, names []string) string {
	best, least := "", len(name)/3+2
	for _, n := range names {
		if d := fhir.Distance(plainCode(name), plainCode(n), least); d < least {
			best, least = n, d
		}
	}
	return best
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

// enterCompartment narrows the types to those of the compartment.
func (p *requestParser) enterCompartment() error {
	key := p.options.Compartment
	if key == (fhir.Key{}) {
		return nil
	}
	c := p.registry.set.Compartment(key.Type)
	if c == nil {
		return fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "there is no compartment of "+shown(key.Type)+"; there are those of "+
			strings.Join(p.registry.set.Compartments(), ", "))
	}
	if len(p.given) == 0 {
		p.types = c.Types()
		return nil
	}
	for _, typ := range p.types {
		if !c.Includes(typ) {
			return fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "no "+typ+" is in the compartment of a "+key.Type)
		}
	}
	return nil
}

// narrowToCompartment adds the condition that results are in the compartment
// (https://hl7.org/fhir/R4/compartmentdefinition.html).
func (p *requestParser) narrowToCompartment() error {
	key := p.options.Compartment
	if key == (fhir.Key{}) {
		return nil
	}
	var any []Expr
	for _, typ := range p.types {
		e, err := p.registry.InCompartment(key, typ)
		if err != nil {
			return err
		}
		if e != nil {
			any = append(any, e)
		}
	}
	p.where = append(p.where, AnyWithin(key, any))
	return nil
}

// list narrows to what a List names (https://hl7.org/fhir/R4/search.html#list).
func (p *requestParser) list(_, value string) (string, error) {
	if p.options.List == nil {
		return "", notSupported("the parameter _list isn't supported here")
	}
	keys := Keys{}
	for _, id := range splitValue(value, ',') {
		if strings.HasPrefix(id, "$") {
			return "", notSupported("the parameter _list takes logical ids of List resources; lists by their function, such as $current-problems, aren't supported")
		}
		if id = strings.TrimPrefix(id, "List/"); !fhir.IsID(id) {
			return "", malformed("_list", "the value is the logical id of a List")
		}
		found, err := p.options.List(p.ctx, id)
		if err != nil {
			return "", err
		}
		if err := p.spend(1 + len(found)); err != nil {
			return "", err
		}
		for _, k := range found {
			if slices.Contains(p.types, k.Type) {
				keys = append(keys, k)
			}
		}
	}
	p.where = append(p.where, keys)
	return value, nil
}

// count reads _count (https://hl7.org/fhir/R4/search.html#count).
func (p *requestParser) count(_, value string) (string, error) {
	if err := p.once("_count"); err != nil {
		return "", err
	}
	digits := strings.TrimLeft(value, "0")
	if !isDigits(value) {
		return "", malformed("_count", "the value is how many resources a page has at most, 0 or more; with 0 only the total is given")
	}
	n := MaxCount
	if len(digits) <= len(strconv.Itoa(MaxCount)) {
		n, _ = strconv.Atoi("0" + digits)
		n = min(n, MaxCount)
	}
	p.request.Count = n
	return strconv.Itoa(n), nil
}

// once refuses a parameter that was given before.
func (p *requestParser) once(name string) error {
	if slices.ContainsFunc(p.request.Used, func(u Pair) bool { return u.Name == name }) {
		return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "the parameter "+name+" is given more than once")
	}
	return nil
}
