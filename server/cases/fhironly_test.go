package cases_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"caseway/fhir/store/sqlite"
)

// written is a version that a store holds.
type written struct {
	key      string // Type/id
	at       string // lastUpdated, which versions of one commit share
	resource object // without its meta
	tag      any    // of the meta
}

// versions are all versions that a server holds, oldest first, but for who bears
// witness to what.
func (a *api) versions() (all []written) {
	a.t.Helper()
	got := a.do("GET", "/fhir/_history?_count=1000", "")
	var b struct {
		Link  []struct{ Relation string }
		Entry []struct{ Resource object }
	}
	if err := json.Unmarshal([]byte(got.body), &b); err != nil || got.status != http.StatusOK {
		a.t.Fatalf("%d %v", got.status, err)
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			a.t.Fatal("the history has more than a page")
		}
	}
	for _, e := range b.Entry {
		r := e.Resource
		meta := r["meta"].(object)
		delete(r, "meta")
		if typ := r["resourceType"].(string); typ != "Provenance" && typ != "Device" {
			all = append(all, written{typ + "/" + r["id"].(string), meta["lastUpdated"].(string), r, meta["tag"]})
		}
	}
	slices.Reverse(all)
	return all
}

// replay writes each commit of another server by one FHIR transaction. The client
// says by the tag what belongs to the case, which not every type has a link for.
func (a *api) replay(all []written) {
	a.t.Helper()
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(w written) bool { return w.at != all[0].at })
		if n < 0 {
			n = len(all)
		}
		var entries []object
		for _, w := range all[:n] {
			r := object{}
			for name, value := range w.resource {
				r[name] = value
			}
			if w.tag != nil {
				r["meta"] = object{"tag": w.tag}
			}
			entries = append(entries, object{"resource": r, "request": object{"method": "PUT", "url": w.key}})
		}
		body := text(object{"resourceType": "Bundle", "type": "transaction", "entry": entries})
		if got := a.do("POST", "/fhir", body); got.status != http.StatusOK {
			a.t.Fatalf("a transaction of %d: %d %s\n%s", n, got.status, got.body, body)
		}
		all = all[n:]
	}
}

// last are the versions in force.
func last(all []written) map[string]object {
	now := map[string]object{}
	for _, w := range all {
		now[w.key] = w.resource
	}
	return now
}

// TestStoriesByFHIRAlone: what the case API does in each story, a FHIR client can
// do, and the same resources come of it.
func TestStoriesByFHIRAlone(t *testing.T) {
	for name, story := range map[string]func(*api) *course{"accident": (*api).accident, "infusion": (*api).infusion} {
		t.Run(name, func(t *testing.T) {
			s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			k := story(serve(t, s))
			told := k.versions()
			onEachStore(t, func(t *testing.T, a *api) {
				a.replay(told)
				want, got := last(told), last(a.versions())
				for key, r := range want {
					if text(got[key]) != text(r) {
						t.Errorf("%s is\n%s\nand not\n%s", key, text(got[key]), text(r))
					}
				}
				for key, r := range got {
					if want[key] == nil {
						t.Errorf("%s is there too: %s", key, text(r))
					}
				}
				seen := a.view(a.do("GET", k.path+"?view=whole", ""), http.StatusOK)
				if text(seen.Case) != text(k.c) {
					t.Errorf("the case is\n%s\nand not\n%s", text(seen.Case), text(k.c))
				}
			})
		})
	}
}
