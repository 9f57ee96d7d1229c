package interaction

import (
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
)

// historyParameters read those of a history
// (https://hl7.org/fhir/R4/http.html#history), each with a value that isn't
// empty.
var historyParameters = map[string]func(r *HistoryRequest, value string) *fhir.Error{
	"_count":        (*HistoryRequest).takeCount,
	"_since":        (*HistoryRequest).takeSince,
	"_at":           (*HistoryRequest).takeAt,
	"_list":         (*HistoryRequest).takeList,
	"_sort":         (*HistoryRequest).takeSort,
	"_summary":      (*HistoryRequest).takeSummary,
	"_elements":     (*HistoryRequest).takeElements,
	CursorParameter: (*HistoryRequest).takeCursor,
}

// Take reads the parameters of a URL, decoded. Those that are there twice or
// can't be read fail with kind Invalid, all together; those that have no meaning
// with a history are passed over, for nothing is found wrongly by them, and links
// don't have them.
func (r *HistoryRequest) Take(pairs []search.Pair) error {
	r.Count = NoCount
	var wrong problems
	var shown []search.Pair
	seen := map[string]bool{}
	for _, p := range pairs {
		take, known := historyParameters[p.Name]
		switch {
		case p.Name == "_format" || p.Name == "_pretty":
			shown = append(shown, p)
			continue
		case !known:
			continue
		case seen[p.Name]:
			wrong.add(badHistory(p.Name, "is given more than once"))
		case p.Value == "":
			wrong.add(badHistory(p.Name, "has no value"))
		default:
			if err := take(r, p.Value); err != nil {
				wrong.add(err)
			}
		}
		seen[p.Name] = true
		if p.Name != CursorParameter {
			shown = append(shown, p)
		}
	}
	if r.countOnly {
		r.Count = 0
	}
	r.Query = queryText(shown)
	return wrong.error()
}

func badHistory(name, what string) *fhir.Error {
	return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "parameter "+name+" "+what)
}

func (r *HistoryRequest) takeCount(value string) *fhir.Error {
	n, err := strconv.ParseInt(value, 10, 31)
	if err != nil || n < 0 {
		return badHistory("_count", "is a number of versions, 0 or more")
	}
	r.Count = int(n)
	return nil
}

func (r *HistoryRequest) takeSince(value string) *fhir.Error {
	since, err := time.Parse(time.RFC3339Nano, withPlus(value))
	if err != nil {
		return badHistory("_since", "is an instant with a time zone, such as 2024-03-05T10:00:00Z")
	}
	r.Since = since.UTC()
	return nil
}

// withPlus mends a plus sign that wasn't escaped and arrived as a space.
func withPlus(value string) string { return strings.ReplaceAll(value, " ", "+") }

func (r *HistoryRequest) takeAt(value string) *fhir.Error {
	from, to, ok := fhir.TimeRange(withPlus(value))
	if !ok {
		return badHistory("_at", "is a date or dateTime, such as 2024, 2024-03-05 or 2024-03-05T10:00:00Z, without a prefix")
	}
	r.AtFrom, r.AtTo = from, to
	return nil
}

func (r *HistoryRequest) takeList(value string) *fhir.Error {
	if !fhir.IsID(value) {
		return badHistory("_list", "is the logical id of a List")
	}
	r.List = value
	return nil
}

// takeSort takes the one order that history has: newest first.
func (r *HistoryRequest) takeSort(value string) *fhir.Error {
	if value != "-_lastUpdated" {
		return badHistory("_sort", "is -_lastUpdated (newest first), the only order of history")
	}
	return nil
}

// takeSummary leaves what it says to ParseSubset, but for count, which asks for
// the total alone.
func (r *HistoryRequest) takeSummary(value string) *fhir.Error {
	if value == "count" {
		r.countOnly = true
		return nil
	}
	r.Subset = append(r.Subset, search.Pair{Name: "_summary", Value: value})
	return nil
}

func (r *HistoryRequest) takeElements(value string) *fhir.Error {
	r.Subset = append(r.Subset, search.Pair{Name: "_elements", Value: value})
	return nil
}

func (r *HistoryRequest) takeCursor(value string) *fhir.Error {
	r.Cursor = value
	return nil
}
