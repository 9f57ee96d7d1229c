package mapping

import (
	"slices"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// besideCase are the types that a case takes a little from and that are nobody's
// part: whom it is for, and the directory.
var besideCase = []string{"Patient", "Practitioner", "OrganizationAffiliation"}

// Unshown lists the resources of a case that no part of it is read from, and
// those that another one contains, which no part shows either. It doesn't look at
// the elements of a resource: Assemble reports those.
func Unshown(c *casemodel.Case, resources []proto.Message) Losses {
	shown := newWriting(c, nil).sheets
	var lost Losses
	for _, m := range resources {
		r, id := m.ProtoReflect(), idOf(m)
		typ := string(r.Descriptor().Name())
		if _, is := shown[id]; !is && !slices.Contains(besideCase, typ) {
			lost = append(lost, Loss{Part: string(id), Path: typ, Kind: typ, Reason: reasonFor(typ, noPlace)})
		}
		if f := r.Descriptor().Fields().ByJSONName("contained"); f != nil {
			for i := range r.Get(f).List().Len() {
				at := indexed(typ+".contained", i)
				lost = append(lost, Loss{Part: string(id), Path: at, Kind: "Resource", Reason: whyNotInCase(at)})
			}
		}
	}
	return lost.sorted()
}

// LossOf is the loss of a resource of a type that no part is kept as.
func LossOf(id, typ string) Loss {
	return Loss{Part: id, Path: typ, Kind: typ, Reason: reasonFor(typ, noPlace)}
}
