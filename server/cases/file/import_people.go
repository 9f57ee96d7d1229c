package file

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"

	"google.golang.org/protobuf/proto"
)

// participants is whom a case names: who is there, and who is made with it.
type participants struct {
	made  []change.Person
	there []fhir.Key
	notes []change.Loss
}

// outsideReference is a reference in a case to what isn't part of it.
type outsideReference struct {
	key     fhir.Key
	pointer string
	party   casemodel.Party // of a person or an organization
	listed  bool            // in the line's directory
}

// persons are the types of which a case needs that they are there.
var persons = []string{"Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Organization"}

// people sees to it that the people and organizations which a case names are
// there. Those that aren't are made of what the line says of them, if that is
// enough. a gets the client, and whoever a case shows more of than a name.
//
// known is what the line's directory says; whom before names already is passed over.
func (w *importing) people(a *assembly.Assembled, known []casemodel.Party, before *casemodel.Case) (*participants, error) {
	all := &participants{}
	if err := w.client(a, all); err != nil {
		return nil, err
	}
	var faults []problem.Fault
	var named []outsideReference
	if before != nil {
		named = outside(before)
	}
	for _, n := range outside(&a.Case) {
		if slices.ContainsFunc(named, func(old outsideReference) bool { return old.key == n.key }) {
			continue
		}
		if w.there[n.key] && n.key.Type != "Practitioner" || slices.ContainsFunc(a.Stored, func(m proto.Message) bool { return assembly.KeyOf(m) == n.key }) {
			continue
		}
		for _, p := range known {
			if string(p.Ref) == n.key.String() {
				n.party, n.listed = p, true
			}
		}
		v, err := w.service.caller.Read(w.ctx, n.key)
		switch fe := (*fhir.Error)(nil); {
		case err == nil:
			all.there = append(all.there, n.key)
			if n.key.Type == "Practitioner" {
				err = w.practitioner(a, v)
			}
		case errors.As(err, &fe) && (fe.Kind == fhir.NotFound || fe.Kind == fhir.Gone):
			err = nil
			if fault := all.missing(w, a, n); fault != nil {
				faults = append(faults, *fault)
			}
		case errors.As(err, &fe) && (fe.Kind == fhir.Forbidden || fe.Kind == fhir.Invalid):
			err = nil // nobody can say: the reference stays as it is
		}
		if err != nil {
			return nil, err
		}
	}
	if len(faults) > 0 {
		p := problem.New(http.StatusUnprocessableEntity, "not-found", "Something that the case needs isn't there", "")
		return nil, p.With(faults)
	}
	return all, nil
}

// missing makes whoever isn't there, or notes that nothing is.
func (all *participants) missing(w *importing, a *assembly.Assembled, n outsideReference) *problem.Fault {
	if !slices.Contains(persons, n.key.Type) {
		all.notes = append(all.notes, change.Loss{Path: pathOf(n.pointer), Reason: "there is no such resource here; the reference is kept"})
		return nil
	}
	if w.there[n.key] { // a line before would have made it, in a dry run
		return nil
	}
	p := personOf(n)
	if p == nil {
		return &problem.Fault{Pointer: n.pointer, Detail: "there is no such resource, and the line doesn't say enough to make it: a name"}
	}
	all.made = append(all.made, *p)
	if p.Key.Type == "Practitioner" { // over whom certifications are laid
		if tree, err := fhir.Decode(w.service.assembler.Schema, p.Text, fhir.Limits{Bytes: len(p.Text)}); err == nil {
			if m, _ := mapping.Decode(tree); m != nil {
				a.Stored = append(a.Stored, m)
			}
		}
	}
	return nil
}

// pathOf writes a JSON Pointer as a path of casemodel, as losses have them.
func pathOf(pointer string) string {
	var b strings.Builder
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case name != "" && name[0] >= '0' && name[0] <= '9':
			b.WriteString("[" + name + "]")
		case b.Len() > 0:
			b.WriteString("." + name)
		default:
			b.WriteString(name)
		}
	}
	return b.String()
}

// personOf makes somebody of what a line says; nil where that isn't enough: a name,
// or at least to be in the directory.
func personOf(n outsideReference) *change.Person {
	if n.party.Name == "" && !n.listed {
		return nil
	}
	r := map[string]any{"resourceType": n.key.Type, "id": n.key.ID}
	switch {
	case n.key.Type == "RelatedPerson": // it would need whose
		return nil
	case n.key.Type == "Organization" && n.party.Name == "" && n.party.Identifier.Value == "": // org-1
		return nil
	case n.party.Name == "", n.key.Type == "PractitionerRole":
	case n.key.Type == "Organization":
		r["name"] = n.party.Name
	default:
		r["name"] = []map[string]any{{"text": n.party.Name}}
	}
	if id := n.party.Identifier; id.Value != "" {
		r["identifier"] = []map[string]any{{"system": id.System, "value": id.Value}}
		if id.System == "" {
			r["identifier"] = []map[string]any{{"value": id.Value}}
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil // strings always marshal
	}
	return &change.Person{Key: n.key, Text: text}
}

// client reads the Patient whose case it is. Where there is none, it is made of
// what the line says; where there is, both must speak of the same person.
func (w *importing) client(a *assembly.Assembled, all *participants) error {
	key, ok := fhir.ParseKey(string(a.Case.Client.ID))
	if !ok || key.Type != "Patient" {
		return problem.BadRequest("", problem.Fault{Pointer: "/client/id", Detail: "must be Patient/id: of a stored Patient, or what the one that is made is to be called"})
	}
	if slices.ContainsFunc(a.Stored, func(m proto.Message) bool { return assembly.KeyOf(m) == key }) {
		return nil
	}
	v, err := w.service.caller.Read(w.ctx, key)
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		if made, ok := w.clients[a.Case.Client.ID]; ok {
			return samePerson(a.Case.Client, made)
		}
		if a.Case.Client.Name == "" {
			p := problem.New(http.StatusUnprocessableEntity, "not-found", "Something that the case needs isn't there", "")
			return p.With([]problem.Fault{{Pointer: "/client/id", Detail: "there is no such Patient, and the line doesn't say enough to make one: a name"}})
		}
		return nil
	}
	if err != nil {
		return err
	}
	if err := w.service.assembler.Add(a, v.Key, v.VersionID, v.JSON); err != nil {
		return err
	}
	said, stored := a.Case.Client, mapping.AssembleOnly(a.Stored).Client
	a.Case.Client = stored
	const kept = "the stored Patient is kept as it is"
	if len(said.Telecoms) > 0 && !reflect.DeepEqual(said.Telecoms, stored.Telecoms) {
		all.notes = append(all.notes, change.Loss{Path: "client.telecoms", Reason: kept})
	}
	if len(said.Languages) > 0 && !reflect.DeepEqual(said.Languages, stored.Languages) {
		all.notes = append(all.notes, change.Loss{Path: "client.languages", Reason: kept})
	}
	return samePerson(said, stored)
}

// samePerson refuses a case of somebody else than the stored Patient.
func samePerson(said, stored casemodel.Client) error {
	var faults []problem.Fault
	differ := func(name, said, stored string) {
		if said != "" && stored != "" && said != stored {
			faults = append(faults, problem.Fault{Pointer: "/client/" + name, Detail: "isn't what the stored Patient says; an import changes no Patient"})
		}
	}
	differ("name", said.Name, stored.Name)
	differ("birthDate", string(said.BirthDate), string(stored.BirthDate))
	differ("gender", said.Gender, stored.Gender)
	if len(faults) == 0 {
		return nil
	}
	p := problem.New(http.StatusConflict, "client-differs", "The client is somebody else", "")
	return p.With(faults)
}

// practitioner lets a case keep the certifications that are stored: those of a
// line are added where there are none, and never taken away.
func (w *importing) practitioner(a *assembly.Assembled, v store.Version) error {
	known := &assembly.Assembled{Versions: map[fhir.Key]int64{}}
	if err := w.service.assembler.Add(known, v.Key, v.VersionID, v.JSON); err != nil || len(known.Stored) == 0 {
		return err
	}
	stored, ok := mapping.CertificationsIn(known.Stored[0])
	if !ok {
		return nil
	}
	who := casemodel.Ref(assembly.KeyOf(known.Stored[0]).String())
	if len(stored) == 0 && !certified(&a.Case, who) {
		return nil
	}
	for i := range a.Case.Teams {
		for j := range a.Case.Teams[i].Members {
			if member := &a.Case.Teams[i].Members[j]; member.Party.Ref == who && len(member.Certifications) == 0 {
				member.Certifications = stored
			}
		}
	}
	return w.service.assembler.Add(a, v.Key, v.VersionID, v.JSON)
}

func certified(c *casemodel.Case, who casemodel.Ref) bool {
	for _, t := range c.Teams {
		for _, m := range t.Members {
			if m.Party.Ref == who && len(m.Certifications) > 0 {
				return true
			}
		}
	}
	return false
}

// know remembers who is there, so that the next line needn't ask.
func (w *importing) know(people *participants) {
	if len(w.there) > 10_000 {
		clear(w.there)
	}
	for _, key := range people.there {
		w.there[key] = true
	}
	for _, p := range people.made {
		w.there[p.Key] = true
	}
}

// outside are the references of a case to what isn't part of it, each once.
func outside(c *casemodel.Case) []outsideReference {
	parts := map[casemodel.Ref]bool{c.Client.ID: true, casemodel.Ref("EpisodeOfCare/" + c.ID): true}
	for p := range c.Parts() {
		parts[p.ID] = true
	}
	for _, k := range c.Contacts {
		parts[k.Held] = true
	}
	for _, a := range c.Authorizations {
		parts[a.Decision] = true
	}
	l := referenceWalk{parts: parts, at: map[fhir.Key]int{}}
	l.look(reflect.ValueOf(c).Elem(), "")
	return l.found
}

// referenceWalk walks through a case for references.
type referenceWalk struct {
	parts map[casemodel.Ref]bool
	at    map[fhir.Key]int // in found
	found []outsideReference
}

func (l *referenceWalk) look(v reflect.Value, pointer string) {
	switch v.Kind() {
	case reflect.String:
		if ref, ok := v.Interface().(casemodel.Ref); ok {
			l.add(ref, pointer, casemodel.Party{})
		}
	case reflect.Struct:
		if p, ok := v.Interface().(casemodel.Party); ok {
			l.add(p.Ref, pointer+"/ref", p)
			return
		}
		for _, f := range form.Fields(v.Type()) {
			l.look(v.FieldByIndex(f.Index), pointer+"/"+f.Name)
		}
	case reflect.Slice:
		for i := range v.Len() {
			l.look(v.Index(i), pointer+"/"+strconv.Itoa(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			l.look(v.Elem(), pointer)
		}
	}
}

// add notes a reference. Of several to one, that with a name tells most.
func (l *referenceWalk) add(ref casemodel.Ref, pointer string, p casemodel.Party) {
	key, ok := fhir.ParseKey(string(ref))
	if !ok || l.parts[ref] {
		return
	}
	if at, known := l.at[key]; known {
		if l.found[at].party.Name == "" {
			l.found[at].party = p
		}
		return
	}
	l.at[key] = len(l.found)
	l.found = append(l.found, outsideReference{key: key, pointer: pointer, party: p})
}
