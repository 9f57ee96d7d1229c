package ucum

import (
	"math/big"
	"strings"
	"sync"
)

// atom is a unit's symbol with its definition: value times other units.
type atom struct {
	metric bool // takes prefixes
	value  string
	of     string // a UCUM code; "" for a base unit and for a bare number
	base   bool   // a dimension of its own
	offset string // added before the factor is applied
	name   string
	once   sync.Once
	known  Unit
}

// unit resolves the definition, once.
func (a *atom) unit() Unit {
	a.once.Do(func() {
		if a.base {
			a.known = Unit{factor: big.NewRat(1, 1), powers: []power{{a.name, 1}}}
			return
		}
		u := one
		if a.of != "" {
			p := parser{rest: a.of}
			var err error
			if u, err = p.term(0); err != nil || p.rest != "" {
				panic("ucum: the table's own definition of " + a.name + " doesn't parse")
			}
		}
		a.known = Unit{factor: new(big.Rat).Mul(u.factor, rat(a.value)), powers: u.powers}
		if a.offset != "" {
			a.known.offset = rat(a.offset)
		}
	})
	return a.known
}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic("ucum: the table's own number " + s + " doesn't parse")
	}
	return r
}

var (
	prefixes = readPrefixes()
	atoms    = readAtoms()
)

func readPrefixes() map[string]*big.Rat {
	m := map[string]*big.Rat{}
	for line := range strings.Lines(prefixTable) {
		f := strings.Fields(line)
		m[f[0]] = rat(f[1])
	}
	return m
}

// readAtoms reads the table's lines: symbol, kind, value, unit.
func readAtoms() map[string]*atom {
	m := map[string]*atom{}
	for line := range strings.Lines(atomTable) {
		f := strings.Fields(line)
		a := &atom{name: f[0], metric: strings.Contains(f[1], "m"), base: strings.Contains(f[1], "b")}
		if !a.base {
			a.value = f[2]
		}
		if len(f) > 3 {
			a.of = f[3]
		}
		if len(f) > 4 {
			a.offset = f[4]
		}
		m[a.name] = a
	}
	for name := range strings.FieldsSeq(arbitraryUnits) {
		m[name] = &atom{name: name, base: true}
	}
	// These two are the same unit in two spellings, the only arbitrary ones with prefixes.
	iu := &atom{name: "[iU]", base: true, metric: true}
	m["[iU]"], m["[IU]"] = iu, iu
	return m
}
