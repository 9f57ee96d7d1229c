package operation_test

import (
	"slices"
	"strings"
	"testing"
)

// TestDefinitionsAndMetadataAgree: each definition that the server brings along
// is found by its canonical URL, is listed where the operation works, which it
// does by POST, and says by affectsState whether GET works too.
func TestDefinitionsAndMetadataAgree(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		listed := map[string][]string{} // by canonical: types, or "" for the system
		rest := a.get("metadata")["rest"].([]any)[0].(object)
		note := func(on string, of object) {
			operations, _ := of["operation"].([]any)
			for _, x := range operations {
				url := x.(object)["definition"].(string)
				listed[url] = append(listed[url], on)
			}
		}
		note("", rest)
		for _, r := range rest["resource"].([]any) {
			note(r.(object)["type"].(string), r.(object))
		}
		all := a.entries("OperationDefinition?_count=100")
		if len(all) < 8 {
			t.Fatalf("%d definitions", len(all))
		}
		for _, d := range all {
			url, code := d["url"].(string), "$"+d["code"].(string)
			if found := a.entries("OperationDefinition?url=" + url); len(found) != 1 || found[0]["id"] != d["id"] {
				t.Errorf("%d are found by %s, want 1", len(found), url)
			}
			var paths []string
			if d["system"] == true {
				paths = append(paths, code)
				if !slices.Contains(listed[url], "") {
					t.Errorf("%s isn't listed for the system", url)
				}
			}
			types, _ := d["resource"].([]any)
			if slices.Contains(types, "Resource") {
				types = []any{"CarePlan", "Binary"} // of all
			}
			for _, typ := range types {
				if d["type"] == true {
					paths = append(paths, typ.(string)+"/"+code)
				}
				if d["instance"] == true {
					paths = append(paths, typ.(string)+"/x/"+code)
				}
				if !slices.Contains(listed[url], typ.(string)) {
					t.Errorf("%s isn't listed for %s", url, typ)
				}
			}
			for _, path := range paths {
				status, text := a.do("GET", path, "")
				if (status == 405) != (d["affectsState"] == true) || strings.Contains(text, "isn't supported") {
					t.Errorf("GET %s: %d %s", path, status, text)
				}
				if status, text = a.post(path); status == 405 || strings.Contains(text, "isn't supported") {
					t.Errorf("POST %s: %d %s", path, status, text)
				}
			}
			delete(listed, url)
		}
		for url := range listed {
			t.Errorf("%s is listed and not defined", url)
		}
	})
}

// TestOperationsWorkInsideBatches as entries of their own: each has its answer.
func TestOperationsWorkInsideBatches(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.twoPlans()
		batch := a.ok(a.do("POST", "", `{"resourceType":"Bundle","type":"batch","entry":[
			{"request":{"method":"GET","url":"CarePlan/here/$reconcile?other=CarePlan/there"}},
			{"request":{"method":"POST","url":"CarePlan/here/$reconcile"},"resource":{"resourceType":"Parameters","parameter":[`+otherPlan+`,{"name":"store","valueBoolean":true}]}},
			{"request":{"method":"POST","url":"EpisodeOfCare/$open"},"resource":{"resourceType":"Parameters","parameter":[`+subject+","+clinical+","+hospital+","+caredForBy+`]}},
			{"request":{"method":"POST","url":"CarePlan/none/$reconcile"},"resource":{"resourceType":"Parameters","parameter":[`+otherPlan+`]}},
			{"request":{"method":"GET","url":"EpisodeOfCare/$open"}}]}`))
		want := []string{"200", "200", "200", "404", "4"}
		for i, x := range batch["entry"].([]any) {
			response := x.(object)["response"].(object)
			if status := response["status"].(string); !strings.HasPrefix(status, want[i]) {
				t.Errorf("entry %d: %s", i, encoded(t, x))
			}
		}
		if n := len(a.entries("Provenance?target=CarePlan/" + merged(t, batch["entry"].([]any)[1].(object)["resource"].(object))["id"].(string))); n != 1 {
			t.Errorf("%d Provenances", n)
		}
		status, text := a.do("POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[
			{"request":{"method":"POST","url":"EpisodeOfCare/$open"},"resource":{"resourceType":"Parameters","parameter":[`+subject+`]}}]}`)
		a.refused(400, "call it in a batch", status, text)
	})
}
