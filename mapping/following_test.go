package mapping

import (
	"reflect"
	"slices"
	"testing"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// mixed gives a case with some of another's fields.
func mixed(t *rapid.T, c, other casemodel.Case) casemodel.Case {
	after := c.Clone()
	from, to := reflect.ValueOf(other.Clone()), reflect.ValueOf(&after).Elem()
	for i := range to.NumField() {
		if to.Type().Field(i).Name != "ID" && rapid.IntRange(0, 3).Draw(t, "other") == 0 {
			to.Field(i).Set(from.Field(i))
		}
	}
	return after
}

// What follows is what one state of a case writes and another doesn't.
func TestFollowingIsWhatResourcesHasMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		earlier, later := mixed(t, c, drawCase(t)), mixed(t, c, drawCase(t))
		written, _ := Resources(&c, nil)
		var over []proto.Message
		for _, m := range stored(t, written) {
			if rapid.Bool().Draw(t, "stored") {
				over = append(over, m)
			}
		}
		plain, _ := Resources(&earlier, over)
		all, _ := Resources(&later, over)
		want := slices.DeleteFunc(all, func(w Write) bool {
			return slices.ContainsFunc(plain, func(p Write) bool { return p.Key == w.Key && proto.Equal(p.Resource, w.Resource) })
		})
		got := Following(&earlier, &later, over)
		if len(got) != len(want) {
			t.Fatalf("%d writes, not %d", len(got), len(want))
		}
		for i, w := range want {
			if got[i].Key != w.Key || !proto.Equal(got[i].Resource, w.Resource) || got[i].Stored != w.Stored {
				t.Errorf("write %d: %s %s, not %s %s", i, got[i].Key, got[i].JSON(), w.Key, w.JSON())
			}
		}
	})
}
