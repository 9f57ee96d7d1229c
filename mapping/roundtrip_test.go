package mapping

import (
	"os"
	"sort"
	"testing"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

func resourcesOf(writes []Write) []proto.Message {
	all := make([]proto.Message, len(writes))
	for i, w := range writes {
		all[i] = w.Resource
	}
	return all
}

func TestDebugLosses(t *testing.T) {
	if os.Getenv("DEBUG_LOSSES") == "" {
		t.Skip()
	}
	seen := map[string]int{}
	reason := map[string]string{}
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		_, lost := Resources(&c, nil)
		for _, l := range lost {
			seen[bare(l.Path)]++
			reason[bare(l.Path)] = l.Kind
		}
	})
	var keys []string
	for k := range seen {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		t.Logf("%4d %s (%s)", seen[k], k, reason[k])
	}
	_ = casemodel.Case{}
}
