package mapping

import (
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// Apply lays changed and new resources onto a case, and reports what they say
// and the case doesn't. Extensions of Caseway's that they leave out keep what
// the case has. New resources count as far as they hang on the case: a Task by
// its focus, a ClaimResponse by its request.
func Apply(c casemodel.Case, changed ...proto.Message) (casemodel.Case, Losses) {
	w := newWriting(&c, nil)
	w.finish()
	touched := map[casemodel.Ref]bool{}
	for _, m := range changed {
		id := idOf(m)
		if before := w.out[id]; before != nil {
			m, _ = Keep(before, m)
		}
		w.add(id, sheet{})
		w.out[id] = m
		touched[id] = true
	}
	all := make([]proto.Message, 0, len(w.order))
	for _, id := range w.order {
		all = append(all, w.out[id])
	}
	after, lost := Assemble(all)
	kept := lost[:0]
	for _, l := range lost {
		if touched[casemodel.Ref(l.Part)] {
			kept = append(kept, l)
		}
	}
	return after, kept
}
