package cases_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
	"caseway/server/cases/openapi"
)

// lessonScene is where the example of an action is tried, see scenes, and what the
// ids of the example are there.
type lessonScene struct {
	scene string
	ids   func(c *casemodel.Case) []string // pairs for a strings.Replacer
}

func service(c *casemodel.Case) []string {
	return []string{"ServiceRequest/infusion", string(c.Services[0].ID)}
}

func offer(c *casemodel.Case) []string {
	return append(service(c), "Task/offer", string(c.Services[0].Offers[0].ID))
}

func waiting(c *casemodel.Case) []string {
	return []string{"CarePlan/draft", string(c.Plans[len(c.Plans)-1].ID)}
}

func claimed(c *casemodel.Case) []string {
	return append(service(c), "Claim/infusion", string(c.Authorizations[0].ID))
}

func anyCase(*casemodel.Case) []string { return nil }

var lessonScenes = map[casemodel.Action]lessonScene{
	"open": {"referred", anyCase}, "adopt": {"foreign", anyCase}, "assess": {"opened", anyCase}, "plan": {"assessed", anyCase},
	"submit": {"planning", anyCase}, "approve": {"awaiting", waiting}, "return": {"awaiting", waiting}, "revise": {"active", anyCase},
	"offer": {"active", service}, "accept": {"offered", offer}, "decline": {"offered", offer}, "choose": {"contested", offer},
	"deliver": {"taken", service}, "schedule": {"taken", service}, "record-contact": {"active", anyCase}, "review": {"active", anyCase},
	"request-authorization": {"active", service}, "decide": {"asked", claimed}, "appeal": {"denied", claimed}, "negotiate": {"active", service},
	"record-outcome": {"active", func(c *casemodel.Case) []string { return []string{"Goal/home", string(c.Goals[0].ID)} }},
	"work":           {"active", anyCase}, "monitor": {"active", anyCase}, "hold": {"active", anyCase}, "resume": {"held", anyCase},
	"transfer": {"active", anyCase}, "close": {"measured", anyCase}, "reopen": {"closed", anyCase}, "cancel": {"opened", anyCase},
	"retract": {"opened", anyCase},
}

// described is what the OpenAPI document says of a body.
type described struct {
	RequestBody struct {
		Content map[string]struct {
			Schema   schemaOfBody
			Examples map[string]struct{ Value json.RawMessage }
		}
	}
}

type schemaOfBody struct {
	OneOf      []schemaOfBody
	Properties struct {
		Action   struct{ Const string }
		Argument struct{ Required []string }
	}
}

func paths(t *testing.T) map[string]map[string]json.RawMessage {
	t.Helper()
	var d struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(openapi.Document(), &d); err != nil {
		t.Fatal(err)
	}
	return d.Paths
}

// TestExamplesOfActionsWork: the example that the OpenAPI document gives of each
// action is taken, and refused without any member that the document requires of
// its argument.
func TestExamplesOfActionsWork(t *testing.T) {
	all := paths(t)
	onEachStore(t, func(t *testing.T, a *api) {
		s := newStage(a)
		for _, name := range actions() {
			var d described
			if err := json.Unmarshal(all["/cases/{id}/actions/"+string(name)]["post"], &d); err != nil {
				t.Fatal(err)
			}
			content := d.RequestBody.Content["application/json"]
			example := content.Examples[string(name)].Value
			t.Run(string(name), func(t *testing.T) {
				if len(example) == 0 {
					t.Fatal("the action has no example")
				}
				at, there := lessonScenes[name]
				if !there { // a case begins with it
					return
				}
				k := s.scene(at.scene).on(t)
				body := strings.NewReplacer(at.ids(&k.c)...).Replace(string(example))
				for _, member := range content.Schema.Properties.Argument.Required {
					got := k.do("POST", k.path+"/actions/"+string(name), without(t, body, member))
					if got.status != http.StatusBadRequest && got.status != http.StatusUnprocessableEntity {
						t.Errorf("without %s: got %d %.300s, want it refused", member, got.status, got.body)
					}
				}
				if got := k.do("POST", k.path+"/actions/"+string(name), body); got.status != http.StatusOK {
					t.Errorf("got %d %.300s, want 200 for %s", got.status, got.body, body)
				}
				delete(s.made, at.scene) // it isn't any more what it was
			})
		}
	})
}

// TestExamplesOfBeginningsWork likewise.
func TestExamplesOfBeginningsWork(t *testing.T) {
	var d described
	if err := json.Unmarshal(paths(t)["/cases"]["post"], &d); err != nil {
		t.Fatal(err)
	}
	content := d.RequestBody.Content["application/json"]
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		if len(content.Schema.OneOf) != 2 {
			t.Fatalf("got %d ways to make a case, want refer and open", len(content.Schema.OneOf))
		}
		for _, schema := range content.Schema.OneOf {
			name := schema.Properties.Action.Const
			t.Run(name, func(t *testing.T) {
				body := string(content.Examples[name].Value)
				for _, member := range schema.Properties.Argument.Required {
					if got := a.do("POST", "/cases", without(t, body, member)); got.status != http.StatusBadRequest && got.status != http.StatusUnprocessableEntity {
						t.Errorf("without %s: got %d %.300s, want it refused", member, got.status, got.body)
					}
				}
				if got := a.do("POST", "/cases", body); got.status != http.StatusCreated {
					t.Errorf("got %d %.300s, want 201 for %s", got.status, got.body, body)
				}
			})
		}
	})
}

// without leaves a member of the argument out of a body.
func without(t *testing.T, body, member string) string {
	t.Helper()
	var b object
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		t.Fatal(err)
	}
	argument := b["argument"].(object)
	if _, there := argument[member]; !there {
		t.Errorf("the example has no %s, which is required", member)
	}
	delete(argument, member)
	return text(b)
}

// TestOpenAPITeaches: each property says what it holds, each action when it may
// be taken, and no text is left over.
func TestOpenAPITeaches(t *testing.T) {
	var d any
	if err := json.Unmarshal(openapi.Document(), &d); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	undescribed(t, d, "", said)
	texts, err := os.ReadFile("openapi/data/members.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(texts)) {
		member, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ok && !said[text] {
			t.Errorf("nothing is described by the text of %s: %s", member, text)
		}
	}
	for _, name := range actions() {
		var op struct{ Description string }
		if err := json.Unmarshal(paths(t)["/cases/{id}/actions/"+string(name)]["post"], &op); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(op.Description, "Phases: ") || !strings.Contains(op.Description, "Roles: ") || strings.Contains(op.Description, "`: \n") {
			t.Errorf("%s is described as %q, want phases, roles and rules with their texts", name, op.Description)
		}
	}
}

// undescribed finds properties without a description, and notes those of others.
func undescribed(t *testing.T, v any, at string, said map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			undescribed(t, x, at, said)
		}
	case object:
		for name, x := range v {
			below := at + "/" + name
			if properties, ok := x.(object); ok && name == "properties" {
				for member, schema := range properties {
					text, _ := schema.(object)["description"].(string)
					if said[text] = true; text == "" {
						t.Errorf("%s/%s has no description", below, member)
					}
				}
			}
			undescribed(t, x, below, said)
		}
	}
}
