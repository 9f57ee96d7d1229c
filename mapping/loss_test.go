package mapping

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var update = flag.Bool("update", false, "write LOSSES.md anew")

// filler makes resources in which every element has a value. Of a choice it
// takes one type, a different one in each round.
type filler struct{ round int }

func (f filler) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		d := fields.Get(i)
		if d.Message() == nil || d.JSONName() == "contained" || depth > 0 && (d.JSONName() == "extension" || d.JSONName() == "modifierExtension" || d.JSONName() == "id") {
			continue
		}
		switch {
		case fhirproto.IsPrimitive(d.Message()) && d.IsList():
			f.primitive(m.Mutable(d).List().AppendMutable().Message())
		case fhirproto.IsPrimitive(d.Message()):
			f.primitive(m.Mutable(d).Message())
		case fhirproto.IsReference(d.Message()) && d.IsList():
			fhirproto.SetReference(m.Mutable(d).List().AppendMutable().Message(), "Basic/b")
		case fhirproto.IsReference(d.Message()):
			target := "Basic/b"
			if d.JSONName() == "actor" { // where FHIR allows a few types alone
				target = "Patient/b"
			}
			fhirproto.SetReference(m.Mutable(d).Message(), target)
		case depth > 5:
		case d.IsList():
			f.message(m.Mutable(d).List().AppendMutable().Message(), depth)
		default:
			f.message(m.Mutable(d).Message(), depth)
		}
	}
}

func (f filler) message(m protoreflect.Message, depth int) {
	if !fhirproto.IsChoice(m.Descriptor()) {
		f.fill(m, depth+1)
		return
	}
	options := m.Descriptor().Oneofs().Get(0).Fields()
	d := options.Get(f.round % options.Len())
	target := m.Mutable(d).Message()
	switch {
	case fhirproto.IsPrimitive(d.Message()):
		f.primitive(target)
	case fhirproto.IsReference(d.Message()):
		fhirproto.SetReference(target, "Basic/b")
	default:
		f.fill(target, depth+1)
	}
}

// primitive sets the first of some values that the type takes.
func (f filler) primitive(m protoreflect.Message) {
	for _, text := range []string{"2026-11-22T10:30:00Z", "2026-11-22", "10:30:00", "true", "1", "active", "YWJj"} {
		if fhirproto.SetText(m, text) {
			return
		}
	}
	enum := m.Descriptor().Fields().ByName("value")
	if enum != nil && enum.Enum() != nil {
		m.Set(enum, protoreflect.ValueOfEnum(enum.Enum().Values().Get(1).Number()))
	}
}

// lostFrom lists what a pair doesn't carry of a resource that says everything.
func lostFrom[C, E any, P interface {
	*E
	proto.Message
}](p *pair[C, E, P]) Losses {
	var all Losses
	for round := range 50 {
		m := P(new(E))
		filler{round}.fill(m.ProtoReflect(), 0)
		_, lost := p.fromFHIR(m)
		all = append(all, lost...)
	}
	return all
}

// reportTable is what FHIR can say and a case can't, by the part that a
// resource is read as, and the other way round.
func reportTable() string {
	var b strings.Builder
	b.WriteString("# What is lost between cases and FHIR\n\nWritten by `go test ./mapping -run TestLosses -update`; a test compares.\n\n")
	b.WriteString("## From FHIR\n\nWhat a resource says and the case made from it doesn't. Where the resource is stored, it keeps\nall of it when the case is written back. A type in brackets is one that a choice may have.\n\n")
	b.WriteString("| read as | element (type) | reason |\n| --- | --- | --- |\n")
	for _, p := range []struct {
		name string
		lost Losses
	}{
		{"case", lostEpisode()},
		{"client", lostFrom(&clients)},
		{"relative", lostFrom(&relatives)},
		{"team", lostFrom(&teams)},
		{"certification", lostFrom(&practitioners)},
		{"network", lostFrom(&networks)},
		{"referral", lostFrom(&referrals)},
		{"problem", lostFrom(&problems)},
		{"strength", lostFrom(&strengths)},
		{"outcome", lostFrom(&outcomes)},
		{"barrier", lostFrom(&barriers)},
		{"risk", lostFrom(&risks)},
		{"assessment", lostFrom(&assessments)},
		{"goal", lostFrom(&goals)},
		{"plan", lostFrom(&plans)},
		{"approval", lostFrom(&approvals)},
		{"service", lostFrom(&services)},
		{"offer", lostFrom(&offers)},
		{"appointment", lostFrom(&appointments)},
		{"contact, planned visit", lostFrom(&plannedVisits)},
		{"contact, planned call", lostFrom(&plannedCalls)},
		{"contact, visit", lostFrom(&visits)},
		{"contact, message", lostFrom(&messages)},
		{"task", lostFrom(&tasks)},
		{"utilization review", lostFrom(&reviews)},
		{"exchange", lostFrom(&exchanges)},
		{"coverage", lostFrom(&coverages)},
		{"eligibility", lostFrom(&eligibilities)},
		{"authorization", lostFrom(&requests)},
		{"decision", lostFrom(&decisions)},
		{"appeal", lostFrom(&appeals)},
		{"cost agreement", lostFrom(&agreements)},
		{"bill", lostFrom(&bills)},
		{"file", lostFrom(&files)},
		{"note", lostFrom(&notes)},
		{"consent", lostFrom(&consents)},
	} {
		for _, line := range lines(p.lost) {
			fmt.Fprintf(&b, "| %s | %s\n", p.name, line)
		}
	}
	b.WriteString("\n## From a case\n\nWhat a case can say and no resource holds: mostly values of a kind that FHIR doesn't allow there,\nand elements that FHIR demands and a case may leave out.\n\n")
	b.WriteString("| element (type) | reason |\n| --- | --- |\n")
	var lost Losses
	for seed := range uint64(400) {
		c := makeCase(seed)
		_, l := Resources(&c, nil)
		lost = append(lost, l...)
	}
	for _, line := range lines(lost) {
		fmt.Fprintf(&b, "| %s\n", line)
	}
	return b.String()
}

func lostEpisode() Losses {
	var all Losses
	for round := range 8 {
		m, _ := fhirproto.New("EpisodeOfCare")
		filler{round}.fill(m.ProtoReflect(), 0)
		_, lost := Assemble([]proto.Message{m})
		all = append(all, lost...)
	}
	return all
}

// common are the elements that every resource has, said once for all.
var common = []string{"meta", "text", "language", "implicitRules", "extension", "modifierExtension", "contained"}

// lines gives a line for each path, with all the types that were lost there,
// without what lies under another.
func lines(lost Losses) []string {
	kinds := map[string][]string{}
	for _, l := range lost {
		path := bare(l.Path)
		_, element, _ := strings.Cut(path, ".")
		top, _, _ := strings.Cut(element, ".")
		if slices.Contains(common, top) {
			continue
		}
		if !slices.Contains(kinds[path], l.Kind) {
			kinds[path] = append(kinds[path], l.Kind)
		}
	}
	var all []string
	for path, k := range kinds {
		slices.Sort(k)
		reason := reasonFor(path, notInCase)
		if strings.HasPrefix(path, "case.") {
			reason = reasonFor(path, notInFHIR)
		}
		all = append(all, fmt.Sprintf("%s (%s) | %s |", path, strings.Join(k, ", "), reason))
	}
	slices.Sort(all)
	return all
}

func TestLossesAreDocumented(t *testing.T) {
	const name = "LOSSES.md"
	got := reportTable()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s isn't what the mapping loses: run go test ./mapping -run TestLosses -update", name)
	}
}
