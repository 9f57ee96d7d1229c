package mongo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// TestLargeResourcesAreReadWhereThereIsRoom looks at what is sent: what is small
// comes in one answer, and of what is large only that for which there is room.
func TestLargeResourcesAreReadWhereThereIsRoom(t *testing.T) {
	in := mongotest.Server(t)
	var sent commands
	s, err := mongo.OpenMonitored(t.Context(), in.URI, sent.monitor())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const large = 2 * budget.Small
	var keys []fhir.Key
	for i, size := range []int{10, large, 20, large, large} {
		w := put(patient(fmt.Sprint("p", i)), 0, i)
		w.Content.Rest = fmt.Appendf(nil, `"language":%q`, strings.Repeat("x", size))
		commit(t, s, w)
		keys = append(keys, w.Key)
	}
	for _, row := range []struct {
		name     string
		keys     []fhir.Key
		room     int64
		whole    int // hits with JSON
		commands int
	}{
		{"small ones", []fhir.Key{keys[0], keys[2]}, 3 * large, 2, 1},
		{"room for all", keys, 4 * large, 5, 4},
		{"room for some", keys, 2*large + large/2, 4, 3},
		{"room for none", keys, large / 2, 2, 1},
		{"one that isn't there", []fhir.Key{keys[0], patient("none")}, large, 1, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			sent.take()
			answer := budget.NewAnswer(row.room, nil)
			room := answer.Share()
			page, err := s.Scan(t.Context(), search.Scan{Keys: row.keys, Limit: len(row.keys), Room: room})
			if err != nil {
				t.Fatal(err)
			}
			whole, bytes := 0, 0
			for _, h := range page.Hits {
				if bytes += len(h.JSON); h.JSON != nil {
					whole++
				}
			}
			there := slices.DeleteFunc(slices.Clone(row.keys), func(k fhir.Key) bool { return k.ID == "none" })
			if whole != row.whole || len(page.Hits) != len(there) {
				t.Errorf("%d of %d hits are whole, want %d of %d", whole, len(page.Hits), row.whole, len(there))
			}
			if room.Taken() != bytes {
				t.Errorf("%d bytes of room are taken for %d of JSON", room.Taken(), bytes)
			}
			if n := len(sent.take()); n != row.commands {
				t.Errorf("%d commands are sent, want %d", n, row.commands)
			}
		})
	}
}
