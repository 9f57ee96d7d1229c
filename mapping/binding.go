package mapping

import (
	"fmt"

	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// codec converts one element and its value in the case model.
//
// read gets a message that is there. write gets one that may hold an older
// value, whose unknown neighbours it leaves alone; where FHIR can't hold the
// value it writes nothing. same, where it is set, says whether two values are
// about the same thing, so that a list's element keeps what stands beside it.
type codec[T any] struct {
	read  func(m protoreflect.Message) T
	write func(m protoreflect.Message, v T)
	same  func(a, b T) bool
	onto  func(m protoreflect.Message, v *T) // read over an older value; nil: read
}

// binding ties one element of a message to a field of a C.
type binding[C any] struct {
	// read lays the element onto the part. Where the element isn't there, an
	// element of FHIR's own empties the field, an extension of ours leaves it.
	read func(m protoreflect.Message, c *C)
	// write makes the element say what the part says, and leaves it as it is
	// where it says so already.
	write func(m protoreflect.Message, c *C)
}

// field finds the descriptor of an element by its JSON name.
func field(m protoreflect.Message, name string) protoreflect.FieldDescriptor {
	f := m.Descriptor().Fields().ByJSONName(name)
	if f == nil {
		panic(fmt.Sprintf("mapping: %s has no element %s", m.Descriptor().Name(), name))
	}
	return f
}

// one binds an element that occurs at most once.
func one[C, T any](name string, at func(*C) *T, c codec[T]) binding[C] {
	read := func(m protoreflect.Message) (v T) {
		if f := field(m, name); m.Has(f) {
			v = c.read(m.Get(f).Message())
		}
		return v
	}
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			if f := field(m, name); c.onto != nil && m.Has(f) {
				c.onto(m.Get(f).Message(), at(part))
				return
			}
			*at(part) = read(m)
		},
		write: func(m protoreflect.Message, part *C) {
			want, f := *at(part), field(m, name)
			there := m.Has(f)
			switch says := !zero(want); {
			case there && same(read(m), want), !there && !says:
				return
			case !says:
				m.Clear(f)
				return
			}
			c.write(m.Mutable(f).Message(), want)
			dropEmpty(m, f)
		},
	}
}

// dropEmpty removes an element that came out empty.
func dropEmpty(m protoreflect.Message, f protoreflect.FieldDescriptor) {
	if m.Has(f) && saysNothing(m.Get(f).Message()) {
		m.Clear(f)
	}
}

func saysNothing(m protoreflect.Message) bool {
	return proto.Size(m.Interface()) == 0 && !fhirproto.ZeroSays(m.Descriptor())
}

// many binds a repeating element.
func many[C, T any](name string, at func(*C) *[]T, c codec[T]) binding[C] {
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			old := *at(part)
			f := field(m, name)
			if !m.Has(f) {
				*at(part) = nil
				return
			}
			*at(part) = c.readAll(m.Get(f).List(), old)
		},
		write: func(m protoreflect.Message, part *C) {
			want := *at(part)
			f := field(m, name)
			if len(want) == 0 {
				if m.Has(f) {
					m.Clear(f)
				}
				return
			}
			var have []T
			if m.Has(f) {
				have = c.readAll(m.Get(f).List(), nil)
			}
			if !same(have, want) {
				c.writeAll(m.Mutable(f).List(), have, want)
			}
			if m.Has(f) && m.Get(f).List().Len() == 0 {
				m.Clear(f)
			}
		},
	}
}

// readAll reads a list. An element about the same thing as an old value is
// laid onto it.
func (c codec[T]) readAll(list protoreflect.List, old []T) []T {
	all := make([]T, list.Len())
	for i := range all {
		m := list.Get(i).Message()
		all[i] = c.read(m)
		if c.onto == nil || c.same == nil {
			continue
		}
		for j := range old {
			if c.same(old[j], all[i]) {
				all[i] = old[j]
				c.onto(m, &all[i])
				break
			}
		}
	}
	return all
}

// writeAll makes a list say what is wanted: an element that says it stays, one
// about the same thing is changed, others are made anew.
func (c codec[T]) writeAll(list protoreflect.List, have, want []T) {
	used := make([]bool, len(have))
	find := func(v T, fits func(a, b T) bool) protoreflect.Message {
		for i := range have {
			if !used[i] && fits(have[i], v) {
				used[i] = true
				return list.Get(i).Message()
			}
		}
		return nil
	}
	next := make([]protoreflect.Message, len(want))
	for i, v := range want {
		next[i] = find(v, same[T])
	}
	for i, v := range want {
		if next[i] != nil {
			continue
		}
		if c.same != nil {
			next[i] = find(v, c.same)
		}
		if next[i] == nil {
			next[i] = list.NewElement().Message()
		}
		c.write(next[i], v)
	}
	list.Truncate(0)
	for _, m := range next {
		if !saysNothing(m) {
			list.Append(protoreflect.ValueOfMessage(m))
		}
	}
}

// object makes the codec of an element with children of its own.
func object[T any](bindings ...binding[T]) codec[T] {
	onto := func(m protoreflect.Message, v *T) {
		for _, b := range bindings {
			b.read(m, v)
		}
	}
	return codec[T]{
		read: func(m protoreflect.Message) (v T) {
			onto(m, &v)
			return v
		},
		write: func(m protoreflect.Message, v T) {
			for _, b := range bindings {
				b.write(m, &v)
			}
		},
		onto: onto,
	}
}

// about gives a codec with a rule for what is about the same thing.
func (c codec[T]) about(same func(a, b T) bool) codec[T] {
	c.same = same
	return c
}

// pointer makes the codec of a value that may be absent.
func pointer[T any](c codec[T]) codec[*T] {
	p := codec[*T]{
		read: func(m protoreflect.Message) *T {
			v := c.read(m)
			return &v
		},
		write: func(m protoreflect.Message, v *T) { c.write(m, *v) },
	}
	if c.onto != nil {
		p.onto = func(m protoreflect.Message, v **T) {
			laid := new(T)
			if *v != nil {
				*laid = **v
			}
			c.onto(m, laid)
			*v = laid
		}
	}
	return p
}

// first binds a field to the first member of a repeating element. Where there
// are more, they stay behind it.
func first[C, T any](name string, at func(*C) *T, c codec[T]) binding[C] {
	read := func(m protoreflect.Message) (v T) {
		if f := field(m, name); m.Has(f) {
			v = c.read(m.Get(f).List().Get(0).Message())
		}
		return v
	}
	return binding[C]{
		read: func(m protoreflect.Message, part *C) { *at(part) = read(m) },
		write: func(m protoreflect.Message, part *C) {
			want := *at(part)
			if same(read(m), want) {
				return
			}
			f := field(m, name)
			list := m.Mutable(f).List()
			if zero(want) {
				removeAt(list, 0)
			} else {
				if list.Len() == 0 {
					list.AppendMutable()
				}
				c.write(list.Get(0).Message(), want)
				if saysNothing(list.Get(0).Message()) {
					removeAt(list, 0)
				}
			}
			if list.Len() == 0 {
				m.Clear(f)
			}
		},
	}
}

func removeAt(list protoreflect.List, at int) {
	for i := at; i+1 < list.Len(); i++ {
		list.Set(i, list.Get(i+1))
	}
	list.Truncate(list.Len() - 1)
}
