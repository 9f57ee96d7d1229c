package mapping

import (
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// pair ties a part of the case (C) to a resource (P, a *E).
type pair[C, E any, P interface {
	*E
	proto.Message
}] struct {
	typ string // resource type
	// subject is the element that names the client, "" for none.
	subject  string
	id       func(*C) *casemodel.Ref
	bindings []binding[C]
	// owner binds what the part belongs to; its functions are nil for none.
	owner binding[frame]
	// fixed sets what every resource of this pair says, where it is new.
	fixed func(P)
}

// frame is what stands around a part: whose it is, in which episode, and the
// part that it belongs to.
type frame struct {
	client  casemodel.Party
	episode casemodel.Ref
	owner   casemodel.Ref
}

func (f frame) ownedBy(of casemodel.Ref) frame {
	f.owner = of
	return f
}

func frameOf(c *casemodel.Case) frame {
	f := frame{client: c.Client.Party()}
	if c.ID != "" {
		f.episode = casemodel.Ref("EpisodeOfCare/" + c.ID)
	}
	return f
}

func (p *pair[C, E, P]) frameOf(m P) frame {
	r := m.ProtoReflect()
	var f frame
	if p.subject != "" {
		if s := field(r, p.subject); !s.IsList() {
			f.client = party.read(r.Get(s).Message())
		} else if list := r.Get(s).List(); list.Len() > 0 {
			f.client = party.read(list.Get(0).Message())
		}
	}
	if e := findExtension(r, EpisodeExtension); e != nil {
		f.episode = inRef.read(e.ProtoReflect())
	}
	if p.owner.read != nil {
		p.owner.read(r, &f)
	}
	return f
}

// fromFHIR reads a part. What the part can't say is what a resource made from
// it alone lacks.
func (p *pair[C, E, P]) fromFHIR(m P) (C, Losses) {
	var part C
	p.read(m, &part)
	alone := p.write(p.frameOf(m), &part, nil)
	lost := unsaid(p.typ, m.ProtoReflect(), alone.ProtoReflect(), true)
	return part, lost.of(string(*p.id(&part)))
}

func (p *pair[C, E, P]) read(m P, part *C) {
	r := m.ProtoReflect()
	*p.id(part) = idOf(m)
	for _, b := range p.bindings {
		b.read(r, part)
	}
}

func (p *pair[C, E, P]) write(f frame, part *C, stored P) P {
	var m P
	if stored == nil {
		m = P(new(E))
		if p.fixed != nil {
			p.fixed(m)
		}
	} else {
		m = proto.Clone(stored).(P)
	}
	r := m.ProtoReflect()
	p.writeFrame(r, f, *p.id(part), stored == nil)
	for _, b := range p.bindings {
		b.write(r, part)
	}
	return m
}

// writeFrame says whose the resource is, where it is new or doesn't say.
func (p *pair[C, E, P]) writeFrame(r protoreflect.Message, f frame, id casemodel.Ref, made bool) {
	if local := localID(id, p.typ); local != "" {
		words.write(r.Mutable(field(r, "id")).Message(), local)
	}
	if p.subject != "" && !f.client.IsZero() {
		if s := field(r, p.subject); !r.Has(s) {
			if s.IsList() {
				party.write(r.Mutable(s).List().AppendMutable().Message(), f.client)
			} else {
				party.write(r.Mutable(s).Message(), f.client)
			}
		}
	}
	if p.owner.write != nil && f.owner != "" {
		p.owner.write(r, &f)
	}
	if made && f.episode != "" && episodeContexts[p.typ] {
		e := newExtension(EpisodeExtension)
		inRef.write(e.ProtoReflect(), f.episode)
		addExtension(r, e)
	}
}

// idOf is a resource's type and id as the case writes them.
func idOf(m proto.Message) casemodel.Ref {
	r := m.ProtoReflect()
	id := words.read(r.Get(field(r, "id")).Message())
	if id == "" {
		return ""
	}
	return casemodel.Ref(string(r.Descriptor().Name()) + "/" + id)
}

// localID is the logical id of a reference to a resource of a type.
func localID(id casemodel.Ref, typ string) string {
	if len(id) > len(typ) && string(id[:len(typ)+1]) == typ+"/" {
		return string(id[len(typ)+1:])
	}
	return ""
}
