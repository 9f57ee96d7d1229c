package mapping

import (
	"strings"

	"caseway/fhir"
	"caseway/mapping/casemodel"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	episodepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/episode_of_care_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// extensionBase begins the URLs of Caseway's own extensions.
const extensionBase = fhir.CanonicalBase + "/StructureDefinition/"

// EpisodeExtension is the standard extension by which a resource names the
// episode that it is part of.
const EpisodeExtension = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"

// episodeContexts are the types that the standard allows EpisodeExtension on,
// of those that cases are kept as.
var episodeContexts = map[string]bool{
	"CarePlan": true, "CareTeam": true, "ServiceRequest": true, "Communication": true, "CommunicationRequest": true,
	"Condition": true, "Observation": true, "Procedure": true, "QuestionnaireResponse": true,
}

// extension binds a field to an extension of ours. The codec gets the whole
// Extension: see in.
func extension[C, T any](name string, at func(*C) *T, c codec[T]) binding[C] {
	url := extensionURL(name)
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			if e := findExtension(m, url); e != nil {
				*at(part) = c.read(e.ProtoReflect())
			}
		},
		write: func(m protoreflect.Message, part *C) {
			want := *at(part)
			e := findExtension(m, url)
			if zero(want) {
				if e != nil {
					removeExtensions(m, url)
				}
				return
			}
			if e != nil && same(c.read(e.ProtoReflect()), want) {
				return
			}
			if e == nil {
				e = newExtension(url)
				c.write(e.ProtoReflect(), want)
				if e.Value != nil || len(e.Extension) > 0 {
					addExtension(m, e)
				}
				return
			}
			c.write(e.ProtoReflect(), want)
		},
	}
}

// extensions binds a list to an extension of ours that repeats.
func extensions[C, T any](name string, at func(*C) *[]T, c codec[T]) binding[C] {
	url := extensionURL(name)
	read := func(m protoreflect.Message) (all []T) {
		for _, e := range extensionsOf(m) {
			if e.GetUrl().GetValue() == url {
				all = append(all, c.read(e.ProtoReflect()))
			}
		}
		return all
	}
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			if findExtension(m, url) != nil {
				*at(part) = read(m)
			}
		},
		write: func(m protoreflect.Message, part *C) {
			want := *at(part)
			if same(read(m), want) {
				return
			}
			removeExtensions(m, url)
			for _, v := range want {
				e := newExtension(url)
				c.write(e.ProtoReflect(), v)
				addExtension(m, e)
			}
		},
	}
}

// extensionURL is the URL of an extension of ours; the names of those within
// another stand as they are, marked by a leading dot.
func extensionURL(name string) string {
	if inner, is := strings.CutPrefix(name, "."); is {
		return inner
	}
	return extensionBase + name
}

func newExtension(url string) *datatypes.Extension {
	return &datatypes.Extension{Url: &datatypes.Uri{Value: url}}
}

func extensionsOf(m protoreflect.Message) []*datatypes.Extension {
	f := m.Descriptor().Fields().ByJSONName("extension")
	if f == nil || !m.Has(f) {
		return nil
	}
	list := m.Get(f).List()
	all := make([]*datatypes.Extension, list.Len())
	for i := range all {
		all[i] = list.Get(i).Message().Interface().(*datatypes.Extension)
	}
	return all
}

func findExtension(m protoreflect.Message, url string) *datatypes.Extension {
	f := m.Descriptor().Fields().ByJSONName("extension")
	if f == nil || !m.Has(f) {
		return nil
	}
	list := m.Get(f).List()
	for i := range list.Len() {
		if e := list.Get(i).Message().Interface().(*datatypes.Extension); e.GetUrl().GetValue() == url {
			return e
		}
	}
	return nil
}

func addExtension(m protoreflect.Message, e *datatypes.Extension) {
	m.Mutable(field(m, "extension")).List().Append(protoreflect.ValueOfMessage(e.ProtoReflect()))
}

func removeExtensions(m protoreflect.Message, url string) {
	f := field(m, "extension")
	if !m.Has(f) {
		return
	}
	list := m.Mutable(f).List()
	kept := 0
	for i := range list.Len() {
		if list.Get(i).Message().Interface().(*datatypes.Extension).GetUrl().GetValue() != url {
			list.Set(kept, list.Get(i))
			kept++
		}
	}
	list.Truncate(kept)
	if kept == 0 {
		m.Clear(f)
	}
}

// in is the codec of an extension with one value of a type.
func in[T any](typ string, c codec[T]) codec[T] {
	return codec[T]{
		read: func(m protoreflect.Message) (v T) {
			choice := m.Get(field(m, "value")).Message()
			if f := field(choice, typ); choice.Has(f) {
				v = c.read(choice.Get(f).Message())
			}
			return v
		},
		write: func(m protoreflect.Message, v T) {
			choice := m.Mutable(field(m, "value")).Message()
			f := field(choice, typ)
			c.write(choice.Mutable(f).Message(), v)
			dropEmpty(choice, f)
			dropEmpty(m, field(m, "value"))
		},
	}
}

// The codecs of extensions with one value.
var (
	inString   = in("string", words)
	inCode     = in("code", words)
	inBoolean  = in("boolean", boolean)
	inInteger  = in("integer", number)
	inDate     = in("dateTime", date)
	inConcept  = in("codeableConcept", concept)
	inPeriod   = in("period", period)
	inParty    = in("reference", party)
	inRef      = in("reference", ref)
	inQuantity = in("quantity", quantity)
)

func inText[S ~string](typ string) codec[S] { return in(typ, text[S]()) }

// Keep copies what a version of a resource that leaves out Caseway's own
// extensions lost of them from the version before, and reports whether there
// was anything. Of an EpisodeOfCare it copies also what Caseway keeps in elements
// that others write too, see owned. What said more of a status that has changed goes with it. Those
// that it has itself stay as they are, also within other elements, which it means
// to change.
func Keep(before, after proto.Message) (proto.Message, bool) {
	from := before.ProtoReflect()
	if from.Descriptor() != after.ProtoReflect().Descriptor() {
		return after, false
	}
	there := map[string]bool{}
	for _, e := range extensionsOf(after.ProtoReflect()) {
		there[e.GetUrl().GetValue()] = true
	}
	kept, any := after, false
	for _, e := range extensionsOf(from) {
		url := e.GetUrl().GetValue()
		if there[url] || !strings.HasPrefix(url, extensionBase) && url != EpisodeExtension {
			continue
		}
		if refines[strings.TrimPrefix(url, extensionBase)] && statusChanged(from, after.ProtoReflect()) {
			continue
		}
		if !any {
			kept, any = proto.Clone(after), true
		}
		addExtension(kept.ProtoReflect(), proto.Clone(e).(*datatypes.Extension))
	}
	if e, ok := after.(*episodepb.EpisodeOfCare); ok {
		own := ownedBy(before.(*episodepb.EpisodeOfCare), e)
		if own.any() && !any {
			kept, any = proto.Clone(after), true
		}
		own.keep(kept.(*episodepb.EpisodeOfCare))
	}
	return kept, any
}

// refines are the extensions that say more of a status: one that has changed says
// by itself what is true now.
var refines = map[string]bool{"plan-status": true, "service-status": true}

func statusChanged(before, after protoreflect.Message) bool {
	status := before.Descriptor().Fields().ByName("status")
	return status != nil && !proto.Equal(before.Get(status).Message().Interface(), after.Get(status).Message().Interface())
}

// remarkIn is the codec of an extension that holds a remark.
var remarkIn = object(
	extension(".text", func(r *casemodel.Remark) *string { return &r.Text }, inString),
	extension(".by", func(r *casemodel.Remark) *casemodel.Party { return &r.By }, inParty),
	extension(".at", func(r *casemodel.Remark) *casemodel.Date { return &r.At }, inDate),
)

// evidenceIn is the codec of an extension that holds evidence.
var evidenceIn = object(
	extension(".by", func(e *casemodel.Evidence) *casemodel.Party { return &e.By }, inParty),
	extension(".note", func(e *casemodel.Evidence) *string { return &e.Note }, inString),
	extension(".file", func(e *casemodel.Evidence) *casemodel.Ref { return &e.File }, inRef),
)
