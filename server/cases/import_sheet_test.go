package cases_test

import (
	"net/http"
	"strings"
	"testing"

	"caseway/server/cases/file"
)

// TestSheetsAreRead: files as spreadsheets of several countries save them make the
// same case.
func TestSheetsAreRead(t *testing.T) {
	files := []struct{ name, text string }{
		{"commas", "client,phase,adopted,model,setting,manager,start\r\nPatient/p1,opened,TRUE,clinical,home-health,Practitioner/manager,2026-01-13\r\n"},
		{"semicolons", "client;phase;adopted;model;setting;manager;start\r\nPatient/p1;opened;WAHR;clinical;home-health;Practitioner/manager;13.01.2026\r\n"},
		{"tabs", "client\tphase\tadopted\tmodel\tsetting\tmanager\tstart\nPatient/p1\topened\tyes\tclinical\thome-health\tPractitioner/manager\t1/13/2026\n"},
		{"byte order mark", "\ufeffclient,phase,model,setting,manager,start\nPatient/p1,opened,clinical,home-health,Practitioner/manager,13-Jan-2026\n"},
		{"sep", "sep=;\r\nclient;phase;model;setting;manager;start\r\nPatient/p1;opened;clinical;home-health;Practitioner/manager;2026-01-13 00:00:00\r\n"},
		{"blanks", "client, phase ,model,setting,manager,start,queued,end,,\n,,,,,,,,,\n Patient/p1 ,opened,clinical,home-health,Practitioner/manager,13/01/2026,, ,,\n,,,,,,,,,\n"},
	}
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		for _, row := range files {
			t.Run(row.name, func(t *testing.T) {
				made := a.imported(csv, "", row.text, file.ImportCreated)[0]
				if len(made.Losses) > 0 {
					t.Errorf("lost %s", text(made.Losses))
				}
				got := a.do("GET", "/cases/"+made.ID, "").body
				for _, want := range []string{`"phase":"opened"`, `"start":"2026-01-13"`, `"id":"Patient/p1"`, `"adopted":true`} {
					t.Run(want, func(t *testing.T) {
						if !strings.Contains(got, want) {
							t.Errorf("got %s, want %s in it", got, want)
						}
					})
				}
			})
		}
		marked := a.export("?format=csv&bom=true")
		if !strings.HasPrefix(marked[0], "\ufeffid,etag,") || strings.HasPrefix(a.export("?format=csv")[0], "\ufeff") {
			t.Errorf("got %q, want a byte order mark where it is asked for alone", marked[0])
		}
		for _, query := range []string{"?bom=true", "?format=csv&bom=yes"} {
			t.Run(query, func(t *testing.T) {
				if got := a.do("GET", "/cases/export"+query, ""); got.status != http.StatusBadRequest || !strings.Contains(got.body, "bom") {
					t.Errorf("%s: got %d %s, want 400 about bom", query, got.status, got.body)
				}
			})
		}
		_, sum := a.imports(csv, "", strings.Join(marked, ""))
		if sum.Unchanged != len(files) || sum.Lines != len(files) {
			t.Errorf("what was exported comes in as %+v, want nothing changed", sum)
		}
	})
}

// TestClientsByIdentifier: a line may name the client by an identifier.
func TestClientsByIdentifier(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		a.put("Patient/p2", `{"resourceType":"Patient","id":"p2","name":[{"text":"Second"}],"identifier":[{"system":"http://clinic.example/mrn","value":"2, of A|B"}]}`)
		for _, id := range []string{"p3", "p4"} {
			a.put("Patient/"+id, `{"resourceType":"Patient","id":"`+id+`","name":[{"text":"Double"}],"identifier":[{"system":"http://clinic.example/mrn","value":"3"}]}`)
		}
		const columns = "id,client,clientIdentifier,phase,model,setting,manager\n"
		const rest = ",opened,clinical,home-health,Practitioner/manager\n"
		content := columns + `c1,,"http://clinic.example/mrn|2, of A|B"` + rest +
			`c2,Patient/p2,"http://clinic.example/mrn|2, of A|B"` + rest +
			"c3,,http://clinic.example/mrn|3" + rest +
			"c4,,http://clinic.example/mrn|4" + rest +
			"c5,,1001" + rest +
			`c6,Patient/p1,"http://clinic.example/mrn|2, of A|B"` + rest
		report := a.imported(csv, "", content,
			file.ImportCreated, file.ImportCreated, file.ImportRefused, file.ImportRefused, file.ImportRefused, file.ImportRefused)
		for i, want := range []string{2: "several Patients", 3: "no Patient", 4: "system|value", 5: "another Patient"} {
			t.Run(want, func(t *testing.T) {
				if want != "" && (report[i].Problem.Errors[0].Column != "clientIdentifier" || !strings.Contains(text(report[i].Problem), want)) {
					t.Errorf("line %d: got %s, want %q about clientIdentifier", report[i].Line, text(report[i].Problem), want)
				}
			})
		}
		a.imported(csv, "", content, file.ImportUnchanged, file.ImportUnchanged, file.ImportRefused, file.ImportRefused, file.ImportRefused, file.ImportRefused)
		a.imported(ndjson, "", `{"id":"c7","clientIdentifier":"http://clinic.example/mrn|2, of A|B","phase":"opened","model":"clinical","setting":"home-health",`+
			`"client":{},"manager":{"ref":"Practitioner/manager"}}`+"\n", file.ImportCreated)
		for _, id := range []string{"c1", "c7"} {
			t.Run(id, func(t *testing.T) {
				if got := a.do("GET", "/cases/"+id, "").body; !strings.Contains(got, `"Patient/p2"`) {
					t.Errorf("case %s: got %s, want that of Patient/p2", id, got)
				}
			})
		}
	})
}

// TestDryRunStoresNothing, and reports what an import then does.
func TestDryRunStoresNothing(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		k.planned()
		before := a.do("GET", "/fhir/_history?_count=1000", "").body
		content := "id,client,clientName,phase,model,setting,manager,managerName,plan\n" +
			"n1,Patient/new,New Client,opened,clinical,home-health,Practitioner/new,New Manager,\n" +
			"n2,Patient/new,,opened,clinical,home-health,Practitioner/new,,\n" +
			"n3,Patient/new,Somebody Else,opened,clinical,home-health,Practitioner/new,,\n" +
			"n4,Patient/p1,,opened,,home-health,Practitioner/manager,,\n" +
			k.c.ID + ",,,,,,,,Antibiotics at home\n" +
			k.c.ID + "x,Patient/none,,opened,clinical,home-health,Practitioner/manager,,\n"
		tag := strings.Trim(a.do("GET", k.path, "").header.Get("ETag"), `"`)
		change := "id,etag,plan\n" + k.c.ID + "," + tag + ",Otherwise\n"
		const who = "role=case-manager&by=Practitioner/manager&reason=moved"
		dry, sum := a.imports(csv, "?dry-run=true", content)
		dryChange, _ := a.imports(csv, "?dry-run=true&"+who, change)
		if after := a.do("GET", "/fhir/_history?_count=1000", "").body; versionsIn(after) != versionsIn(before) {
			t.Fatalf("a dry run has stored something: %d versions, were %d", versionsIn(after), versionsIn(before))
		}
		if !sum.DryRun || !sum.Complete {
			t.Errorf("got the summary %+v, want a complete dry run", sum)
		}
		real, sum := a.imports(csv, "", content)
		realChange, _ := a.imports(csv, "?dry-run=false&"+who, change)
		if sum.DryRun {
			t.Errorf("got the summary %+v, want no dry run", sum)
		}
		want := []file.ImportedAs{
			file.ImportCreated, file.ImportCreated, file.ImportRefused, file.ImportRefused, file.ImportUnchanged, file.ImportRefused, file.ImportChanged,
		}
		real, dry = append(real, realChange...), append(dry, dryChange...)
		for i := range want {
			if text(dry[i]) != text(real[i]) || real[i].Result != want[i] {
				t.Errorf("line %d: the dry run said %s, the import %s, want both the same and %s", real[i].Line, text(dry[i]), text(real[i]), want[i])
			}
		}
		if got := a.do("POST", "/cases/import?dry-run=perhaps", content, "Content-Type", csv); got.status != http.StatusBadRequest {
			t.Errorf("got %d %s, want 400", got.status, got.body)
		}
	})
}

func versionsIn(history string) int { return strings.Count(history, `"versionId"`) }
