package cases

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// PartPage is a page of one list of a case.
type PartPage struct {
	Parts []any `json:"parts"` // whole, with what is below them
	Total int   `json:"total"` // of all pages
	// Next is the URL of the next page below the server's root, "" on the last.
	Next string `json:"next,omitempty"`
}

// below are the types of the resources that hang below the parts of a list, or
// add to what they say.
var below = map[string][]string{
	"teams":          {"Practitioner"},
	"plans":          {"Task"},
	"services":       {"Task"},
	"reviews":        {"Communication"},
	"coverages":      {"CoverageEligibilityResponse"},
	"authorizations": {"ClaimResponse", "Task"},
	"agreements":     {"Invoice"},
}

// paging is which page of a list of parts is asked for.
type paging struct {
	count int
	after place
}

// place is where a page ends: behind a part, which stood at an index.
type place struct {
	At int           `json:"at"` // 0 for the beginning of the list
	ID casemodel.Ref `json:"id"`
}

// HasList says whether cases have a list of parts of this name.
func HasList(list string) bool { return listNamed(list) != nil }

// ReadParts shows a page of a list of parts. ifNoneMatch are ETags of the case that
// the caller has already.
func (s *Service) ReadParts(ctx context.Context, id, list string, pairs []search.Pair, ifNoneMatch []string) (Answer[PartPage], error) {
	l := listNamed(list)
	if l == nil {
		return Answer[PartPage]{}, problem.New(http.StatusNotFound, "not-found", "Not found", "there is no list of this name; the summary of a case has them all")
	}
	p, err := readPaging(pairs)
	if err != nil {
		return Answer[PartPage]{}, err
	}
	whole := map[string]bool{}
	for _, typ := range append(slices.Clone(l.Types), below[list]...) {
		whole[typ] = true
	}
	a, err := s.assembler.LoadBriefly(ctx, s.caller, id, whole)
	if err != nil {
		return Answer[PartPage]{}, err
	}
	if matches(ifNoneMatch, a.ETag()) {
		return Answer[PartPage]{NotModified: true, ETag: a.ETag()}, nil
	}
	return Answer[PartPage]{Value: p.page(&a.Case, l.Name), ETag: a.ETag()}, nil
}

func readPaging(pairs []search.Pair) (p paging, err error) {
	p.count = defaultCount
	err = form.Each(pairs, func(pair search.Pair) (wrong string) {
		switch pair.Name {
		case "count":
			n, err := strconv.Atoi(pair.Value)
			if err != nil || n < 1 || n > MaxCount {
				return "must be 1 to " + strconv.Itoa(MaxCount)
			}
			p.count = n
		case "cursor":
			at, err := placeOf(pair.Value)
			if err != nil {
				return "isn't one of this list"
			}
			p.after = at
		default:
			return "isn't known; there are count and cursor"
		}
		return ""
	})
	return p, err
}

func placeOf(cursor string) (at place, err error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return place{}, err
	}
	if err := json.Unmarshal(text, &at); err != nil || at.At < 1 || at.ID == "" {
		return place{}, fmt.Errorf("not a place in a list: %w", err)
	}
	return at, nil
}

func (at place) cursor() string {
	text, _ := json.Marshal(at) // a number and a string always marshal
	return base64.RawURLEncoding.EncodeToString(text)
}

// page gives the page behind the place: where its part is now, or where it was
// when the part is no longer there.
func (p paging) page(c *casemodel.Case, list string) PartPage {
	var all []casemodel.Part
	for part := range c.Parts() {
		if strings.HasPrefix(part.Path, list+"[") && !strings.Contains(part.Path, ".") {
			all = append(all, part)
		}
	}
	from := min(p.after.At, len(all))
	if at := slices.IndexFunc(all, func(part casemodel.Part) bool { return part.ID == p.after.ID }); at >= 0 && p.after.At > 0 {
		from = at + 1
	}
	page := PartPage{Parts: []any{}, Total: len(all)}
	to := min(from+p.count, len(all))
	for _, part := range all[from:to] {
		page.Parts = append(page.Parts, part.Value)
	}
	if to < len(all) {
		q := url.Values{"count": {strconv.Itoa(p.count)}, "cursor": {place{to, all[to-1].ID}.cursor()}}
		page.Next = "/cases/" + c.ID + "/" + list + "?" + q.Encode()
	}
	return page
}
