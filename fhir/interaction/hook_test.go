package interaction_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// rules are an Access, a Guard and a Validator for tests. They hide and refuse
// what says so in an Organization's name or Patient's language.
type rules struct {
	mu        sync.Mutex
	decisions []string
	images    []string
}

func (r *rules) Decide(_ context.Context, q interaction.Question) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := q.Key.ID
	if len(id) == 36 {
		id = "*"
	}
	r.decisions = append(r.decisions, fmt.Sprintf("%s %s/%s %d %v", q.What, q.Key.Type, id, q.Before.VersionID, q.After != nil))
	if strings.Contains(string(q.Before.JSON), `"secret"`) || q.After != nil && q.After.Root().Child("name").Text() == "secret" {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "this is hidden")
	}
	return nil
}

func (r *rules) Narrow(context.Context, interaction.Name, string) (search.Expr, error) {
	return nil, nil
}

func (r *rules) History(context.Context, string) ([]string, error) { return nil, nil }

func (r *rules) Check(_ context.Context, p *interaction.Pending) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var issues []fhir.Issue
	for i := range p.Images {
		image := &p.Images[i]
		r.images = append(r.images, fmt.Sprintf("%s %s %d %v", image.At, image.Method, image.Before.VersionID, image.After != nil))
		switch name := nameOf(image.After); name.Text() {
		case "refuse":
			issues = append(issues, fhir.Issue{Code: fhir.IssueBusinessRule, Expression: image.At + ".name", Text: "refused"})
		case "fail":
			return errors.New("a guard failed")
		case "rename":
			image.After = image.After.Replace([]fhir.Edit{{Node: name, Text: "renamed"}})
		}
	}
	p.Issue(issues...)
	return nil
}

func nameOf(t *fhir.Tree) fhir.Node {
	if t == nil {
		return fhir.Node{}
	}
	return t.Root().Child("name")
}

func (r *rules) Validate(_ context.Context, resource *fhir.Tree) []fhir.Issue {
	switch nameOf(resource).Text() {
	case "invalid":
		return []fhir.Issue{{Code: fhir.IssueInvariant, Expression: "Organization.name", Text: "org-1"}}
	case "odd":
		return []fhir.Issue{{Severity: fhir.SeverityWarning, Code: fhir.IssueInvariant, Expression: "Organization.name", Text: "odd"}}
	}
	return nil
}

func (r *rules) take() (decisions, images []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	decisions, images = r.decisions, r.images
	r.decisions, r.images = nil, nil
	return decisions, images
}

func organization(id, name string) string {
	if id != "" {
		id = `"id":"` + id + `",`
	}
	return `{"resourceType":"Organization",` + id + `"name":"` + name + `"}`
}

func ruled(t *testing.T) (*interaction.Session, *rules) {
	r := &rules{}
	return newSession(t, interaction.Config{Guards: []interaction.Guard{r}, Validator: r}, r), r
}

// ways are the write paths; each writes an Organization of a name.
var ways = []struct {
	name, at string
	do       func(e *interaction.Session, name string) (outcome string, err error)
}{
	{"create", "Organization", func(e *interaction.Session, name string) (string, error) {
		r, err := e.Create(context.Background(), interaction.CreateRequest{Type: "Organization", Body: []byte(organization("", name))})
		return string(r.Version.JSON) + fmt.Sprint(r.Issues), err
	}},
	{"update", "Organization", func(e *interaction.Session, name string) (string, error) {
		r, err := e.Update(context.Background(), interaction.UpdateRequest{
			Key: fhir.Key{Type: "Organization", ID: "u"}, Body: []byte(organization("u", name)),
		})
		return string(r.Version.JSON) + fmt.Sprint(r.Issues), err
	}},
	{"conditional create", "Organization", func(e *interaction.Session, name string) (string, error) {
		r, err := e.Create(context.Background(), interaction.CreateRequest{
			Type: "Organization", Body: []byte(organization("", name)), IfNoneExist: "identifier=none",
		})
		return string(r.Version.JSON) + fmt.Sprint(r.Issues), err
	}},
	{"transaction POST", "Bundle.entry[0].resource", bundleOf("transaction", "POST", "Organization", "")},
	{"transaction PUT", "Bundle.entry[0].resource", bundleOf("transaction", "PUT", "Organization/t", "t")},
	{"batch POST", "Bundle.entry[0].resource", bundleOf("batch", "POST", "Organization", "")},
	{"batch PUT", "Bundle.entry[0].resource", bundleOf("batch", "PUT", "Organization/b", "b")},
}

func bundleOf(typ, verb, url, id string) func(e *interaction.Session, name string) (string, error) {
	return func(e *interaction.Session, name string) (string, error) {
		answer, err := e.Bundle(context.Background(), interaction.BundleRequest{
			Return: interaction.ReturnRepresentation,
			Body: []byte(`{"resourceType":"Bundle","type":"` + typ + `","entry":[{"resource":` + organization(id, name) +
				`,"request":{"method":"` + verb + `","url":"` + url + `"}}]}`),
		})
		return string(answer), err
	}
}

func TestRulesHoldOnEveryWritePath(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			e, _ := ruled(t)
			for _, c := range []struct{ name, status, code, expression string }{
				{"secret", "403 Forbidden", "forbidden", inBundle(way.at)},
				{"refuse", "422 Unprocessable Entity", "business-rule", way.at + ".name"},
				{"invalid", "422 Unprocessable Entity", "invariant", way.at + ".name"},
				{"fail", "500 Internal Server Error", "exception", ""},
			} {
				t.Run(c.name, func(t *testing.T) {
					outcome, err := way.do(e, c.name)
					checkRefusal(t, outcome, err, c.status, c.code, c.expression)
				})
			}
			if outcome, err := way.do(e, "rename"); err != nil || !strings.Contains(outcome, `"name":"renamed"`) {
				t.Errorf("rename: %s, %v", outcome, err)
			}
			if outcome, err := way.do(e, "odd"); err != nil || !strings.Contains(outcome, "warning") || !strings.Contains(outcome, way.at+".name") {
				t.Errorf("odd: %s, %v", outcome, err)
			}
			total := string(must[[]byte](t)(e.History(context.Background(), interaction.HistoryRequest{Type: "Organization", Count: 10})))
			if n := strings.Count(total, `"fullUrl"`); n != 2 {
				t.Errorf("%d versions stored, want those of rename and odd: %s", n, total)
			}
		})
	}
}

// inBundle is where an error is that the path alone doesn't place.
func inBundle(at string) string {
	if strings.HasPrefix(at, "Bundle.") {
		return at
	}
	return ""
}

// checkRefusal checks an error, or a batch's entry that tells of one.
func checkRefusal(t *testing.T, outcome string, err error, status, code, expression string) {
	t.Helper()
	if strings.Contains(outcome, "batch-response") {
		for _, part := range []string{`"status":"` + status + `"`, `"code":"` + code + `"`, expression} {
			if !strings.Contains(outcome, part) {
				t.Errorf("%s lacks %s", outcome, part)
			}
		}
		if strings.Contains(outcome, "a guard failed") {
			t.Errorf("%s shows the cause", outcome)
		}
		return
	}
	fe := (*fhir.Error)(nil)
	if code == fhir.IssueException {
		if err == nil || errors.As(err, &fe) {
			t.Errorf("error %v", err)
		}
		return
	}
	if !errors.As(err, &fe) || interaction.Status(fe.Kind) != status {
		t.Errorf("error %v, want status %s", err, status)
		return
	}
	if is := fe.Issues[0]; is.Code != code || is.Expression != expression {
		t.Errorf("code %s at %q, want %s at %q", is.Code, is.Expression, code, expression)
	}
}

func TestDecisionsSeeBeforeAndAfter(t *testing.T) {
	ctx := context.Background()
	e, r := ruled(t)
	key := fhir.Key{Type: "Organization", ID: "o"}
	body := []byte(organization("o", "x"))
	steps := []struct {
		do        func() error
		decisions []string
		images    []string
	}{
		{
			func() error { _, err := e.Update(ctx, interaction.UpdateRequest{Key: key, Body: body}); return err },
			[]string{"update Organization/o 0 true"},
			[]string{"Organization PUT 0 true"},
		},
		{
			func() error { _, err := e.Update(ctx, interaction.UpdateRequest{Key: key, Body: body}); return err },
			[]string{"update Organization/o 1 true"},
			[]string{"Organization PUT 1 true"},
		},
		{func() error { _, err := e.Read(ctx, key); return err }, []string{"read Organization/o 2 false"}, nil},
		{func() error { _, err := e.VRead(ctx, key, "1"); return err }, []string{"vread Organization/o 1 false"}, nil},
		{func() error {
			_, err := e.History(ctx, interaction.HistoryRequest{Type: key.Type, ID: key.ID, Count: 1})
			return err
		}, []string{"history-instance Organization/o 2 false", "vread Organization/o 2 false"}, nil},
		{func() error {
			_, err := e.Bundle(ctx, interaction.BundleRequest{Body: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[
				{"resource":` + organization("", "y") + `,"request":{"method":"POST","url":"Organization"}},
				{"request":{"method":"GET","url":"Organization/o/_history/1"}},
				{"request":{"method":"DELETE","url":"Organization/o"}}]}`)})
			return err
		}, []string{
			"transaction / 0 true", "delete Organization/o 2 false", "create Organization/* 0 true", "vread Organization/o 1 false",
		}, []string{"Bundle.entry[2].resource DELETE 2 false", "Bundle.entry[0].resource POST 0 true"}},
		{
			func() error { _, err := e.Delete(ctx, interaction.DeleteRequest{Key: key}); return err },
			[]string{"delete Organization/o 3 false"},
			nil,
		},
		{func() error {
			_, err := e.Create(ctx, interaction.CreateRequest{Type: "Organization", Body: body})
			return err
		}, []string{"create Organization/* 0 true"}, []string{"Organization POST 0 true"}},
	}
	for i, s := range steps {
		if err := s.do(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		decisions, images := r.take()
		if diff := cmp.Diff(s.decisions, decisions); diff != "" {
			t.Errorf("step %d: decisions: %s", i, diff)
		}
		if diff := cmp.Diff(s.images, images); diff != "" {
			t.Errorf("step %d: images: %s", i, diff)
		}
	}
}

func TestWhatIsHiddenIsNowhereSeen(t *testing.T) {
	ctx := context.Background()
	s := openSQLite(t)
	open := newEngine(t, interaction.Config{Store: s})
	key := fhir.Key{Type: "Organization", ID: "o"}
	must[interaction.Result](t)(open.Update(ctx, interaction.UpdateRequest{Key: key, Body: []byte(
		`{"resourceType":"Organization","id":"o","name":"secret","identifier":[{"value":"1"}]}`)}))
	e := newSession(t, interaction.Config{Store: s}, &rules{})

	_, err := e.Read(ctx, key)
	wantError(t, err, fhir.Forbidden, fhir.IssueForbidden, "")
	_, err = e.VRead(ctx, key, "1")
	wantError(t, err, fhir.Forbidden, fhir.IssueForbidden, "")
	_, err = e.Create(ctx, interaction.CreateRequest{Type: "Organization", Body: []byte(organization("", "x")), IfNoneExist: "identifier=1"})
	wantError(t, err, fhir.Forbidden, fhir.IssueForbidden, "")
	_, err = e.Bundle(ctx, interaction.BundleRequest{Body: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"resource":{"resourceType":"Patient","managingOrganization":{"reference":"Organization?identifier=1"}},"request":{"method":"POST","url":"Patient"}}]}`)})
	wantError(t, err, fhir.Unprocessable, fhir.IssueNotFound, "Bundle.entry[0].resource.managingOrganization.reference")

	history := string(must[[]byte](t)(e.History(ctx, interaction.HistoryRequest{Type: "Organization", Count: 10})))
	if strings.Contains(history, "secret") || strings.Contains(history, `"total"`) {
		t.Error(history)
	}
}

func TestAnIdempotencyKeyWorksOnce(t *testing.T) {
	ctx := context.Background()
	onEach(t, func(t *testing.T, e *interaction.Session) {
		key := fhir.Key{Type: "Organization", ID: "o"}
		writes := map[string]func() error{
			"create": func() error {
				_, err := e.Create(ctx, interaction.CreateRequest{Type: "Organization", Body: []byte(organization("", "x")), IdempotencyKey: "c"})
				return err
			},
			"update": func() error {
				_, err := e.Update(ctx, interaction.UpdateRequest{Key: key, Body: []byte(organization("o", "x")), IdempotencyKey: "u"})
				return err
			},
			"transaction": func() error {
				_, err := e.Bundle(ctx, interaction.BundleRequest{IdempotencyKey: "t", Body: []byte(
					`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + organization("", "x") + `,"request":{"method":"POST","url":"Organization"}}]}`)})
				return err
			},
		}
		for name, write := range writes {
			errs := together(8, func(int) error { return write() })
			i := slices.Index(errs, nil)
			if i < 0 {
				t.Fatalf("%s: got %v, want one that succeeds", name, errs)
			}
			for j, err := range errs {
				if i != j {
					wantError(t, err, fhir.Duplicate, fhir.IssueDuplicate, "")
				}
			}
		}
		r := interaction.BundleRequest{IdempotencyKey: "b", Body: []byte(`{"resourceType":"Bundle","type":"batch","entry":[
			{"resource":` + organization("", "x") + `,"request":{"method":"POST","url":"Organization"}},
			{"resource":` + organization("", "x") + `,"request":{"method":"POST","url":"Organization"}}]}`)}
		for _, want := range []string{"201 Created", "409 Conflict"} {
			t.Run(want, func(t *testing.T) {
				if answer := string(must[[]byte](t)(e.Bundle(ctx, r))); strings.Count(answer, want) != 2 {
					t.Errorf("%s, want %s twice", answer, want)
				}
			})
		}
	})
}
