package cases_test

import (
	"net/http"
	"strings"
	"testing"

	"caseway/server/cases/file"
	"caseway/server/cases/problem"

	"github.com/google/go-cmp/cmp"
)

const header = "id,client,phase,model,setting,manager,start,diagnosis,diagnosisCode,plan,planApprovedBy,planApprovedAt\n"

// TestRowsAreRefusedAlone: what is wrong with a row is told by line and column.
func TestRowsAreRefusedAlone(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		const running = ",Patient/p1,active,clinical,home-health,Practitioner/manager,2026-01-05,"
		rows := []struct {
			row            string
			status         int
			column, detail string
		}{
			{"r1" + running + "\"a \"\"bad\"\" fall,\nfrom a bicycle\",http://snomed.info/sct|217082002,At home,Practitioner/physician,2026-01-09\r\n", 0, "", ""},
			{"r2" + running + ",,At home,,2026-01-09\n", 422, "planApprovedBy", "who decided"},
			{"r13" + running + ",,,,\n", 0, "", ""},
			{"r3" + running + ",,At home,Practitioner/physician\n", 400, "", "11 fields"},
			{"r4" + running + ",,At home,Practitioner/physician,2026-01-09,x\n", 400, "", "field 13"},
			{"r14" + running + ",,At home,Practitioner/physician,2026-01-09,,\n", 0, "", ""},
			{"r5" + running + ",217082002,At home,Practitioner/physician,2026-01-09\n", 400, "diagnosisCode", "system|code"},
			{"r6,Patient/none,opened,clinical,home-health,Practitioner/manager,,,,,,\n", 422, "client", "no such Patient"},
			{"r7,Patient/p1,opened,clinical,home-health,Practitioner/nobody,,,,,,\n", 422, "manager", "no such resource"},
			{"r8,Patient/p1,opened,medical,home-health,Practitioner/manager,,,,,,\n", 400, "model", "strengths-based"},
			{"r9,Patient/p1,opened,,home-health,Practitioner/manager,,,,,,\n", 422, "model", "needs the model"},
			{"r10,Patient/p1,opened,clinical,home-health,Practitioner/manager,5/1/2026,,,,,\n", 400, "start", "2026-11-22"},
			{"r_11,Patient/p1,opened,clinical,home-health,Practitioner/manager,,,,,,\n", 400, "id", "1 to 64"},
			{"\n", -1, "", ""},
			{"r1,Patient/p1,opened,clinical,home-health,Practitioner/manager,,,,,,\n", 409, "id", "line 2"},
			{"r12,Patient/p1,opened,clinical,home-health,\"Practitioner/manager\"x,,,,,,\n", 400, "", "closing quote"},
			{",Patient/p1,opened,clinical,home-health,Practitioner/manager,2026-02-01,,,,,\n", 0, "", ""},
		}
		var sheet strings.Builder
		sheet.WriteString("\ufeff" + header)
		for _, row := range rows {
			sheet.WriteString(row.row)
		}
		report, _ := a.imports(csv, "", sheet.String())
		n := 0
		for _, row := range rows {
			if row.status < 0 {
				continue
			}
			got := report[n]
			n++
			if row.status == 0 {
				if got.Result != file.ImportCreated || len(got.Losses) > 0 {
					t.Errorf("%q: %s", row.row, text(got))
				}
				continue
			}
			p := problem.Problem{Errors: []problem.Fault{{}}}
			if got.Problem != nil {
				p = *got.Problem
			}
			if p.Status != row.status || p.Errors[0].Column != row.column || !strings.Contains(text(p), row.detail) {
				t.Errorf("%q: %s, not %d in column %q: %q", row.row, text(got), row.status, row.column, row.detail)
			}
		}
		again, sum := a.imports(csv, "", sheet.String())
		if sum.Unchanged != 4 || sum.Created != 0 || again[len(again)-1].ID != report[len(report)-1].ID || report[0].Line != 2 || report[1].Line != 4 {
			t.Errorf("again: %+v; lines %d and %d", sum, report[0].Line, report[1].Line)
		}
		stored := a.export("?phase=active")[0]
		for _, want := range []string{`"text":"a \"bad\" fall,\nfrom a bicycle"`, `"code":"217082002"`, `"decidedAt":"2026-01-09"`, `"kind":"telephone","days":14`} {
			t.Run(want, func(t *testing.T) {
				if !strings.Contains(stored, want) {
					t.Errorf("no %s in %s", want, stored)
				}
			})
		}
	})
}

// TestRowsChangeCases: a row changes what its columns say and nothing else.
func TestRowsChangeCases(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		k.planned()
		tag := strings.Trim(a.do("GET", k.path, "").header.Get("ETag"), `"`)
		before := withoutTags(t, a.export(""))
		row := func(columns string, cells ...string) string {
			return columns + "\r\n" + strings.Join(cells, ",") + "\r\n"
		}
		const who = "?role=case-manager&by=Practitioner/manager&reason=moved"
		a.imported(csv, "", row("id,plan", k.c.ID, "Antibiotics at home"), file.ImportUnchanged)
		a.imported(csv, "", row("id,plan,manager,diagnosis,start", k.c.ID, "", "", " ", ""), file.ImportUnchanged)
		a.imported(csv, who, row("id,etag,plan,diagnosis", k.c.ID, tag, "'=At home", ""), file.ImportChanged)
		if now := withoutTags(t, a.export("")); cmp.Equal(now, before) || !strings.Contains(text(now), `"title":"=At home"`) ||
			!cmp.Equal(now[k.c.ID]["diagnoses"], before[k.c.ID]["diagnoses"]) {
			t.Errorf("a row changed something else: %s", cmp.Diff(before, now))
		}
		if rows := a.export("?format=csv"); !strings.Contains(rows[1], ",'=At home,") {
			t.Errorf("a formula: %s", rows[1])
		}
		for _, refused := range []struct {
			content string
			status  int
			column  string
		}{
			{row("id,etag,plan", k.c.ID, tag, "too late"), http.StatusPreconditionFailed, "etag"},
			{row("id,plan", k.c.ID, "without an etag"), http.StatusConflict, "id"},
			{row("id,planApprovedBy", k.c.ID, "Practitioner/manager"), http.StatusBadRequest, "planApprovedBy"},
			{row("id,phase", k.c.ID, "planning"), http.StatusConflict, "id"},
			{row("id,client,phase", "new", "", "opened"), http.StatusUnprocessableEntity, "client"},
		} {
			t.Run(refused.content, func(t *testing.T) {
				got := a.imported(csv, who, refused.content, file.ImportRefused)[0]
				if got.Problem.Status != refused.status || got.Problem.Errors[0].Column != refused.column {
					t.Errorf("%q: %s", refused.content, text(got))
				}
			})
		}
	})
}
