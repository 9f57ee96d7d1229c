package kit_test

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// meddle tries what no party may do over FHIR, though its scopes have it.
func (p *parties) meddle() {
	p.t.Helper()
	bill := p.find("hana", "Invoice?recipient=Patient/pat")
	pump := p.find("hana", "Invoice?recipient=Organization/agency")
	deal := p.find("hana", "Contract?patient=Patient/pat")
	claim := p.find("hana", "Claim?patient=Patient/pat")
	nurse := p.find("hana", "Task?owner=Organization/agency")
	lost := p.find("hana", "Task?owner=Organization/rival")
	for _, row := range []struct {
		name, user string
		r          object
		change     func(object)
		status     string
	}{
		{"the patient pays less", "pat", bill, cheaper, "422"},
		{"the agency pays less", "alma", pump, cheaper, "422"},
		{"the pharmacy asks for more", "phil", bill, cheaper, "422"},
		{"the patient says that it is paid", "pat", bill, with("status", "balanced"), "422"},
		{"the agency says that it is paid", "alma", pump, with("status", "balanced"), "422"},
		{"the patient sees to the agency's bill", "pat", pump, cheaper, "404"},
		{"the insurer sees to the agency's bill", "ina", pump, cheaper, "404"},
		{"the patient changes what was agreed", "pat", deal, reshared, "422"},
		{"the agency changes what was agreed", "alma", deal, reshared, "422"},
		{"another pharmacy changes what was agreed", "rita", deal, reshared, "404"},
		{"the pharmacy reports for the agency", "phil", nurse, with("status", "completed"), "404"},
		{"a pharmacy that wasn't taken begins", "rita", lost, with("status", "in-progress"), "422"},
		{"the pharmacy changes what the insurer was asked", "phil", claim, with("status", "cancelled"), "404"},
		{"the patient closes the case", "pat", p.find("hana", "EpisodeOfCare?patient=Patient/pat"), with("status", "finished"), "422"},
		{"the pharmacy closes the case", "phil", p.find("hana", "EpisodeOfCare?patient=Patient/pat"), with("status", "finished"), "422"},
		{"the agency deletes the agreement", "alma", deal, nil, "422"},
		{"another client takes the case", "fay", p.find("hana", "EpisodeOfCare?patient=Patient/pat"), with("patient", object{"reference": "Patient/fay"}), "404"},
	} {
		key := row.r["resourceType"].(string) + "/" + row.r["id"].(string)
		method, body := http.MethodDelete, any(nil)
		if row.change != nil {
			r := copied(row.r)
			row.change(r)
			method, body = http.MethodPut, r
		}
		got := p.do(row.user, method, key, body)
		if strconv.Itoa(got.Status) != row.status {
			p.t.Errorf("%s: %s %s by %s: %d, want %s: %.300s", row.name, method, key, row.user, got.Status, row.status, got.Body)
		}
	}
}

// find gives the one resource that a search finds.
func (p *parties) find(user, query string) object {
	p.t.Helper()
	got := p.do(user, "GET", query, nil)
	var b struct{ Entry []struct{ Resource object } }
	if err := json.Unmarshal(got.Body, &b); err != nil || len(b.Entry) != 1 {
		p.t.Fatalf("%s: %d with %d entries, %v", query, got.Status, len(b.Entry), err)
	}
	return b.Entry[0].Resource
}

func copied(r object) object {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	var other object
	if err := json.Unmarshal(text, &other); err != nil {
		panic(err)
	}
	return other
}

func with(name string, value any) func(object) { return func(r object) { r[name] = value } }

// cheaper makes one dollar of what an Invoice asks for.
func cheaper(r object) { r["totalNet"] = object{"value": 1, "currency": "USD"} }

// reshared makes one dollar of each amount of a Contract but the price.
func reshared(r object) {
	terms := r["term"].([]any)
	last := terms[len(terms)-1].(object)
	for _, item := range last["asset"].([]any)[0].(object)["valuedItem"].([]any) {
		if item := item.(object); item["responsible"] != nil {
			item["net"] = object{"value": 1, "currency": "USD"}
		}
	}
}
