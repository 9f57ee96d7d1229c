package interaction_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
	"caseway/fhir/fhirtest"
	"caseway/fhir/interaction"
)

// synthea are patients as others export them: transactions with urn:uuid
// links and conditional references to what two batches create.
func synthea(t testing.TB) []string {
	dir := filepath.Join(fhirtest.SharedDir(t), "data", "synthea")
	patients := must[[]string](t)(filepath.Glob(filepath.Join(dir, "*-*-*-*-*.json")))
	if len(patients) < 20 {
		t.Fatalf("%d patients under %s", len(patients), dir)
	}
	return append([]string{filepath.Join(dir, "blaze-0-hospitals.json"), filepath.Join(dir, "blaze-0-practitioners.json")}, patients...)
}

// TestSyntheaComesBackAsSent loads patients and compares every resource with
// what was sent, but for what the server sets and the references.
func TestSyntheaComesBackAsSent(t *testing.T) {
	files := synthea(t)
	files = slices.Concat(files[:4], files[len(files)-2:])
	onEach(t, func(t *testing.T, e *interaction.Session) {
		for _, file := range files {
			body := must[[]byte](t)(os.ReadFile(file))
			answer := must[[]byte](t)(e.Bundle(context.Background(), interaction.BundleRequest{Body: body, Base: base}))
			compareStored(t, e, body, answer)
			again, err := e.Bundle(context.Background(), interaction.BundleRequest{Body: body, Base: base})
			if err != nil || bytes.Contains(body, []byte("ifNoneExist")) && !bytes.Contains(again, []byte(`"200 OK"`)) {
				t.Errorf("%s again: %v", filepath.Base(file), err)
			}
		}
	})
}

type sentBundle struct {
	Entry []struct {
		FullURL  string
		Resource json.RawMessage
		Response struct{ Status, Location string }
	}
}

var (
	reference = regexp.MustCompile(`"reference":"([^"]*)"`)
	ownKey    = regexp.MustCompile(`^[A-Z][A-Za-z]+/[0-9a-f-]{36}$`)
)

func compareStored(t *testing.T, e *interaction.Session, body, answer []byte) {
	t.Helper()
	var sent, got sentBundle
	if err := errorsOf(json.Unmarshal(body, &sent), json.Unmarshal(answer, &got)); err != nil {
		t.Fatal(err)
	}
	if len(sent.Entry) != len(got.Entry) || len(sent.Entry) == 0 {
		t.Fatalf("%d entries, %d answers", len(sent.Entry), len(got.Entry))
	}
	for i, en := range got.Entry {
		location := strings.Split(strings.TrimPrefix(en.Response.Location, base+"/"), "/")
		if !strings.HasPrefix(en.Response.Status, "20") || len(location) != 4 {
			t.Fatalf("entry %d: %s at %q", i, en.Response.Status, en.Response.Location)
		}
		v, err := e.Read(context.Background(), fhir.Key{Type: location[0], ID: location[1]})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reference.FindAllSubmatch(v.JSON, -1) {
			if s := string(m[1]); s[0] != '#' && !ownKey.MatchString(s) {
				t.Errorf("entry %d: a reference to %s", i, s)
			}
		}
		if diff := cmp.Diff(unlinked(t, sent.Entry[i].Resource), unlinked(t, v.JSON)); diff != "" {
			t.Fatalf("entry %d: %s", i, diff)
		}
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// unlinked is a resource without what may differ.
func unlinked(t *testing.T, text []byte) any {
	d := json.NewDecoder(bytes.NewReader(reference.ReplaceAll(compacted(t, text), []byte(`"reference":""`))))
	d.UseNumber()
	var r map[string]any
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	delete(r, "id")
	if meta, ok := r["meta"].(map[string]any); ok {
		delete(meta, "versionId")
		delete(meta, "lastUpdated")
		if len(meta) == 0 {
			delete(r, "meta")
		}
	}
	return r
}

func compacted(t *testing.T, text []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// BenchmarkLoadSynthea reports resources per second.
func BenchmarkLoadSynthea(b *testing.B) {
	var bodies [][]byte
	resources := 0
	for _, file := range synthea(b) {
		body := must[[]byte](b)(os.ReadFile(file))
		bodies = append(bodies, body)
		resources += bytes.Count(body, []byte(`"fullUrl"`))
	}
	for b.Loop() {
		e := newEngine(b, interaction.Config{})
		for _, body := range bodies {
			must[[]byte](b)(e.Bundle(context.Background(), interaction.BundleRequest{Body: body, Base: base}))
		}
	}
	b.ReportMetric(float64(resources*b.N)/b.Elapsed().Seconds(), "resources/s")
}
