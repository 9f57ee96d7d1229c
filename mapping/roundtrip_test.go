package mapping

import (
	"errors"
	"reflect"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/mapping/casemodel"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"
)

func resourcesOf(writes []Write) []proto.Message {
	all := make([]proto.Message, len(writes))
	for i, w := range writes {
		all[i] = w.Resource
	}
	return all
}

// stored gives resources as a store gives them back: through JSON.
func stored(t interface{ Fatalf(string, ...any) }, writes []Write) []proto.Message {
	all := make([]proto.Message, len(writes))
	for i, w := range writes {
		tree, _ := fhir.Decode(definition.R4(), w.JSON(), fhir.Limits{})
		m, err := Decode(tree)
		if err != nil {
			t.Fatalf("%s: %v in %s", w.Key, err, w.JSON())
		}
		all[i] = m
	}
	return all
}

// A case comes back from FHIR as it was, but for what the report names.
func TestCasesComeBackButForWhatIsReported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		before := c.Clone()
		writes, lost := Resources(&c, nil)
		if !reflect.DeepEqual(before, c) {
			t.Fatalf("Resources changed the case that it was given:\n%s", cmp.Diff(before, c))
		}
		back := AssembleOnly(stored(t, writes))
		order(&c)
		order(&back)
		for _, l := range missing("case", reflect.ValueOf(c), reflect.ValueOf(back)) {
			if !lost.Has(l.Path) {
				t.Errorf("%s (%s) is lost and not reported", l.Path, l.Kind)
			}
		}
	})
}

// What came back once stays for good: writing it changes nothing.
func TestASettledCaseWritesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		writes, _ := Resources(&c, nil)
		all := stored(t, writes)
		back := AssembleOnly(all)
		again, lost := Resources(&back, all)
		for _, w := range again {
			t.Errorf("%s is written anew:\n%s", w.Key, cmp.Diff(w.Stored, w.Resource, protocmp.Transform()))
		}
		for _, l := range lost {
			t.Errorf("%s (%s) is lost of what had come from FHIR", l.Path, l.Kind)
		}
	})
}

// Extensions and elements of others stay when the case changes all of its own.
func TestWhatTheCaseDoesNotOwnStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		writes, _ := Resources(&c, nil)
		all := stored(t, writes)
		foreign := newExtension("http://example.org/foreign")
		inString.write(foreign.ProtoReflect(), "theirs")
		for _, m := range all {
			addExtension(m.ProtoReflect(), proto.Clone(foreign).(*datatypes.Extension))
		}
		other := drawCase(t)
		other.ID = c.ID
		changed, _ := Resources(&other, all)
		for _, w := range changed {
			if w.Stored != nil && findExtension(w.Resource.ProtoReflect(), "http://example.org/foreign") == nil {
				t.Errorf("%s lost an extension of others", w.Key)
			}
		}
	})
}

// Applying what a case says of itself changes nothing in it.
func TestApplyingTheSameChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := drawCase(t)
		writes, _ := Resources(&drawn, nil)
		all := stored(t, writes)
		c := AssembleOnly(all)
		one := rapid.IntRange(0, len(all)-1).Draw(t, "resource")
		after, _ := Apply(c, all[one])
		order(&c)
		order(&after)
		if lost := missing("case", reflect.ValueOf(c), reflect.ValueOf(after)); len(lost) > 0 {
			t.Errorf("applying a %s changed %v", idOf(all[one]), lost)
		}
	})
}

// A client that knows nothing of Caseway leaves its extensions out.
func TestExtensionsThatAClientLeavesOutAreKept(t *testing.T) {
	c := casemodel.Case{
		ID: "e", Adopted: true, Phase: casemodel.PhaseAwaitingApproval, Model: casemodel.ModelClinical,
		Client: casemodel.Client{ID: "Patient/p"}, TargetPopulation: casemodel.Words("cyclists"),
		Plans: []casemodel.Plan{{ID: "CarePlan/1", Version: 2, Status: casemodel.PlanAwaitingApproval, Intent: "plan"}},
	}
	writes, lost := Resources(&c, nil)
	if len(lost) > 0 {
		t.Fatal(lost)
	}
	for _, w := range writes {
		bare := proto.Clone(w.Resource)
		for _, e := range extensionsOf(bare.ProtoReflect()) {
			removeExtensions(bare.ProtoReflect(), e.GetUrl().GetValue())
		}
		after, _ := Apply(c, bare)
		if d := cmp.Diff(c, after); d != "" {
			t.Errorf("after a %s without extensions:\n%s", w.Key.Type, d)
		}
		if kept, any := Keep(w.Resource, bare); any && !proto.Equal(kept, w.Resource) {
			t.Errorf("%s: Keep gives\n%s", w.Key, cmp.Diff(w.Resource, kept, protocmp.Transform()))
		}
	}
}

// A status that somebody moved over FHIR counts more than the finer state that
// was kept beside it.
func TestAMovedStatusMovesTheCase(t *testing.T) {
	c := casemodel.Case{ID: "e", Adopted: true, Phase: casemodel.PhaseMonitoring, Client: casemodel.Client{ID: "Patient/p"}}
	for status, want := range map[string]casemodel.Phase{
		"active": casemodel.PhaseMonitoring, "onhold": casemodel.PhaseOnHold, "finished": casemodel.PhaseClosed,
		"cancelled": casemodel.PhaseCancelled, "planned": casemodel.PhaseReferred,
	} {
		t.Run(status, func(t *testing.T) {
			e, _ := EpisodeFromCase(&c, nil)
			setStatus(e.ProtoReflect(), status)
			after, _ := ApplyEpisode(c, e)
			if after.Phase != want || !after.Adopted {
				t.Errorf("%s gives %s, adopted %v; want %s", status, after.Phase, after.Adopted, want)
			}
		})
	}
}

// What is written reads as R4: nothing that FHIR knows not, no value of the
// wrong form. Rules about what must be there are the case's own to keep.
func TestWhatIsWrittenReadsAsR4(t *testing.T) {
	types := map[string]int{}
	for seed := range uint64(40) {
		c := makeCase(seed)
		writes, _ := Resources(&c, nil)
		for _, w := range writes {
			tree, err := fhir.Decode(definition.R4(), w.JSON(), fhir.Limits{})
			types[w.Key.Type]++
			if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
				for _, issue := range fe.Issues {
					if issue.Code != fhir.IssueRequired {
						t.Errorf("%s: %s %s", w.Key.Type, issue.Code, issue.Text)
					}
				}
			}
			if m, err := Decode(tree); err != nil || !proto.Equal(m, w.Resource) {
				t.Errorf("%s isn't what was written: %v", w.Key, err)
			}
		}
	}
	if len(types) < 26 {
		t.Errorf("only %d resource types are written: %v", len(types), types)
	}
}
