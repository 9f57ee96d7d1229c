package load

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
)

// salvageRounds bounds how often a transaction is sent again: one round finds
// all invalid entries unless there are more problems than an answer lists.
const salvageRounds = 8

// salvage sends a refused transaction again without the entries whose
// resources aren't valid. answer is the refusal; it stands where the problem
// isn't in resources alone.
func salvage(ctx context.Context, target Target, item Item, answer Answer) (Answer, error) {
	left, err := entriesOf(item.Body)
	if err != nil {
		return answer, nil //nolint:nilerr // the target has said what is wrong
	}
	var out []Refusal
	for range salvageRounds {
		bad := invalidEntries(answer)
		if len(bad) == 0 || len(bad) >= len(left) {
			break
		}
		status := answer.Refusals[0].Status
		for at, issues := range bad {
			out = append(out, Refusal{Entry: left[at].place, Status: status, Issues: issues})
		}
		left = without(left, bad)
		rest := item
		rest.Body = transaction(left)
		rest.Resources = count(rest.brings())
		rest.Key = item.Key + "-rest" // a repeated run finds the left out entries again
		if answer, err = target.Send(ctx, rest); err != nil {
			return Answer{}, err
		}
	}
	if len(answer.Refusals) > 0 || answer.Unmet {
		if len(out) > 0 && len(answer.Refusals) > 0 {
			answer.Refusals[0].Issues = append(answer.Refusals[0].Issues, issuesOf(out)...)
		}
		return answer, nil
	}
	slices.SortFunc(out, func(a, b Refusal) int { return a.Entry - b.Entry })
	answer.Refusals = out
	return answer, nil
}

// numbered is an entry with its place in the bundle as it was read.
type numbered struct {
	place int
	text  json.RawMessage
}

func entriesOf(bundle []byte) ([]numbered, error) {
	var b struct {
		Entry []json.RawMessage `json:"entry"`
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		return nil, err
	}
	all := make([]numbered, len(b.Entry))
	for i, e := range b.Entry {
		all[i] = numbered{i, e}
	}
	return all, nil
}

// invalidEntries are the places in the bundle that was sent of the entries
// whose resources have problems, with the problems; none where a problem lies
// elsewhere, or where nothing was refused.
func invalidEntries(a Answer) map[int][]fhir.Issue {
	if a.Unmet || len(a.Refusals) != 1 || a.Refusals[0].Entry >= 0 {
		return nil
	}
	bad := map[int][]fhir.Issue{}
	for _, is := range a.Refusals[0].Issues {
		if is.Expression == "" && len(bad) > 0 {
			continue // says how many more problems there are
		}
		place, rest, ok := entryPlace(is.Expression)
		if !ok || !strings.HasPrefix(rest, ".resource") || !slices.Contains(invalidCodes, is.Code) {
			return nil
		}
		bad[place] = append(bad[place], is)
	}
	return bad
}

// invalidCodes are what the resource itself is to blame for.
var invalidCodes = []string{
	fhir.IssueStructure, fhir.IssueValue, fhir.IssueRequired, fhir.IssueCodeInvalid, fhir.IssueInvariant, fhir.IssueBusinessRule,
}

// entryPlace cuts "Bundle.entry[3].resource.name" into 3 and ".resource.name".
func entryPlace(expression string) (place int, rest string, ok bool) {
	number, ok := strings.CutPrefix(expression, "Bundle.entry[")
	if !ok {
		return 0, "", false
	}
	number, rest, ok = strings.Cut(number, "]")
	place, err := strconv.Atoi(number)
	return place, rest, ok && err == nil
}

func without(entries []numbered, bad map[int][]fhir.Issue) []numbered {
	var left []numbered
	for i, e := range entries {
		if _, is := bad[i]; !is {
			left = append(left, e)
		}
	}
	return left
}

func transaction(entries []numbered) []byte {
	b := []byte(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e.text...)
	}
	return append(b, `]}`...)
}

func issuesOf(refusals []Refusal) (all []fhir.Issue) {
	for _, r := range refusals {
		all = append(all, r.Issues...)
	}
	return all
}
