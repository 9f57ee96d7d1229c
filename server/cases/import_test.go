package cases_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/server/cases/file"
	"caseway/server/cases/problem"

	"github.com/google/go-cmp/cmp"
)

const (
	ndjson = "application/x-ndjson"
	csv    = "text/csv"
)

// betweenStores runs a test with two servers, each on a store of its own.
func betweenStores(t *testing.T, run func(t *testing.T, from, to *api)) {
	t.Run("sqlite", func(t *testing.T) {
		open := func(name string) store.Store {
			s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), name), sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		run(t, serve(t, open("from.db")), serve(t, open("to.db")))
	})
	t.Run("mongo", func(t *testing.T) {
		open := func() store.Store {
			s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		run(t, serve(t, open()), serve(t, open()))
	})
}

// export gives an export as lines.
func (a *api) export(query string) []string {
	a.t.Helper()
	got := a.do("GET", "/cases/export"+query, "")
	if got.status != http.StatusOK {
		a.t.Fatalf("export: %d %s", got.status, got.body)
	}
	lines := strings.SplitAfter(got.body, "\n")
	return lines[:len(lines)-1]
}

// imports sends a file, and gives the report.
func (a *api) imports(typ, query, content string) ([]file.Imported, file.Summary) {
	a.t.Helper()
	got := a.do("POST", "/cases/import"+query, content, "Content-Type", typ)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != ndjson {
		a.t.Fatalf("import: %d %s", got.status, got.body)
	}
	lines := strings.Split(strings.TrimSuffix(got.body, "\n"), "\n")
	var last struct{ Summary file.Summary }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		a.t.Fatal(err)
	}
	var all []file.Imported
	for _, line := range lines[:len(lines)-1] {
		var one file.Imported
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			a.t.Fatal(err)
		}
		all = append(all, one)
	}
	if last.Summary.Lines != len(all) {
		a.t.Errorf("the summary has %d lines, the report %d", last.Summary.Lines, len(all))
	}
	return all, last.Summary
}

// imported wants that every line came to a result.
func (a *api) imported(typ, query, content string, want ...file.ImportedAs) []file.Imported {
	a.t.Helper()
	all, sum := a.imports(typ, query, content)
	var got []file.ImportedAs
	for _, one := range all {
		got = append(got, one.Result)
	}
	if !slices.Equal(got, want) || !sum.Complete {
		a.t.Fatalf("%v, not %v: %s", got, want, text(all))
	}
	return all
}

// withoutTags gives lines of an export as what they say of cases, by id.
func withoutTags(t testing.TB, lines []string) map[string]object {
	t.Helper()
	all := map[string]object{}
	for _, line := range lines {
		var c object
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if tag, _ := c["etag"].(string); tag == "" {
			t.Errorf("no etag in %.80s", line)
		}
		delete(c, "etag")
		all[c["id"].(string)] = c
	}
	return all
}

const foreign = `{"resourceType":"EpisodeOfCare","id":"foreign","status":"active","patient":{"reference":"Patient/p1"},
	"statusHistory":[{"status":"planned","period":{"start":"2024-01-01","end":"2024-02-01"}}],"period":{"start":"2024-01-01"}}`

// TestExportedCasesComeBack: an export goes whole into an empty store, with who
// it names, and comes out the same; sent again it changes nothing.
func TestExportedCasesComeBack(t *testing.T) {
	betweenStores(t, func(t *testing.T, from, to *api) {
		from.infusion()
		from.open().planned()
		from.put("EpisodeOfCare/foreign", foreign)
		lines := from.export("")
		if len(lines) != 3 {
			t.Fatalf("%d cases, not 3", len(lines))
		}
		content := strings.Join(lines, "")
		for _, one := range to.imported(ndjson, "?reason=moving", content, file.ImportCreated, file.ImportCreated, file.ImportCreated) {
			if len(one.Losses) > 0 {
				t.Errorf("%s lost %v", one.ID, one.Losses)
			}
		}
		if diff := cmp.Diff(withoutTags(t, lines), withoutTags(t, to.export(""))); diff != "" {
			t.Error(diff)
		}
		to.imported(ndjson, "", content, file.ImportUnchanged, file.ImportUnchanged, file.ImportUnchanged)
		if got := to.do("GET", "/fhir/Practitioner/manager", ""); got.status != http.StatusOK {
			t.Errorf("who manages the cases: %d", got.status)
		}
		if got := to.do("GET", "/fhir/Organization/insurer", ""); !strings.Contains(got.body, `"name":"insurer"`) || strings.Contains(got.body, "CodeSystem/case\"") {
			t.Errorf("the insurer: %s", got.body)
		}
		got := to.do("GET", "/fhir/Provenance?target=EpisodeOfCare/foreign", "")
		if !strings.Contains(got.body, `"code":"import"`) || !strings.Contains(got.body, `"text":"moving"`) {
			t.Errorf("no Provenance of the import: %s", got.body)
		}
		if cases := to.export("?phase=closed"); len(cases) != 1 || !strings.Contains(cases[0], `"phase":"closed"`) {
			t.Errorf("the closed case alone: %d", len(cases))
		}
	})
}

// TestRowsComeBack: what CSV carries goes into an empty store and comes out the
// same.
func TestRowsComeBack(t *testing.T) {
	betweenStores(t, func(t *testing.T, from, to *api) {
		from.infusion()
		from.open().planned()
		from.put("EpisodeOfCare/foreign", foreign)
		rows := from.export("?format=csv")
		if len(rows) != 4 || !strings.HasPrefix(rows[0], "id,etag,adopted,phase,") {
			t.Fatalf("%d rows: %.100s", len(rows), rows[0])
		}
		content := strings.Join(rows, "")
		to.directory()
		to.imported(csv, "", content, file.ImportCreated, file.ImportCreated, file.ImportCreated)
		to.imported(csv, "", content, file.ImportUnchanged, file.ImportUnchanged, file.ImportUnchanged)
		read := func(rows []string) [][]string {
			var all [][]string
			for _, row := range rows {
				fields := strings.Split(row, ",")
				all = append(all, slices.Delete(fields[:slices.Index(strings.Split(rows[0], ","), "insurers")], 1, 2))
			}
			slices.SortFunc(all, slices.Compare)
			return all
		}
		if diff := cmp.Diff(read(rows), read(to.export("?format=csv"))); diff != "" {
			t.Error(diff)
		}
		from.imported(csv, "", content, file.ImportUnchanged, file.ImportUnchanged, file.ImportUnchanged)
	})
}

// edited is a line with changes.
func edited(t testing.TB, line string, change func(c object)) string {
	t.Helper()
	var c object
	if err := json.Unmarshal([]byte(line), &c); err != nil {
		t.Fatal(err)
	}
	change(c)
	return text(c) + "\n"
}

func first(c object, list string) object { return c[list].([]any)[0].(object) }

// TestNothingIsOverwrittenSilently: a case that is there changes by its ETag or
// on demand, and by the rules.
func TestNothingIsOverwrittenSilently(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.open().planned()
		line := a.export("")[0]
		untagged := func(change func(c object)) string {
			return edited(t, line, func(c object) {
				delete(c, "etag")
				change(c)
			})
		}
		title := func(text string) func(c object) {
			return func(c object) { first(c, "plans")["title"] = text }
		}
		refuse := func(content, query string, status int, name, rule, pointer string) {
			t.Helper()
			p := a.imported(ndjson, query, content, file.ImportRefused)[0].Problem
			if p.Status != status || !strings.HasSuffix(p.Type, "/"+name) || p.Rule != rule || p.Pointer != pointer {
				t.Errorf("%s: %d %s %q at %q", name, p.Status, p.Type, p.Rule, p.Pointer)
			}
		}
		refuse(untagged(title("another")), "", 409, "case-exists", "", "/id")
		a.imported(ndjson, "?existing=refuse", untagged(func(object) {}), file.ImportUnchanged)
		a.imported(ndjson, "?role=case-manager&by=Practitioner/manager", edited(t, line, title("by its etag")), file.ImportChanged)
		refuse(edited(t, line, title("by an old etag")), "", 412, "version-conflict", "", "/etag")
		refuse(edited(t, line, title("by an old etag")), "?existing=change", 412, "version-conflict", "", "/etag")
		a.imported(ndjson, "?existing=change&role=case-manager&by=Practitioner/manager&reason=why", untagged(title("on demand")), file.ImportChanged)
		refuse(untagged(func(c object) { c["phase"] = "planning" }), "?existing=change", 422, "business-rule", "phase-not-allowed", "/phase")
		refuse(untagged(func(c object) { delete(c, "goals") }), "?existing=change", 422, "business-rule", "part-removed", "/goals/0")
		monitored := untagged(func(c object) { c["phase"] = "monitoring" })
		refuse(monitored, "?existing=change&role=client&by=Patient/p1", 422, "business-rule", "role-not-allowed", "/phase")
		if now := a.export("")[0]; !strings.Contains(now, `"title":"on demand"`) {
			t.Errorf("the plan is %s", now)
		}
		refuse(untagged(func(c object) { c["client"].(object)["id"] = "Patient/p2" }), "?existing=change", 409, "client-differs", "", "/client/id")
		refuse(untagged(func(c object) { c["client"].(object)["name"] = "Somebody" }), "?existing=change", 409, "client-differs", "", "/client/name")
		moved := edited(t, line, func(c object) {
			c["id"] = "other"
			delete(c, "etag")
			title("of another case")(c)
		})
		refuse(moved, "", 409, "part-exists", "", "/plans/0")
	})
}

// TestLinesAreRefusedAlone: what is wrong with a line is told, where, and the
// others are imported.
func TestLinesAreRefusedAlone(t *testing.T) {
	betweenStores(t, func(t *testing.T, from, to *api) {
		from.infusion()
		line := from.export("")[0]
		n := 0
		with := func(change func(c object)) string {
			n++
			another := strings.NewReplacer(`/0`, fmt.Sprintf("/%d-0", n), `Coverage/v1`, fmt.Sprintf("Coverage/v%d", n)).Replace(line)
			return edited(t, another, func(c object) {
				c["id"] = fmt.Sprintf("case%d", n)
				change(c)
			})
		}
		good := with(func(object) {})
		rows := []struct {
			line          string
			status        int
			rule, pointer string
		}{
			{"\ufeff" + strings.TrimSuffix(good, "\n") + "\r\n", 0, "", ""},
			{`{"id":"x","phase":` + "\n", 400, "", ""},
			{"[1,2]\n", 400, "", ""},
			{"null\n", 400, "", ""},
			{"{} {}\n", 400, "", ""},
			{"{\"id\":\"nul\x00\"}\n", 400, "", ""},
			{"{\"id\":\"\xff\"}\n", 400, "", ""},
			{good, 409, "", "/id"},
			{with(func(c object) { c["id"] = "a_b" }), 400, "", "/id"},
			{with(func(c object) { c["id"] = "export" }), 400, "", "/id"},
			{with(func(c object) { c["phase"] = "flying" }), 400, "", "/phase"},
			{with(func(c object) { c["extra"] = 1 }), 400, "", "/extra"},
			{with(func(c object) { first(c, "goals")["id"] = "Condition/1" }), 400, "", "/goals/0/id"},
			{with(func(c object) { c["client"] = object{"id": "Patient/none"} }), 422, "", "/client/id"},
			{with(func(c object) { c["client"] = object{"name": "Nobody"} }), 400, "", "/client/id"},
			{with(func(c object) { first(c, "services")["provider"] = object{"ref": "Organization/none"} }), 422, "", "/services/0/provider/ref"},
			{with(func(c object) { c["client"].(object)["name"] = "Somebody else" }), 409, "", "/client/name"},
			{with(func(c object) {
				rounds := first(c, "agreements")["rounds"].([]any)
				first(rounds[len(rounds)-1].(object), "shares")["amount"].(object)["minor"] = 1
			}), 422, "shares-must-add-up", "/agreements/0/rounds/2/shares"},
			{with(func(c object) { delete(c, "closure") }), 422, "closure-needs-reason", "/closure/reason"},
			{with(func(c object) { first(c, "goals")["clientWords"] = "a\x01b" }), 422, "", ""},
			{with(func(c object) { first(c, "goals")["clientWords"] = strings.Repeat("é", 500_000) }), 0, "", ""},
			{with(func(c object) { first(c, "goals")["clientWords"] = strings.Repeat("y", 2_000_000) }), 422, "", ""},
			{" \r\n" + strings.Repeat("y", 13<<20) + "\n", 413, "", ""},
			{strings.TrimSuffix(with(func(object) {}), "\n"), 0, "", ""},
		}
		var content strings.Builder
		for _, row := range rows {
			content.WriteString(row.line)
		}
		report, sum := to.imports(ndjson, "", content.String())
		if len(report) != len(rows) || !sum.Complete || sum.Created != 3 || sum.Bytes != int64(content.Len()) {
			t.Fatalf("%d lines, %+v of %d bytes", len(report), sum, content.Len())
		}
		for i, row := range rows {
			got := report[i]
			p := problem.Problem{}
			if got.Problem != nil {
				p = *got.Problem
			}
			if p.Status != row.status || p.Rule != row.rule || p.Pointer != row.pointer || (row.status == 0) != (got.Result == file.ImportCreated) {
				t.Errorf("line %d: %s, not %d %s at %s", got.Line, text(got), row.status, row.rule, row.pointer)
			}
		}
		if last := report[len(report)-1]; last.Line != len(rows)+1 {
			t.Errorf("the last is line %d, not %d, for one is blank", last.Line, len(rows)+1)
		}
	})
}
