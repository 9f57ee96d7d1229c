package cases_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"caseway/auth"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/file"
)

// exported gives what somebody exports.
func (o *office) exported(ctx context.Context) string {
	o.t.Helper()
	e, err := file.ReadExport(file.FormatNDJSON, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := o.files.Export(ctx, e, &b); err != nil {
		o.t.Fatal(err)
	}
	return b.String()
}

// importing gives what comes of a line that somebody imports.
func (o *office) importing(ctx context.Context, line string, change bool) file.Imported {
	o.t.Helper()
	var first file.Imported
	n := 0
	err := o.files.Import(ctx, file.Importing{
		Format: file.FormatNDJSON, MaxLine: 1 << 20, Change: change, Reason: "because",
	}, strings.NewReader(line), func(text []byte) {
		if n++; n == 1 {
			if err := json.Unmarshal(text, &first); err != nil {
				o.t.Fatal(err)
			}
		}
	})
	if err != nil || n != 2 {
		o.t.Fatalf("%d lines: %v", n, err)
	}
	return first
}

// TestFilesAreBehindTheLogin: an export has what its caller sees, an import writes
// what its caller may write, in their roles.
func TestFilesAreBehindTheLogin(t *testing.T) {
	o := newOffice(t)
	boss := o.as(auth.Principal{Role: auth.Administrator, Subject: "boss"}, "user/*.cruds")
	for _, id := range []string{"p1", "p2"} {
		o.put(boss, "Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","name":[{"text":"`+id+`"}]}`)
	}
	o.put(boss, "Practitioner/manager", `{"resourceType":"Practitioner","id":"manager"}`)
	staff := auth.Principal{Role: auth.Staff, Subject: "m", FHIRUser: "Practitioner/manager"}
	manager := o.as(staff, "user/*.cruds")
	line := func(id, client, more string) string {
		return `{"id":"` + id + `","phase":"opened","model":"clinical","setting":"acute-hospital","period":{"start":"2026-01-01"},
			"client":{"id":"Patient/` + client + `"},"manager":{"ref":"Practitioner/manager"}` + more + `}`
	}
	flat := func(line string) string { return strings.ReplaceAll(line, "\n", "") }
	for id, client := range map[string]string{"c1": "p1", "c2": "p2"} {
		t.Run(id, func(t *testing.T) {
			if got := o.importing(manager, flat(line(id, client, "")), false); got.Result != file.ImportCreated {
				t.Fatalf("the manager: %s", text(got))
			}
		})
	}
	reader := o.as(staff, "user/*.rs")
	patient := o.as(auth.Principal{Role: auth.Patient, Subject: "p1", FHIRUser: "Patient/p1", Patient: "p1"}, "patient/*.cruds")
	narrow := o.as(staff, "user/EpisodeOfCare.cruds user/Patient.rs")
	doctor := o.as(auth.Principal{Role: auth.Staff, Subject: "d", FHIRUser: "Practitioner/physician"}, "user/*.cruds")
	made := flat(line("c3", "p1", `,"problems":[{"code":{"text":"a fall"},"clinical":"active"}]`))
	held := flat(line("c1", "p1", `,"hold":{"from":"opened","reason":"on holiday"}`))
	held = strings.Replace(held, `"phase":"opened"`, `"phase":"on-hold"`, 1)

	if all := o.exported(manager); strings.Count(all, "\n") != 2 {
		t.Errorf("the manager exports %s", all)
	}
	if all := o.exported(patient); strings.Count(all, "\n") != 1 || !strings.Contains(all, `"id":"c1"`) || strings.Contains(all, "p2") {
		t.Errorf("the patient exports %s", all)
	}
	for _, row := range []struct {
		who    string
		ctx    context.Context
		line   string
		change bool
		status int
		rule   string
	}{
		{"a reader", reader, made, false, http.StatusForbidden, ""},
		{"a reader", reader, held, true, http.StatusForbidden, ""},
		{"who may write episodes only", narrow, made, false, http.StatusForbidden, ""},
		{"a patient for another", patient, flat(line("c4", "p2", "")), false, http.StatusUnprocessableEntity, "role-not-allowed"},
		{"a patient over another's case", patient, flat(line("c2", "p1", "")), true, 0, "role-not-allowed"},
		{"a patient", patient, held, true, http.StatusUnprocessableEntity, "role-not-allowed"},
		{"a doctor", doctor, held, true, http.StatusUnprocessableEntity, "role-not-allowed"},
		{"the manager without asking to", manager, held, false, http.StatusConflict, ""},
	} {
		t.Run(row.who, func(t *testing.T) {
			got := o.importing(row.ctx, row.line, row.change)
			if got.Result != file.ImportRefused || row.status > 0 && got.Problem.Status != row.status || got.Problem.Rule != row.rule {
				t.Errorf("%s imports %s", row.who, text(got))
			}
			if strings.Contains(text(got), "Patient/p2") && row.who == "a patient over another's case" {
				t.Errorf("%s is told %s", row.who, text(got))
			}
		})
	}
	if got := o.importing(manager, held, true); got.Result != file.ImportChanged {
		t.Errorf("the manager: %s", text(got))
	}
	found, err := o.engine.Search(boss, interaction.SearchRequest{Type: "Provenance", Parameters: []search.Pair{{Name: "agent", Value: "Practitioner/manager"}}})
	if n := strings.Count(string(found), `"code":"import"`); err != nil || n != 3 {
		t.Errorf("%d imports by the manager: %v", n, err)
	}
	if all := o.exported(patient); !strings.Contains(all, string(casemodel.PhaseOnHold)) {
		t.Errorf("the patient exports %s", all)
	}
}
