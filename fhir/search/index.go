package search

import (
	"slices"
	"sync"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/fhirpath"
)

// step is one expression that extraction evaluates. Those of a parameter stand
// together.
type step struct {
	parameter *Parameter
	expr      *fhirpath.Expr
	needs     int // which bit says that there can be a result; -1: always
}

// firstBits is how many different elements the expressions of a type may
// begin with; those beyond are evaluated always.
const firstBits = 256

type bits [firstBits / 64]uint64

func (b *bits) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b *bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// compile makes the steps of a type, once. A parameter that the resource's own
// key and time answer has none.
func (t *typeParameters) compile() {
	t.read()
	t.compiled.Do(func() {
		t.first = map[string]int{}
		for _, p := range t.working {
			p.compile()
			if p.problem != nil {
				t.registry.failed(p, p.problem)
			}
			if p.Code == "_id" || p.Code == "_lastUpdated" || p.whole {
				continue
			}
			for _, b := range p.branches {
				t.steps = append(t.steps, step{parameter: p, expr: b.expr, needs: t.bit(b)})
			}
		}
	})
}

func (t *typeParameters) bit(b branch) int {
	if !b.plain || b.needs == "" {
		return -1
	}
	i, known := t.first[b.needs]
	if !known {
		if len(t.first) == firstBits {
			return -1
		}
		i = len(t.first)
		t.first[b.needs] = i
	}
	return i
}

// indexer makes the terms of one resource.
type indexer struct {
	registry  *Registry
	context   *fhirpath.Context
	terms     []Term
	kept      []Term
	batch     batch // the terms of the expression at work
	keptBatch batch
	focus     [1]fhirpath.Value
	results   fhirpath.Collection
	inner     *indexer // for the components of a composite
	// versioned and unversioned are where references of the parameter at work lead.
	versioned, unversioned []string
}

var indexers = sync.Pool{New: func() any { return &indexer{} }}

// Index makes the index terms of a resource and the values to keep beside
// them. A resource of an unknown type has none.
func (r *Registry) Index(t *fhir.Tree) Index { return r.index(t, &r.context) }

// IndexWithin is Index for which the expressions draw on work, all that are
// indexed with it together. It fails as work does.
func (r *Registry) IndexWithin(work *budget.Work, t *fhir.Tree) (Index, error) {
	if len(r.custom) == 0 {
		return r.Index(t), work.Expired() // R4's expressions cost what the resource is long
	}
	context := r.context
	context.Work = work
	index := r.index(t, &context)
	return index, work.Err()
}

func (r *Registry) index(t *fhir.Tree, context *fhirpath.Context) Index {
	root := t.Root()
	if !root.Valid() || r.types[root.Type().Name] == nil {
		return Index{}
	}
	x := indexers.Get().(*indexer)
	x.registry, x.context = r, context
	if x.resource(root, r.types[root.Type().Name]) {
		x.contained(root)
	}
	index := Index{Terms: sorted(x.terms), Values: sorted(x.kept)}
	x.reset()
	indexers.Put(x)
	return index
}

// resource makes the terms of a resource, but for what it contains; contains
// reports whether there is such.
func (x *indexer) resource(root fhir.Node, typ *typeParameters) (contains bool) {
	typ.compile()
	var present bits
	for c := root.First(); c.Valid(); c = c.Next() {
		if i, known := typ.first[c.Name()]; known {
			present.set(i)
		}
		contains = contains || c.Name() == "contained"
	}
	x.run(root, typ.steps, &present)
	return contains
}

func (x *indexer) reset() {
	x.terms, x.kept, x.results = emptied(x.terms), emptied(x.kept), emptied(x.results)
	x.versioned, x.unversioned = emptied(x.versioned), emptied(x.unversioned)
	x.focus[0] = fhirpath.Value{}
}

// roomKept is up to which size an indexer keeps its slices: what an enormous
// resource needed is given back.
const roomKept = 1 << 14

func emptied[S ~[]E, E any](s S) S {
	if cap(s) > roomKept {
		return nil
	}
	clear(s)
	return s[:0]
}

func sorted(terms []Term) []Term {
	if len(terms) == 0 {
		return nil
	}
	slices.Sort(terms)
	return slices.Clone(slices.Compact(terms))
}

func (x *indexer) run(root fhir.Node, steps []step, present *bits) {
	for i := 0; i < len(steps); {
		p := steps[i].parameter
		before, found := len(x.terms), false
		for ; i < len(steps) && steps[i].parameter == p; i++ {
			if s := steps[i]; s.needs < 0 || present.has(s.needs) {
				found = x.add(p, s.expr, root) || found
			}
		}
		x.bothWays(p)
		if found && len(x.terms) == before && p.Type != "composite" {
			x.terms = append(x.terms, p.term(presentKind, ""))
		}
	}
}

// add evaluates an expression and makes terms of what it gives; found reports
// whether it gave anything with a value.
func (x *indexer) add(p *Parameter, expr *fhirpath.Expr, focus fhir.Node) (found bool) {
	x.focus[0] = fhirpath.OfNode(focus)
	from := len(x.results)
	results, err := expr.Append(x.results, x.context, x.focus[:]...)
	if err != nil {
		x.registry.failed(p, err)
		return false
	}
	x.results = results
	x.batch, x.keptBatch = batch{from: len(x.terms)}, batch{from: len(x.kept)}
	for i := from; i < len(results); i++ {
		if x.addValue(p, results[i]) {
			found = true
		}
		x.compact()
	}
	x.results = x.results[:from]
	return found
}

// batch is the terms that one expression has made, from an index on. A value
// that is repeated a million times must not be held as often.
type batch struct{ from, distinct int }

const batchSize = 1 << 12

func (x *indexer) compact() {
	x.terms, x.kept = x.batch.compact(x.terms), x.keptBatch.compact(x.kept)
}

// compact drops repetitions whenever there are twice as many terms as there
// were different ones, and batchSize more.
func (b *batch) compact(terms []Term) []Term {
	made := terms[b.from:]
	if len(made) < 2*b.distinct+batchSize {
		return terms
	}
	slices.Sort(made)
	b.distinct = len(slices.Compact(made))
	return terms[:b.from+b.distinct]
}

// addValue makes the terms of one value. A primitive that only has extensions
// counts as absent (https://hl7.org/fhir/R4/search.html#modifiers).
func (x *indexer) addValue(p *Parameter, v fhirpath.Value) bool {
	n, isNode := v.Node()
	if !isNode {
		if _, is := v.System().(fhirpath.Boolean); is && p.Type == "token" {
			x.term(p, valueKind, v.String())
			return true
		}
		return x.addText(p, v.String())
	}
	if !n.HasValue() {
		return false
	}
	switch p.Type {
	case "token":
		x.token(p, n)
	case "string":
		x.text(p, n)
	case "reference":
		x.reference(p, n)
	case "date":
		x.date(p, n)
	case "number":
		x.number(p, n)
	case "quantity":
		x.quantity(p, n)
	case "uri":
		x.uri(p, n)
	case "composite":
		x.composite(p, n)
	}
	return true
}

// addText makes the terms of a value that an expression computed.
func (x *indexer) addText(p *Parameter, text string) bool {
	if text == "" {
		return false
	}
	switch p.Type {
	case "token":
		x.code(p, text)
	case "string":
		x.string(p, text, false)
	case "reference":
		x.link(p, text)
	case "uri":
		x.address(p, text)
	case "date":
		if d, ok := parseDates(text); ok {
			x.span(p, p.prefix, d.span(), d.long())
		}
	case "number":
		if d, ok := parseDecimal(text); ok {
			x.span(p, p.prefix, span{low: d.order()}, false)
		}
	}
	return true
}

func (x *indexer) term(p *Parameter, kind byte, value string) {
	x.terms = append(x.terms, p.term(kind, shorten(value, longestValue)))
}

func (x *indexer) keep(p *Parameter, letter byte, value string) {
	x.kept = append(x.kept, p.kept(letter, value))
}

// span adds a range by its lower end and, where that isn't near the upper
// one, by that as well.
func (x *indexer) span(p *Parameter, prefix string, s span, long bool) {
	x.terms = append(x.terms, Term(prefix+"<"+s.String()))
	if long {
		x.terms = append(x.terms, Term(prefix+">"+s.reverse()))
	}
}
