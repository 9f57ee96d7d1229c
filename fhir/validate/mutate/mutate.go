package mutate

import (
	"math/rand/v2"

	"caseway/fhir"
)

// Mutator makes mutations, always the same ones for a seed and the resources
// that it is given. Not safe for concurrent use.
type Mutator struct {
	schema fhir.Schema
	random *rand.Rand
	pool   map[string][]*value // values seen before, by element path and property
}

// New makes a Mutator.
func New(schema fhir.Schema, seed uint64) *Mutator {
	return &Mutator{schema: schema, random: rand.New(rand.NewPCG(seed, 1)), pool: map[string][]*value{}}
}

// Learn keeps values of a resource, which was decoded before, to put into
// others.
func (m *Mutator) Learn(resource []byte) {
	v := parse(resource)
	v.annotate(m.schema, nil)
	for _, o := range v.objects(nil) {
		if o.typ == nil {
			continue
		}
		for _, member := range o.members {
			key := o.typ.Name + "." + member.name
			if len(m.pool[key]) < 20 && len(member.value.append(nil)) < 2000 {
				m.pool[key] = append(m.pool[key], member.value)
			}
		}
	}
}

// tries is how often a Mutator looks for a place before it gives up.
const tries = 50

// Mutate changes one thing in a resource, which was decoded before. class says
// what: the operator and what it met. ok is false where nothing could be done.
func (m *Mutator) Mutate(resource []byte) (text []byte, class string, ok bool) {
	top := parse(resource)
	top.annotate(m.schema, nil)
	objects := top.objects(nil)
	for range tries {
		op := operators[m.random.IntN(len(operators))]
		o := objects[m.random.IntN(len(objects))]
		if o.typ == nil {
			continue
		}
		if what, done := op.do(m, top, o); done {
			class = op.name
			if what != "" {
				class += " " + what
			}
			return top.append(nil), class, true
		}
	}
	return nil, "", false
}

// operator is a kind of change. do changes something of an object and says
// what; done is false where there is nothing to change.
type operator struct {
	name string
	do   func(m *Mutator, top, o *value) (what string, done bool)
}

// pick chooses a member that suits; -1 where none does.
func (m *Mutator) pick(o *value, suits func(name string, v *value) bool) int {
	var fit []int
	for i, member := range o.members {
		if member.name != "resourceType" && suits(member.name, member.value) {
			fit = append(fit, i)
		}
	}
	if len(fit) == 0 {
		return -1
	}
	return fit[m.random.IntN(len(fit))]
}

func anyMember(string, *value) bool { return true }

// one chooses one of several.
func one[T any](m *Mutator, from ...T) T { return from[m.random.IntN(len(from))] }
