package mapping

import (
	"reflect"
	"testing"

	"caseway/mapping/casemodel"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// A case that is assembled from memory is the one that is assembled anew, also
// when some of its resources have changed, and shares nothing that assembling
// others or acting on them writes to.
func TestMemoryAssemblesTheSameCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		writes, _ := Resources(&c, nil)
		all := stored(t, writes)
		var memory Memory
		for _, m := range all {
			if rapid.Bool().Draw(t, "kept") {
				memory.Keep(m)
			}
		}
		want := AssembleOnly(all)
		first := memory.Assemble(all)
		if d := cmp.Diff(want, first); d != "" {
			t.Fatalf("at first:\n%s", d)
		}
		other := drawCase(t)
		more, _ := Resources(&other, nil)
		mixed := append([]proto.Message(nil), all...)
		mixed = append(mixed, stored(t, more)...)
		if d := cmp.Diff(AssembleOnly(mixed), memory.Assemble(mixed)); d != "" {
			t.Fatalf("with others:\n%s", d)
		}
		casemodel.KeepNextDue(first)
		for _, m := range all {
			if rapid.Bool().Draw(t, "dropped") {
				memory.Drop(m)
			}
		}
		if again := memory.Assemble(all); !reflect.DeepEqual(want, again) {
			t.Fatalf("again:\n%s", cmp.Diff(want, again))
		}
	})
}
