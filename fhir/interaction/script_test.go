package interaction_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/server/cases/membership"
)

// TestScripts runs testdata/*.txtar: requests, each followed by its answer.
//
// A file named "POST Patient" and the like is a request with its body, "POST /"
// one with a Bundle; a line break and "ifMatch=2" or "ifNoneExist=…" after the
// verb and URL are written as "PUT Patient/1 ifMatch=2". In a Bundle, base64(…)base64
// stands for its content so encoded. The file "answer"
// behind it is the JSON that must come back: members that it doesn't name may
// be anything, null means absent. In strings $a is a variable: it takes
// what stands in its place first and must find the same afterwards. The file
// "error" has the kind's number in words on its first line, then a line for
// each issue: code, expression, and a piece of the text.
func TestScripts(t *testing.T) {
	files := must[[]string](t)(filepath.Glob("testdata/*.txtar"))
	if len(files) == 0 {
		t.Fatal("no scripts")
	}
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			// What belongs to an episode stands for any further compartment.
			e := newEngine(t, interaction.Config{
				Store: b.open(t), Guards: []interaction.Guard{membership.NewGuard(definition.R4())},
				Compartments: []interaction.Compartment{membership.Compartment()},
			})
			for i, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
					text := must[[]byte](t)(os.ReadFile(file))
					// One store serves all scripts: ids and identifiers with % differ.
					text = []byte(strings.ReplaceAll(string(text), "%", strconv.Itoa(i)))
					runScript(t, e, parseScript(string(text)))
				})
			}
		})
	}
}

var encoded = regexp.MustCompile(`base64\((.*?)\)base64`)

func encode(text string) string {
	return base64.StdEncoding.EncodeToString([]byte(encoded.FindStringSubmatch(text)[1]))
}

// section is a file of a txtar archive.
type section struct{ name, data string }

var sectionName = regexp.MustCompile(`(?m)^-- (.+) --\n`)

// parseScript reads the txtar format.
func parseScript(text string) []section {
	var sections []section
	marks := sectionName.FindAllStringSubmatchIndex(text, -1)
	for i, m := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		sections = append(sections, section{text[m[2]:m[3]], text[m[1]:end]})
	}
	return sections
}

func runScript(t *testing.T, e *interaction.Session, script []section) {
	vars := map[string]string{}
	for i := 0; i < len(script); i += 2 {
		if i+1 == len(script) {
			t.Fatalf("%s has no answer", script[i].name)
		}
		request, want := script[i], script[i+1]
		name := expand(request.name, vars)
		got, err := do(e, name, []byte(encoded.ReplaceAllStringFunc(expand(request.data, vars), encode)))
		var problem error
		switch want.name {
		case "answer":
			problem = compareAnswer([]byte(want.data), got, err, vars)
		case "error":
			problem = compareError(want.data, err)
		default:
			t.Fatalf("behind %s comes %q", name, want.name)
		}
		if problem != nil {
			t.Fatalf("%s: got %v, want no problem", name, problem)
		}
	}
}

// do sends one request.
func do(e *interaction.Session, name string, body []byte) ([]byte, error) {
	ctx := context.Background()
	verb, rest, _ := strings.Cut(name, " ")
	path, option, _ := strings.Cut(rest, " ")
	path, query, _ := strings.Cut(path, "?")
	var key fhir.Key
	key.Type, key.ID, _ = strings.Cut(path, "/")
	ifMatch, _ := strconv.ParseInt(strings.TrimPrefix(option, "ifMatch="), 10, 64)
	switch {
	case verb == "POST" && path == "/":
		r := interaction.BundleRequest{Body: body, Base: base, Elsewhere: called{e}}
		if option == "representation" {
			r.Return = interaction.ReturnRepresentation
		}
		return e.Bundle(ctx, r)
	case verb == "POST":
		return answerOf(e.Create(ctx, interaction.CreateRequest{
			Type: path, Body: body, IfNoneExist: strings.TrimPrefix(option, "ifNoneExist="),
		}))
	case verb == "PATCH":
		return answerOf(e.Patch(ctx, interaction.PatchRequest{
			Key: key, Body: body, Criteria: query, IfMatch: ifMatch, Format: formatOf(string(body)),
		}))
	case verb == "PUT" && query != "":
		return answerOf(e.Update(ctx, interaction.UpdateRequest{Key: key, Body: body, Criteria: query, IfMatch: ifMatch}))
	case verb == "DELETE" && query != "":
		return answerOf(e.Delete(ctx, interaction.DeleteRequest{Key: key, Criteria: query, IfMatch: ifMatch}))
	case verb == "PUT":
		return answerOf(e.Update(ctx, interaction.UpdateRequest{Key: key, Body: body, IfMatch: ifMatch}))
	case verb == "DELETE":
		return answerOf(e.Delete(ctx, interaction.DeleteRequest{Key: key, IfMatch: ifMatch}))
	}
	if before, id, ok := strings.Cut(path, "/_history"); ok || path == "_history" {
		if path == "_history" {
			before, id = "", ""
		}
		return history(e, before, id, query)
	}
	pairs, _ := search.Split(query)
	switch of, ok := strings.CutSuffix(path, "/$everything"); {
	case ok:
		key, _ := fhir.ParseKey(of)
		return e.Everything(ctx, interaction.EverythingRequest{Key: key, Base: base, Parameters: pairs})
	case path == "Observation/$lastn":
		return e.LastN(ctx, interaction.LastNRequest{Base: base, Parameters: pairs})
	}
	if r, ok := searchOf(path, query); ok {
		r.Lenient = option == "lenient"
		return e.Search(ctx, r)
	}
	return read(e, key, query)
}

// formatOf tells patches apart by what they begin with.
func formatOf(patch string) interaction.PatchFormat {
	switch {
	case strings.HasPrefix(patch, "["):
		return interaction.JSONPatch
	case strings.Contains(patch, "Parameters"):
		return interaction.FHIRPathPatch
	}
	return interaction.MergePatch
}

// searchOf reads a URL as a search; ok is false for that of a resource.
func searchOf(path, query string) (r interaction.SearchRequest, ok bool) {
	r = interaction.SearchRequest{Base: base}
	r.Parameters, _ = search.Split(query)
	parts := strings.Split(path, "/")
	switch len(parts) {
	case 1:
		r.Type = parts[0]
	case 3:
		r.Compartment, r.Type = fhir.Key{Type: parts[0], ID: parts[1]}, strings.TrimPrefix(parts[2], "*")
	}
	return r, len(parts) != 2
}

func read(e *interaction.Session, key fhir.Key, query string) ([]byte, error) {
	pairs, err := search.Split(query)
	if err != nil {
		return nil, err
	}
	subset, err := e.ParseSubset(pairs, key.Type)
	if err != nil {
		return nil, err
	}
	v, err := e.Read(context.Background(), key)
	return e.Subset(v, subset).JSON, err
}

func history(e *interaction.Session, of, id, query string) ([]byte, error) {
	ctx := context.Background()
	key, instance := fhir.ParseKey(of)
	if !instance {
		key.Type = of
	}
	if id != "" {
		v, err := e.VRead(ctx, key, strings.TrimPrefix(id, "/"))
		return v.JSON, err
	}
	values, _ := url.ParseQuery(query)
	shown, _, _ := strings.Cut(query, "&"+interaction.CursorParameter)
	r := interaction.HistoryRequest{
		Type: key.Type, ID: key.ID, Base: base, Count: interaction.NoCount,
		List: values.Get("_list"), Cursor: values.Get(interaction.CursorParameter), Query: shown,
	}
	if n, err := strconv.Atoi(values.Get("_count")); err == nil {
		r.Count = n
	}
	return e.History(ctx, r)
}

// answerOf shows a Result as JSON.
func answerOf(r interaction.Result, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	view := map[string]any{
		"key": r.Version.Key.String(), "version": r.Version.VersionID, "method": r.Version.Method,
		"created": r.Created, "matched": r.Matched,
	}
	if r.Version.JSON != nil {
		view["resource"] = json.RawMessage(r.Version.JSON)
	}
	for _, is := range r.Issues {
		view["issue"] = fmt.Sprintf("%s %s %s", is.Severity, is.Code, is.Expression)
	}
	return json.Marshal(view)
}

var kindNames = map[string]fhir.Kind{
	"structure": fhir.Structure, "invalid": fhir.Invalid, "unprocessable": fhir.Unprocessable,
	"not-found": fhir.NotFound, "gone": fhir.Gone, "version-conflict": fhir.VersionConflict,
	"multiple-matches": fhir.MultipleMatches, "duplicate": fhir.Duplicate, "too-costly": fhir.TooCostly, "too-large": fhir.TooLarge, "forbidden": fhir.Forbidden,
}

func compareError(want string, err error) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		return fmt.Errorf("error %v", err)
	}
	lines := strings.Split(strings.TrimSpace(want), "\n")
	if kind, ok := kindNames[lines[0]]; !ok || kind != fe.Kind {
		return fmt.Errorf("kind %d: %v", fe.Kind, err)
	}
	if len(lines)-1 != len(fe.Issues) {
		return fmt.Errorf("%d issues: %v", len(fe.Issues), err)
	}
	for i, line := range lines[1:] {
		part := append(strings.SplitN(line, " ", 3), "", "")
		is := fe.Issues[i]
		if part[1] == "-" {
			part[1] = ""
		}
		if is.Code != part[0] || is.Expression != part[1] || !strings.Contains(is.Text, part[2]) {
			return fmt.Errorf("issue %q at %q: %s; want %s", is.Code, is.Expression, is.Text, line)
		}
	}
	return nil
}

func compareAnswer(want, got []byte, err error, vars map[string]string) error {
	if err != nil {
		return err
	}
	if len(strings.TrimSpace(string(want))) == 0 {
		return nil
	}
	var w, g any
	if err := json.Unmarshal(want, &w); err != nil {
		return fmt.Errorf("the script's answer: %w", err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return fmt.Errorf("the answer %s: %w", got, err)
	}
	if err := compare("", w, g, vars); err != nil {
		return fmt.Errorf("%w in %s", err, got)
	}
	return nil
}

func compare(path string, want, got any, vars map[string]string) error {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is %v", path, got)
		}
		names := make([]string, 0, len(w))
		for name := range w {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if err := compare(path+"."+name, w[name], g[name], vars); err != nil {
				return err
			}
		}
	case []any:
		g, _ := got.([]any)
		if len(g) != len(w) {
			return fmt.Errorf("%s has %d members, want %d", path, len(g), len(w))
		}
		for i := range w {
			if err := compare(fmt.Sprintf("%s[%d]", path, i), w[i], g[i], vars); err != nil {
				return err
			}
		}
	case string:
		g, _ := got.(string)
		if !bind(w, g, vars) {
			return fmt.Errorf("%s is %q, want %q", path, g, expand(w, vars))
		}
	default:
		if want != got {
			return fmt.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	return nil
}

var variable = regexp.MustCompile(`\$[a-z]+`)

func expand(s string, vars map[string]string) string {
	return variable.ReplaceAllStringFunc(s, func(name string) string {
		if v, ok := vars[name]; ok {
			return v
		}
		return name
	})
}

// bind matches got with want and gives values to variables that have none.
func bind(want, got string, vars map[string]string) bool {
	want = expand(want, vars)
	names := variable.FindAllString(want, -1)
	pattern := "^"
	for i, part := range variable.Split(want, -1) {
		if i > 0 {
			pattern += `([A-Za-z0-9.:/_?=&%$-]+?)`
		}
		pattern += regexp.QuoteMeta(part)
	}
	m := regexp.MustCompile(pattern + "$").FindStringSubmatch(got)
	if m == nil {
		return false
	}
	for i, name := range names {
		vars[name] = m[i+1]
	}
	return true
}
