package load

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	type piece struct {
		Type, ID  string
		Batch     bool
		Resources int
	}
	cases := []struct {
		name, text string
		asIs       bool
		want       []piece
	}{
		{"with id", `{"resourceType":"Patient","id":"1"}`, false, []piece{{"Patient", "1", false, 1}}},
		{"without id", `{"resourceType":"Patient"}`, false, []piece{{"Patient", "", false, 1}}},
		{"unreadable", `{"resourceType":`, false, []piece{{"", "", false, 1}}},
		{"transaction", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{}},{"resource":{}}]}`, false, []piece{{"", "", false, 2}}},
		{"batch that deletes", `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{}},{"request":{"method":"DELETE"}}]}`, false, []piece{{"", "", true, 1}}},
		{
			"collection with what isn't a resource", `{"resourceType":"Bundle","type":"collection","entry":[
			{"fullUrl":"http://example.org"},{"resource":{"id":"1"}}]}`, false, []piece{{"", "1", false, 1}},
		},
		{"transaction as is", `{"resourceType":"Bundle","id":"b","type":"transaction","entry":[{},{}]}`, true, []piece{{"Bundle", "b", false, 1}}},
		{"document", `{"resourceType":"Bundle","type":"document","entry":[{}]}`, false, []piece{{"Bundle", "", false, 1}}},
		{
			"collection", `{"resourceType":"Bundle","type":"collection","entry":[
			{"resource":{"resourceType":"Patient","id":"1"}},{"resource":{"resourceType":"Goal"}}]}`, false,
			[]piece{{"Patient", "1", false, 1}, {"Goal", "", false, 1}},
		},
		{"linked collection", `{"resourceType":"Bundle","type":"collection","entry":[
			{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"1"}},
			{"resource":{"resourceType":"Goal","subject":{"reference":"urn:uuid:1"}}}]}`, false, []piece{{"", "", false, 2}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []piece
			for _, i := range split([]byte(c.text), c.asIs) {
				got = append(got, piece{i.Type, i.ID, i.Batch, i.Resources})
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLinkedCollectionBecomesTransaction(t *testing.T) {
	items := split([]byte(`{"resourceType":"Bundle","type":"collection","entry":[
		{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation","id":"1","valueQuantity":{"value":1.00}}},
		{"fullUrl":"urn:uuid:2","resource":{"resourceType":"Goal"}}]}`), false)
	want := `{"resourceType":"Bundle","type":"transaction","entry":[` +
		`{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation","id":"1","valueQuantity":{"value":1.00}},"request":{"method":"PUT","url":"Observation/1"}},` +
		`{"fullUrl":"urn:uuid:2","resource":{"resourceType":"Goal"},"request":{"method":"POST","url":"Goal"}}]}`
	if d := cmp.Diff(want, string(items[0].Body)); d != "" {
		t.Error(d)
	}
}

func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.json", `{"resourceType":"Patient","id":"a"}`)
	write("b.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"b1\"}\n\n{\"resourceType\":\"Patient\",\"id\":\"b2\"}")
	write("deep/c.json", `{"resourceType":"Patient","id":"c"}`)
	write("e.json", "\ufeff"+`{"resourceType":"Patient","id":"e"}`)
	write("notes.txt", "not loaded")
	z, err := os.Create(filepath.Join(dir, "d.ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	zw := gzip.NewWriter(z)
	_ = json.NewEncoder(zw).Encode(map[string]string{"resourceType": "Patient", "id": "d"})
	_, _ = zw.Close(), z.Close()

	files, err := find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	keys := map[string]bool{}
	for _, f := range files {
		err := f.read(false, func(i Item) bool {
			got = append(got, i.ID)
			keys[i.Key] = true
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"a", "b1", "b2", "d", "c", "e"}, got); d != "" {
		t.Error(d)
	}
	if len(keys) != 6 {
		t.Errorf("6 items have %d different keys", len(keys))
	}
}

func TestNothingToLoad(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "absent.json")} {
		t.Run(path, func(t *testing.T) {
			if _, err := find([]string{path}); err == nil {
				t.Errorf("find(%s) found something", path)
			}
		})
	}
}
