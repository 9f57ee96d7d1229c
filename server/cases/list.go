package cases

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// Row is a case in a list: what its EpisodeOfCare says alone.
type Row struct {
	ID       string            `json:"id"`
	Adopted  bool              `json:"adopted"`
	Phase    casemodel.Phase   `json:"phase"`
	Model    casemodel.Model   `json:"model,omitempty"`
	Setting  casemodel.Setting `json:"setting,omitempty"`
	Client   casemodel.Party   `json:"client,omitzero"`
	Assignee casemodel.Party   `json:"assignee,omitzero"`
	Period   casemodel.Period  `json:"period,omitzero"`
	NextDue  *casemodel.Due    `json:"nextDue,omitempty"`
	Overdue  bool              `json:"overdue"`
}

// Page is a page of a list of cases.
type Page struct {
	Cases []Row `json:"cases"`
	// Next is the URL of the next page below the server's root, "" on the last.
	Next string `json:"next,omitempty"`
}

// ListParameter is a parameter of the list: Text says what it takes, and search is
// what it is called when EpisodeOfCare is searched.
type ListParameter struct {
	Name, Text string
	Pattern    string // of values, for the OpenAPI document
	search     func(value string) (search.Pair, *problem.Fault)
}

// The paging of lists.
const (
	defaultCount = 50
	MaxCount     = 200
)

const codeList = `^[a-z-]+(,[a-z-]+)*$`

// ListParameters are those of the list, answered from index terms.
var ListParameters = []ListParameter{
	{"assignee", "The case manager, such as Practitioner/1 or PractitionerRole/1.", RefPattern, referenceTo("manager")},
	{"client", "The Patient whose case it is.", RefPattern, referenceTo("patient")},
	{"phase", "Phases, separated by commas.", codeList, codes("phase", "", casemodel.Phases())},
	{"model", "Models, separated by commas.", codeList, codes("type", "case-model", casemodel.Models())},
	{"setting", "Settings, separated by commas.", codeList, codes("type", "case-setting", casemodel.Settings())},
	{"condition", "A Condition, such as Condition/1, or the code of a problem, such as http://snomed.info/sct|48440001.", "", condition},
	{"condition:in", "The value set that has the code of a problem, by its canonical URL.", "", problemCode(":in")},
	{"condition:below", "A code that the code of a problem is below or is, such as http://snomed.info/sct|3723001, where its hierarchy is known.", "", problemCode(":below")},
	{"insurer", "The Organization that pays for a policy of the case.", RefPattern, referenceTo("_has:Coverage:episode-of-care:payor")},
}

// RefPattern is what a reference to a resource of this server looks like.
const RefPattern = `^[A-Z][A-Za-z]*/[A-Za-z0-9.\-]{1,64}$`

func referenceTo(parameter string) func(string) (search.Pair, *problem.Fault) {
	return func(value string) (search.Pair, *problem.Fault) {
		if _, ok := fhir.ParseKey(value); !ok {
			return search.Pair{}, &problem.Fault{Detail: "must be Type/id, such as Practitioner/1"}
		}
		return search.Pair{Name: parameter, Value: value}, nil
	}
}

func codes[S ~string](parameter, system string, all []S) func(string) (search.Pair, *problem.Fault) {
	return func(value string) (search.Pair, *problem.Fault) {
		var wanted []string
		for code := range strings.SplitSeq(value, ",") {
			if !slices.Contains(all, S(code)) {
				return search.Pair{}, &problem.Fault{Detail: fmt.Sprintf("must be of %s", form.Joined(all))}
			}
			if system != "" {
				code = fhir.CanonicalBase + "/CodeSystem/" + system + "|" + code
			}
			wanted = append(wanted, code)
		}
		return search.Pair{Name: parameter, Value: strings.Join(wanted, ",")}, nil
	}
}

// ofCase begins the search of cases by what their Conditions say: diagnoses, and
// whatever other problems belong to them.
const ofCase = "_has:Condition:episode-of-care:"

func condition(value string) (search.Pair, *problem.Fault) {
	if key, ok := fhir.ParseKey(value); ok && key.Type == "Condition" {
		return search.Pair{Name: ofCase + "_id", Value: key.ID}, nil
	}
	return problemCode("")(value)
}

// problemCode finds cases by the codes of their problems, by a modifier.
func problemCode(modifier string) func(string) (search.Pair, *problem.Fault) {
	return func(value string) (search.Pair, *problem.Fault) {
		if value == "" {
			return search.Pair{}, &problem.Fault{Detail: "must be Condition/id or system|code, with :in a value set, with :below a code"}
		}
		return search.Pair{Name: ofCase + "code" + modifier, Value: value}, nil
	}
}

// Filters is a request for a list, understood.
type Filters struct {
	Parameters []search.Pair
	query      []search.Pair     // as it was asked, without the cursor
	asked      map[string]string // the names in query by those that Parameters have for them
	overdue    bool
	count      int
}

// List lists cases by the parameters of GET /cases.
func (s *Service) List(ctx context.Context, pairs []search.Pair) (Page, error) {
	l, cursor, err := readListing(pairs)
	if err != nil {
		return Page{}, err
	}
	moment := s.assembler.Now()
	if l.overdue && cursor != "" {
		if moment, cursor, err = momentOf(cursor); err != nil {
			return Page{}, err
		}
	}
	l.At(moment)
	page := Page{Cases: []Row{}}
	if cursor, err = s.listPage(ctx, l, cursor, &page); err != nil {
		return Page{}, err
	}
	if cursor != "" {
		page.Next = l.next(cursor, moment)
	}
	return page, nil
}

func readListing(pairs []search.Pair) (l Filters, cursor string, err error) {
	l.count, l.asked = defaultCount, map[string]string{}
	err = form.Each(pairs, func(p search.Pair) (wrong string) {
		if p.Name == "cursor" {
			cursor = p.Value
			return ""
		}
		l.query = append(l.query, p)
		if fault := l.read(p); fault != nil {
			return fault.Detail
		}
		return ""
	})
	if err != nil {
		return l, "", err
	}
	l.Parameters = append(l.Parameters, search.Pair{Name: "_count", Value: strconv.Itoa(l.count)})
	return l, cursor, nil
}

// ReadFilters understands the parameters of a list that has no pages.
func ReadFilters(pairs []search.Pair) (Filters, error) {
	l, _, err := readListing(append(slices.Clone(pairs), search.Pair{Name: "count", Value: strconv.Itoa(MaxCount)}))
	return l, err
}

func (l *Filters) read(p search.Pair) *problem.Fault {
	switch p.Name {
	case "count":
		n, err := strconv.Atoi(p.Value)
		if err != nil || n < 1 || n > MaxCount {
			return &problem.Fault{Detail: "must be 1 to " + strconv.Itoa(MaxCount)}
		}
		l.count = n
		return nil
	case "overdue":
		if p.Value != "true" {
			return &problem.Fault{Detail: "must be true; leave it out for all cases"}
		}
		l.overdue = true
		return nil
	}
	for _, f := range ListParameters {
		if f.Name == p.Name {
			pair, fault := f.search(p.Value)
			l.Parameters = append(l.Parameters, pair)
			l.asked[pair.Name] = p.Name
			return fault
		}
	}
	return &problem.Fault{Detail: "isn't known; the list is filtered by assignee, client, phase, model, setting, condition (also with :in and :below), insurer and overdue, " +
		"and paged by count and cursor"}
}

// InAskedNames makes what the search of EpisodeOfCare says of its parameters into
// what is said of those of the list.
func (l *Filters) InAskedNames(err error) error {
	refused := (*fhir.Error)(nil)
	if !errors.As(err, &refused) {
		return err
	}
	told := *refused
	told.Issues = slices.Clone(refused.Issues)
	for i, issue := range told.Issues {
		asked, known := l.asked[issue.Expression]
		if !known {
			continue
		}
		about := "the parameter " + asked
		last := strings.TrimPrefix(issue.Expression, ofCase) // as the search calls it behind _has
		if rest, found := strings.CutPrefix(issue.Text, "the parameter "+last); found {
			told.Issues[i].Text = about + rest
		} else {
			told.Issues[i].Text = about + ": " + issue.Text
		}
		told.Issues[i].Expression = ""
	}
	return &told
}

// At narrows a list of what is overdue to what was so at a moment. All pages
// of a list have the same one.
func (l *Filters) At(moment time.Time) {
	if l.overdue {
		l.Parameters = append(l.Parameters, search.Pair{Name: "next-due", Value: "eb" + fhir.Instant(moment)})
	}
}

// next is the URL of the page behind a cursor.
func (l *Filters) next(cursor string, moment time.Time) string {
	if l.overdue {
		cursor = strconv.FormatInt(moment.UnixMilli(), 36) + "." + cursor
	}
	q := url.Values{"cursor": {cursor}}
	for _, p := range l.query {
		q.Set(p.Name, p.Value)
	}
	return "/cases?" + q.Encode()
}

// momentOf takes the cursor of a list of what is overdue apart.
func momentOf(cursor string) (moment time.Time, rest string, err error) {
	text, rest, _ := strings.Cut(cursor, ".")
	millis, err := strconv.ParseInt(text, 36, 64)
	moment = time.UnixMilli(millis).UTC()
	if err != nil || rest == "" || moment.Year() < 1 || moment.Year() > 9999 {
		return time.Time{}, "", problem.BadRequest("", problem.Fault{Detail: "the parameter cursor: isn't one of a list of what is overdue"})
	}
	return moment, rest, nil
}

// listPage adds a page of the search, and gives the cursor of the next one.
func (s *Service) listPage(ctx context.Context, l Filters, cursor string, page *Page) (string, error) {
	parameters := l.Parameters
	if cursor != "" {
		parameters = append(slices.Clone(parameters), search.Pair{Name: interaction.CursorParameter, Value: cursor})
	}
	parameters = append(slices.Clone(parameters), namedInRows...)
	found, err := s.caller.Find(ctx, interaction.SearchRequest{Type: "EpisodeOfCare", Parameters: parameters})
	if err != nil {
		return "", l.InAskedNames(err)
	}
	a := &assembly.Assembled{Versions: map[fhir.Key]int64{}}
	if err := s.assembler.AddHits(a, found.Matches); err != nil {
		return "", err
	}
	names, err := namesIn(found.Included)
	if err != nil {
		return "", err
	}
	for _, m := range a.Stored {
		if row, ok := s.row(m); ok {
			row.Client.Name = names.of(row.Client)
			row.Assignee.Name = names.of(row.Assignee)
			page.Cases = append(page.Cases, row)
		}
	}
	return found.Next, nil
}
