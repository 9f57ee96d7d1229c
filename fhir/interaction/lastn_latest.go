package interaction

import (
	"context"
	"encoding/json"
	"fmt"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// latest keeps the first few observations of each code. It reads some at a time
// and forgets what it doesn't show.
type latest struct {
	*searching
	most   int
	from   lastNCursor
	room   *budget.Share
	groups map[string]*int // how many of a code there are, by its codings
	passed int             // how many are kept, on the pages before too
	kept   []search.Hit    // on this page
}

// observationsAtOnce is how many are read at once.
const observationsAtOnce = 64

// take goes through hits that have no JSON; full is true where there wasn't room
// for all that is to be kept.
func (l *latest) take(ctx context.Context, hits []search.Hit) (full bool, err error) {
	for n := observationsAtOnce; len(hits) > 0; {
		some := hits[:min(n, len(hits))]
		looked, err := l.read(ctx, some)
		if err != nil {
			return false, err
		}
		hits = hits[looked:]
		l.room.Keep(bytesOf(VersionsOf(l.kept)))
		switch {
		case looked == len(some):
			n = min(2*n, observationsAtOnce)
		case len(some) > 1:
			n = 1 // those behind may have taken the room of this one
		case len(l.kept) == 0:
			return false, l.room.Refusal()
		default:
			return true, nil
		}
	}
	return false, nil
}

// read looks at hits up to the first that there is no room for.
func (l *latest) read(ctx context.Context, hits []search.Hit) (looked int, err error) {
	keys := make([]fhir.Key, len(hits))
	for i, h := range hits {
		keys[i] = h.Key
	}
	page, err := l.source.Scan(ctx, search.Scan{Keys: keys, Limit: len(keys), Room: l.room})
	if err != nil {
		return 0, err
	}
	byKey := make(map[fhir.Key]search.Hit, len(page.Hits))
	for _, h := range page.Hits {
		byKey[h.Key] = h
	}
	for i, h := range hits {
		h, there := byKey[h.Key]
		if !there {
			continue
		}
		if h.JSON == nil {
			return i, nil
		}
		if err := l.add(h); err != nil {
			return i, err
		}
	}
	return len(hits), nil
}

// add keeps an observation if there are few enough of its code before it.
func (l *latest) add(h search.Hit) error {
	var observation struct {
		Code concept `json:"code"`
	}
	if err := json.Unmarshal(h.JSON, &observation); err != nil {
		return fmt.Errorf("a stored resource isn't readable: %w", err)
	}
	names := observation.Code.names()
	count := new(int)
	for _, name := range names {
		if known := l.groups[name]; known != nil {
			count = known
			break
		}
	}
	for _, name := range names {
		if l.groups[name] == nil {
			l.groups[name] = count
		}
	}
	if *count++; *count > l.most {
		return nil
	}
	switch l.passed++; {
	case l.passed > l.from.Shown:
		l.kept = append(l.kept, h)
	case l.passed == l.from.Shown && h.Key != l.from.Last:
		return fhir.NewError(fhir.Invalid, fhir.IssueConflict,
			"the observations have changed since the page before this one was made; begin with the first page again").At(CursorParameter)
	}
	return nil
}

// concept is what is read of an observation's code: a tree of all of it would
// cost several times its text.
type concept struct {
	Coding []struct {
		System string `json:"system"`
		Code   string `json:"code"`
	} `json:"coding"`
	Text string `json:"text"`
}

// names are what makes two concepts one: codings, or else the text.
func (c concept) names() []string {
	var names []string
	for _, coding := range c.Coding {
		if coding.Code != "" {
			names = append(names, coding.System+"|"+coding.Code)
		}
	}
	if names == nil {
		names = []string{"text " + c.Text}
	}
	return names
}
