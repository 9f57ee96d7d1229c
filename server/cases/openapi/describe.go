package openapi

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"

	"caseway/mapping/casemodel"
)

//go:embed data/members.tsv
var membersTSV string

// memberTexts are what the members of objects hold, by Type.member; *.member is for
// types that have no text of their own.
var memberTexts = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(membersTSV) {
		if name, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			all[name] = text
		}
	}
	return all
})

// memberText says what a member of a type holds.
func memberText(typ, member string) string {
	if text := memberTexts()[typ+"."+member]; text != "" {
		return text
	}
	return memberTexts()["*."+member]
}

// lesson teaches an action: which members its argument must have, and a body that
// the action takes in a case of which the ids are.
type lesson struct {
	Requires []string        `json:"requires,omitempty"`
	Body     json.RawMessage `json:"body"`
}

//go:embed data/lessons.json
var lessonsJSON []byte

// lessons are those of all actions; of how a case begins, by the names of the
// actions behind "POST /cases ".
var lessons = sync.OnceValue(func() map[string]lesson {
	var all map[string]lesson
	if err := json.Unmarshal(lessonsJSON, &all); err != nil {
		panic(err) // a file of the program's own
	}
	return all
})

// lessonOf gives the lesson of an action on a case.
func lessonOf(name casemodel.Action) lesson { return lessons()[string(name)] }

// lessonOfBeginning gives the lesson of an action that makes a case.
func lessonOfBeginning(name casemodel.Action) lesson { return lessons()["POST /cases "+string(name)] }
