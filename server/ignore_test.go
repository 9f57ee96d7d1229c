package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"caseway/server"
)

// TestUnknownSearchParametersAreHandledAsSet: as the operator sets it, where the
// client doesn't say otherwise; the self link shows what was used.
func TestUnknownSearchParametersAreHandledAsSet(t *testing.T) {
	rows := []struct {
		name   string
		ignore bool
		prefer string
		status int
	}{
		{"refused by default", false, "", http.StatusBadRequest},
		{"refused as wished", false, "handling=strict", http.StatusBadRequest},
		{"passed over as wished", false, "handling=lenient", http.StatusOK},
		{"passed over as set", true, "", http.StatusOK},
		{"passed over as set and wished", true, "handling=lenient", http.StatusOK},
		{"refused as wished, whatever is set", true, "return=minimal, handling=strict", http.StatusBadRequest},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h := listen(t, server.Config{IgnoreUnknown: row.ignore})
			do(t, "PUT", h.URL+"/fhir/Patient/a", `{"resourceType":"Patient","id":"a","active":true}`)
			const asked = "Patient?actve=false&active=true"
			var headers []string
			if row.prefer != "" {
				headers = []string{"Prefer", row.prefer}
			}
			status, _, body := do(t, "GET", h.URL+"/fhir/"+asked, "", headers...)
			if status != row.status {
				t.Fatalf("got %d %s, want %d", status, body, row.status)
			}
			inBatch := `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"` + asked + `"}}]}`
			if _, _, batch := do(t, "POST", h.URL+"/fhir", inBatch, headers...); strings.Contains(batch, `"status":"200`) != (row.status == http.StatusOK) {
				t.Errorf("got %s in a batch, want %d", batch, row.status)
			}
			self := `"relation":"self","url":"` + h.URL + `/fhir/Patient?active=true`
			if row.status == http.StatusOK && (!strings.Contains(body, self) || strings.Contains(body, "actve=") || !strings.Contains(body, `"id":"a"`)) {
				t.Errorf("got %s, want a self link that begins %s", body, self)
			}
			_, _, claim := do(t, "GET", h.URL+"/fhir/metadata?_elements=rest", "")
			if strings.Contains(claim, "Unknown search parameters are passed over unless") != row.ignore {
				t.Errorf("got a claim that doesn't say that ignoring is %v", row.ignore)
			}
		})
	}
}

// TestCriteriaAreNeverPassedOver: what a conditional write doesn't know would
// make it write something else.
func TestCriteriaAreNeverPassedOver(t *testing.T) {
	h := listen(t, server.Config{IgnoreUnknown: true})
	for _, method := range []string{"PUT", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			body := ""
			if method == "PUT" {
				body = `{"resourceType":"Patient"}`
			}
			status, _, text := do(t, method, h.URL+"/fhir/Patient?"+url.Values{"idntifier": {"x|1"}}.Encode(), body, "Prefer", "handling=lenient")
			if status != http.StatusBadRequest || !strings.Contains(text, "idntifier") {
				t.Errorf("%s: got %d %s, want 400 that names idntifier", method, status, text)
			}
		})
	}
}
