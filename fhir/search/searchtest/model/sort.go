package model

import (
	"cmp"
	"math/big"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/ucum"
)

// SortKey is what a resource is ordered by under one parameter of _sort.
type SortKey struct {
	text   string
	at     time.Time
	amount *big.Rat
}

// Compare orders keys of one parameter.
func (k SortKey) Compare(other SortKey) int {
	c := cmp.Or(strings.Compare(k.text, other.text), k.at.Compare(other.at))
	if c == 0 && k.amount != nil && other.amount != nil {
		c = k.amount.Cmp(other.amount)
	}
	return c
}

// SortKey gives what a resource is ordered by: of several values the one that
// comes first in the order. There is none where nothing has a value.
//
// Strings order by their base characters, tokens by code, references by what
// they name, dates by the start of a period, and quantities by value, those
// with a unit of UCUM before all others and each dimension apart.
func (m Model) SortKey(t *fhir.Tree, d *definition.SearchParameter, descending bool) (key SortKey, ok bool, err error) {
	p := &param{model: m, of: d, resource: t.Type().Name, focus: t.Root()}
	if p.elements, err = m.eval(d.Expression, t.Root()); err != nil {
		return key, false, err
	}
	for _, v := range p.elements {
		n, isNode := v.Node()
		if !isNode || !n.HasValue() {
			continue
		}
		for _, k := range p.sortKeys(n) {
			if c := k.Compare(key); !ok || descending && c > 0 || !descending && c < 0 {
				key, ok = k, true
			}
		}
	}
	return key, ok, nil
}

func (p *param) sortKeys(n fhir.Node) (keys []SortKey) {
	switch p.of.Type {
	case "string":
		all, _ := texts(n)
		for _, s := range all {
			keys = append(keys, SortKey{text: base(s)})
		}
	case "token":
		for _, have := range pairs(n) {
			if have.anyCase {
				have.code = strings.ToLower(have.code)
			}
			if have.code != "" {
				keys = append(keys, SortKey{text: have.code})
			}
		}
	case "reference":
		if link := p.linkOf(n.Child("reference").Text()); link.target != "" && !strings.HasPrefix(link.target, "#") {
			keys = append(keys, SortKey{text: link.target})
		}
	case "uri":
		keys = append(keys, SortKey{text: n.Text()})
	case "date":
		if n.Type().Name == "Period" {
			return []SortKey{{at: periodOf(n).from}}
		}
		return []SortKey{{at: timesOf(n.Text()).from}}
	case "quantity":
		return quantityKeys(n)
	}
	return keys
}

func quantityKeys(n fhir.Node) []SortKey {
	value, of := valueOf(n), measureOf(n)
	if value == nil {
		return nil
	}
	if of.system == units {
		if u, err := ucum.Parse(of.code); err == nil {
			return []SortKey{{text: "1 " + u.Base(), amount: u.Canonical(value)}}
		}
	}
	return []SortKey{{text: "2 " + of.system + " " + of.code, amount: value}}
}
