package cases_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases"

	"github.com/google/go-cmp/cmp"
)

// overview reads the summary of a case.
func (a *api) overview(got answer) (v cases.Overview) {
	a.t.Helper()
	if got.status != http.StatusOK {
		a.t.Fatalf("%d %.1000s", got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &v); err != nil {
		a.t.Fatal(err)
	}
	return v
}

// listsOf gives the lists of a case by their names.
func listsOf(c casemodel.Case, names map[string]cases.Parts) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if _, is := names[name]; is {
			all[name] = v.Field(i)
		}
	}
	return all
}

// TestTheSummaryIsOfTheWhole: the summary and the pages of lists say what the
// whole case says, at every point of its course, though they read less of its
// resources.
func TestTheSummaryIsOfTheWhole(t *testing.T) {
	a := emptySQLite(t)
	s := newStage(a)
	courses := map[string]*course{"large": a.large(150)}
	for name := range scenes {
		if testing.Short() && len(courses) > 3 {
			break
		}
		courses[name] = s.scene(name)
	}
	for name, k := range courses {
		t.Run(name, func(t *testing.T) {
			id := strings.TrimPrefix(k.path, "/cases/")
			cold := serviceOf(a.engine)
			shown, err := cold.Overview(t.Context(), id, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := a.do("GET", k.path+"?view=whole", "")
			whole := a.view(got, http.StatusOK)
			v := shown.Value
			if shown.ETag != got.header.Get("ETag") {
				t.Errorf("the ETag is %s, and of the whole %s", shown.ETag, got.header.Get("ETag"))
			}
			if warm := a.do("GET", k.path, ""); warm.body != text(v) {
				t.Errorf("when all is known, the summary differs:\n%s", cmp.Diff(text(v), warm.body))
			}
			checkHead(t, v, whole)
			for list, items := range listsOf(whole.Case, v.Parts) {
				if v.Parts[list].Count != items.Len() {
					t.Errorf("%s: %d, not %d", list, v.Parts[list].Count, items.Len())
				}
				checkPages(t, cold, id, list, items)
			}
		})
	}
}

func checkHead(t *testing.T, v cases.Overview, whole cases.View) {
	t.Helper()
	dues := casemodel.Dues(&whole.Case)
	if dues = dues[:min(10, len(dues))]; len(dues)+len(v.Due) > 0 && !reflect.DeepEqual(dues, v.Due) {
		t.Errorf("due: %v, not %v", v.Due, dues)
	}
	if v.Overdue != whole.Overdue || !reflect.DeepEqual(v.Actions, whole.Actions) {
		t.Error("overdue or the actions differ")
	}
	over := []casemodel.PlanStatus{casemodel.PlanRevoked, casemodel.PlanCompleted, casemodel.PlanEnteredInError, casemodel.PlanUnknown}
	want := whole.Case
	plans := slices.DeleteFunc(slices.Clone(want.Plans), func(p casemodel.Plan) bool { return slices.Contains(over, p.Status) })
	teams := want.Teams
	out := reflect.ValueOf(&want).Elem()
	for i := range out.NumField() {
		if name, _, _ := strings.Cut(out.Type().Field(i).Tag.Get("json"), ","); v.Parts[name].URL != "" {
			out.Field(i).SetZero()
		}
	}
	want.Plans, want.Teams = plans, teams
	if got, want := text(v.Case), text(want); got != want {
		t.Errorf("the case in short is\n%s\nnot\n%s", got, want)
	}
	open := 0
	for _, task := range whole.Case.Tasks {
		if !task.Status.Done() {
			open++
		}
	}
	if got := v.Parts["tasks"].Open; got == nil || *got != open {
		t.Errorf("%d tasks are open, not %v", open, got)
	}
}

// checkPages goes through the pages of a list, of 7 parts each.
func checkPages(t *testing.T, s *cases.Service, id, list string, items reflect.Value) {
	t.Helper()
	var all []json.RawMessage
	pairs := []search.Pair{{Name: "count", Value: "7"}}
	for {
		shown, err := s.ReadParts(t.Context(), id, list, pairs, nil)
		if err != nil {
			t.Fatalf("%s: got %v, want no error", list, err)
		}
		var page struct {
			Parts []json.RawMessage
			Total int
			Next  string
		}
		if err := json.Unmarshal([]byte(text(shown.Value)), &page); err != nil {
			t.Fatal(err)
		}
		if all = append(all, page.Parts...); page.Total != items.Len() || page.Next != "" && len(page.Parts) != 7 {
			t.Errorf("%s: a page of %d of %d, not %d", list, len(page.Parts), page.Total, items.Len())
		}
		if page.Next == "" {
			break
		}
		_, query, _ := strings.Cut(page.Next, "?")
		if pairs, err = search.Split(query); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := text(all), text(items.Interface()); got != want && items.Len() > 0 {
		t.Errorf("%s: the pages have\n%s\nnot\n%s", list, got, want)
	}
}

// TestViewsOfACase: which parameters there are, and what is answered to others.
func TestViewsOfACase(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.large(60)
		short, whole := k.do("GET", k.path, ""), k.do("GET", k.path+"?view=whole", "")
		if same := k.do("GET", k.path+"?view=summary", ""); same.body != short.body {
			t.Error("view=summary isn't the default")
		}
		if a.overview(short).Case.Goals != nil || a.view(whole, http.StatusOK).Case.Goals == nil {
			t.Error("the whole has goals, the summary has none")
		}
		etag := short.header.Get("ETag")
		page := k.do("GET", k.path+"/tasks?count=5", "")
		if whole.header.Get("ETag") != etag || page.header.Get("ETag") != etag {
			t.Errorf("the ETags are %s, %s and %s", etag, whole.header.Get("ETag"), page.header.Get("ETag"))
		}
		for _, path := range []string{k.path, k.path + "?view=whole", k.path + "/tasks", k.path + "/goals?count=1"} {
			t.Run(path, func(t *testing.T) {
				if got := k.do("GET", path, "", "If-None-Match", etag); got.status != http.StatusNotModified || got.body != "" {
					t.Errorf("%s: %d %s", path, got.status, got.body)
				}
			})
		}
		// Whichever resource of the case changes, and whether or not the summary shows it.
		v := a.view(whole, http.StatusOK)
		for _, path := range []casemodel.Ref{v.Case.Files[0].ID, v.Case.Goals[0].ID, v.Case.Coverages[0].ID, "EpisodeOfCare/" + casemodel.Ref(v.Case.ID), "Patient/p1"} {
			r, _ := a.stored(string(path))
			r["language"] = "en"
			a.put(string(path), text(r))
			if got := k.do("GET", k.path, "", "If-None-Match", etag); got.status != http.StatusOK {
				t.Errorf("%s was changed, and the ETag is the same", path)
			} else {
				etag = got.header.Get("ETag")
			}
		}
		for _, query := range []string{"?view=all", "?view=", "?view=whole&view=whole", "?summary=true", "/tasks?count=0", "/tasks?count=1000", "/tasks?cursor=x", "/tasks?cursor=", "/tasks?count=1&count=1", "/tasks?view=whole"} {
			a.problem(a.do("GET", k.path+query, ""), http.StatusBadRequest)
		}
		for _, path := range []string{k.path + "/none", k.path + "/diagnoses", "/cases/none/tasks", "/cases/a_b/tasks"} {
			a.problem(a.do("GET", path, ""), http.StatusNotFound)
		}
		next := k.page(k.path + "/tasks?count=5").Next
		if next == "" {
			t.Error("there is no second page of tasks")
		}
		if got := a.do("GET", next, ""); got.status != http.StatusOK || strings.Contains(got.body, `"parts":[]`) {
			t.Errorf("the second page: %d %s", got.status, got.body)
		}
	})
}
