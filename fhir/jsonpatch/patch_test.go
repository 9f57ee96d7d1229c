package jsonpatch_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"caseway/fhir/jsonpatch"
)

// TestApply follows the examples of RFC 6902, appendix A, and their like.
func TestApply(t *testing.T) {
	for _, row := range []struct{ name, doc, patch, want, pointer string }{
		{"a member", `{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux"}]`, `{"baz":"qux","foo":"bar"}`, ""},
		{"an element", `{"foo":["bar","baz"]}`, `[{"op":"add","path":"/foo/1","value":"qux"}]`, `{"foo":["bar","qux","baz"]}`, ""},
		{"the end", `{"foo":["bar"]}`, `[{"op":"add","path":"/foo/-","value":["abc"]}]`, `{"foo":["bar",["abc"]]}`, ""},
		{"over what is there", `{"a":1}`, `[{"op":"add","path":"/a","value":2}]`, `{"a":2}`, ""},
		{"the whole", `{"a":1}`, `[{"op":"add","path":"","value":[]}]`, `[]`, ""},
		{"null", `{"a":1}`, `[{"op":"add","path":"/a","value":null}]`, `{"a":null}`, ""},
		{"a member gone", `{"baz":"qux","foo":"bar"}`, `[{"op":"remove","path":"/baz"}]`, `{"foo":"bar"}`, ""},
		{"an element gone", `{"foo":["bar","qux","baz"]}`, `[{"op":"remove","path":"/foo/1"}]`, `{"foo":["bar","baz"]}`, ""},
		{"replaced", `{"baz":"qux"}`, `[{"op":"replace","path":"/baz","value":"boo"}]`, `{"baz":"boo"}`, ""},
		{"moved", `{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}`, `[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]`, `{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}`, ""},
		{"moved in an array", `{"foo":["all","grass","cows","eat"]}`, `[{"op":"move","from":"/foo/1","path":"/foo/3"}]`, `{"foo":["all","cows","eat","grass"]}`, ""},
		{"copied apart", `{"a":{"x":[1]}}`, `[{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/b/x/-","value":2}]`, `{"a":{"x":[1]},"b":{"x":[1,2]}}`, ""},
		{"tested", `{"baz":"qux","foo":["a",2,"c"]}`, `[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2.0}]`, `{"baz":"qux","foo":["a",2,"c"]}`, ""},
		{"an escape", `{"/":9,"~1":10}`, `[{"op":"test","path":"/~01","value":10},{"op":"remove","path":"/~1"}]`, `{"~1":10}`, ""},
		{"members ignored", `{"foo":"bar"}`, `[{"op":"add","path":"/baz","value":"qux","xyz":123}]`, `{"baz":"qux","foo":"bar"}`, ""},
		{"digits kept", `{"a":1.10}`, `[{"op":"add","path":"/b","value":2.50}]`, `{"a":1.10,"b":2.50}`, ""},
		{"nothing", `{"a":1}`, `[]`, `{"a":1}`, ""},

		{"a test that fails", `{"baz":"qux"}`, `[{"op":"test","path":"/baz","value":"bar"}]`, "", "/0"},
		{"a test of another number", `{"a":2}`, `[{"op":"test","path":"/a","value":3}]`, "", "/0"},
		{"a test of a number of 40 digits", `{"a":1.` + zeros(37) + `0}`, `[{"op":"test","path":"/a","value":1.` + zeros(38) + `}]`, `{"a":1.` + zeros(38) + `}`, ""},
		{"a longer number isn't compared by value", `{"a":1.` + zeros(39) + `}`, `[{"op":"test","path":"/a","value":1}]`, "", "/0"},
		{"nor with a longer one", `{"a":1}`, `[{"op":"test","path":"/a","value":1.` + zeros(39) + `}]`, "", "/0"},
		{"the second fails", `{"baz":"qux"}`, `[{"op":"remove","path":"/baz"},{"op":"remove","path":"/baz"}]`, "", "/1"},
		{"no parent", `{"foo":"bar"}`, `[{"op":"add","path":"/baz/bat","value":"qux"}]`, "", "/0"},
		{"below a string", `{"foo":"bar"}`, `[{"op":"add","path":"/foo/bat","value":"qux"}]`, "", "/0"},
		{"beyond the end", `{"a":[]}`, `[{"op":"add","path":"/a/1","value":1}]`, "", "/0"},
		{"a leading zero", `{"a":[1,2]}`, `[{"op":"remove","path":"/a/01"}]`, "", "/0"},
		{"a sign", `{"a":[1,2]}`, `[{"op":"remove","path":"/a/-1"}]`, "", "/0"},
		{"the end isn't there", `{"a":[1,2]}`, `[{"op":"remove","path":"/a/-"}]`, "", "/0"},
		{"a huge index", `{"a":[1,2]}`, `[{"op":"add","path":"/a/99999999999999999999","value":1}]`, "", "/0"},
		{"into itself", `{"a":{"b":{}}}`, `[{"op":"move","from":"/a","path":"/a/b"}]`, "", "/0"},
		{"all gone", `{}`, `[{"op":"remove","path":""}]`, "", "/0"},
		{"replaced though absent", `{}`, `[{"op":"replace","path":"/a","value":1}]`, "", "/0"},
		{"no op", `{}`, `[{"path":"/a"}]`, "", "/0/op"},
		{"an unheard-of op", `{}`, `[{"op":"spam","path":"/a"}]`, "", "/0/op"},
		{"no path", `{}`, `[{"op":"add","value":1}]`, "", "/0/path"},
		{"a path without a slash", `{}`, `[{"op":"add","path":"a","value":1}]`, "", "/0/path"},
		{"a bad escape", `{}`, `[{"op":"add","path":"/~2","value":1}]`, "", "/0/path"},
		{"no value", `{}`, `[{"op":"add","path":"/a"}]`, "", "/0/value"},
		{"no from", `{}`, `[{"op":"copy","path":"/a"}]`, "", "/0/from"},
		{"not an array", `{}`, `{"op":"add","path":"/a","value":1}`, "", ""},
		{"not objects", `{}`, `[1]`, "", "/0"},
		{"not JSON", `{}`, `[`, "", ""},
		{"op twice", `{}`, `[{"op":"add","path":"/a","value":1,"op":"remove"}]`, "", ""},
		{"not UTF-8", `{}`, "[{\"op\":\"add\",\"path\":\"/a\",\"value\":\"\xff\"}]", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := jsonpatch.Apply([]byte(row.doc), []byte(row.patch), jsonpatch.Options{})
			if row.want != "" {
				if err != nil || string(got) != row.want {
					t.Errorf("got %s, %v, want %s", got, err, row.want)
				}
				return
			}
			e := (*jsonpatch.Error)(nil)
			if !errors.As(err, &e) || e.Pointer() != row.pointer || e.Text == "" {
				t.Errorf("got %s, %v, want an error at %q", got, err, row.pointer)
			}
		})
	}
}

// TestAbsent: what is left out because it is empty can be added to.
func TestAbsent(t *testing.T) {
	absent := func(path []string) any {
		switch strings.Join(path, "/") {
		case "goals":
			return []any{}
		case "closure":
			return map[string]any{}
		}
		return nil
	}
	patch := `[{"op":"add","path":"/goals/-","value":1},{"op":"add","path":"/closure/summary","value":"x"}]`
	want := `{"closure":{"summary":"x"},"goals":[1]}`
	if got, err := jsonpatch.Apply([]byte(`{}`), []byte(patch), jsonpatch.Options{Absent: absent}); err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if got, err := jsonpatch.Apply([]byte(`{}`), []byte(`[{"op":"add","path":"/other/-","value":1}]`), jsonpatch.Options{Absent: absent}); err == nil {
		t.Errorf("got %s, want an error", got)
	}
}

func zeros(n int) string { return strings.Repeat("0", n) }

// TestBounds: a patch copies 100,000 values at most, and has 1,000 operations at
// most.
func TestBounds(t *testing.T) {
	// The array and its 9,999 elements are 10,000 values.
	array := "[" + strings.Repeat("1,", 9998) + "1]"
	object := `{"x":{"y":` + array[:len(array)-2] + "1]}}"
	copies := func(n int, from string) string {
		return strings.Repeat(`{"op":"copy","from":"`+from+`","path":"/b"},`, n) + `{"op":"remove","path":"/b"}`
	}
	double := `{"op":"copy","from":"","path":"/a"},{"op":"copy","from":"","path":"/b"},`
	add := `{"op":"add","path":"/a","value":1}`
	for _, row := range []struct{ name, doc, operations, want string }{
		{"arrays copied to the bound", `{"a":` + array + `}`, copies(10, "/a"), ""},
		{"one value more", `{"a":` + array + `,"c":1}`, `{"op":"copy","from":"/c","path":"/d"},` + copies(10, "/a"), "copies too much"},
		{"objects copied", `{"a":` + object + `}`, copies(10, "/a"), "copies too much"},
		{"doubled many times", `{}`, strings.Repeat(double, 40) + `{"op":"remove","path":"/a"}`, "copies too much"},
		{"as many operations as may be", `{}`, strings.Repeat(add+",", jsonpatch.MaxOperations-1) + add, ""},
		{"one operation more", `{}`, strings.Repeat(add+",", jsonpatch.MaxOperations) + add, "the patch has more than 1000 operations"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := jsonpatch.Apply([]byte(row.doc), []byte("["+row.operations+"]"), jsonpatch.Options{})
			if row.want == "" {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %d bytes, %v, want an error with %q", len(got), err, row.want)
			}
		})
	}
}

// TestMerge follows the table of RFC 7396, appendix A.
func TestMerge(t *testing.T) {
	for _, row := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		t.Run(row[0]+" with "+row[1], func(t *testing.T) {
			if got, err := jsonpatch.Merge([]byte(row[0]), []byte(row[1])); err != nil || string(got) != row[2] {
				t.Errorf("got %s, %v, want %s", got, err, row[2])
			}
		})
	}
	for _, bad := range []string{``, `{`, `{"a":1,"a":2}`, `{} {}`, "\"\xff\""} {
		t.Run(bad, func(t *testing.T) {
			e := (*jsonpatch.Error)(nil)
			if got, err := jsonpatch.Merge([]byte(`{}`), []byte(bad)); !errors.As(err, &e) || e.Pointer() != "" {
				t.Errorf("a patch %q: got %s, %v, want it refused as a whole", bad, got, err)
			}
			if got, err := jsonpatch.Merge([]byte(bad), []byte(`{}`)); !errors.As(err, &e) {
				t.Errorf("a document %q: got %s, %v, want it refused", bad, got, err)
			}
		})
	}
}

// FuzzApply: whatever comes, the outcome is JSON or a refusal.
func FuzzApply(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `[{"op":"move","from":"/a/0","path":"/a/1/b"},{"op":"copy","from":"/a","path":"/c"}]`)
	f.Add(`[]`, `[{"op":"add","path":"/-","value":{}},{"op":"replace","path":"/0","value":[]}]`)
	f.Fuzz(func(t *testing.T, doc, patch string) {
		got, err := jsonpatch.Apply([]byte(doc), []byte(patch), jsonpatch.Options{Absent: func([]string) any { return map[string]any{} }, Prune: len(patch)%2 == 0})
		if err == nil && !json.Valid(got) {
			t.Errorf("%q with %q: got %q, want JSON", doc, patch, got)
		}
	})
}

// TestPrune: what operations leave empty goes too, what a patch brings in empty
// doesn't.
func TestPrune(t *testing.T) {
	for _, row := range []struct{ name, doc, patch, want string }{
		{"a list", `{"a":[1],"b":2}`, `[{"op":"remove","path":"/a/0"}]`, `{"b":2}`},
		{"what held it", `{"a":[{"b":{"c":1}},2]}`, `[{"op":"remove","path":"/a/0/b/c"}]`, `{"a":[2]}`},
		{"filled again", `{"a":[1]}`, `[{"op":"remove","path":"/a/0"},{"op":"add","path":"/a/-","value":2}]`, `{"a":[2]}`},
		{"brought in", `{"a":1}`, `[{"op":"add","path":"/b","value":{"c":[]}}]`, `{"a":1,"b":{"c":[]}}`},
		{"an object", `{"a":{"b":1},"c":2}`, `[{"op":"remove","path":"/a/b"}]`, `{"c":2}`},
		{"no object that holds something", `{"a":{"b":{"c":1,"d":2}}}`, `[{"op":"remove","path":"/a/b/d"}]`, `{"a":{"b":{"c":1}}}`},
		{"beside what is brought in", `{"a":[1]}`, `[{"op":"remove","path":"/a/0"},{"op":"add","path":"/b","value":{"c":1}}]`, `{"b":{"c":1}}`},
		{"an empty object brought in", `{"a":1}`, `[{"op":"add","path":"/b","value":{"c":{}}}]`, `{"a":1,"b":{"c":{}}}`},
		{"null stays", `{"a":[null,1]}`, `[{"op":"remove","path":"/a/1"}]`, `{"a":[null]}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := jsonpatch.Apply([]byte(row.doc), []byte(row.patch), jsonpatch.Options{Prune: true})
			if err != nil || string(got) != row.want {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
		})
	}
}

// TestErrorText: an error says which operation it was and where it led, but
// doesn't repeat a long path.
func TestErrorText(t *testing.T) {
	long := "/a/" + strings.Repeat("b", 197) // 200 bytes
	replace := func(path string) string { return `[{"op":"replace","path":"` + path + `","value":1}]` }
	for _, row := range []struct{ name, patch, want string }{
		{"a short path", replace("/a/0"), `operation 0 of the patch (replace "/a/0") leads to nothing`},
		{"the longest path", replace(long), `operation 0 of the patch (replace "` + long + `") leads to nothing`},
		{"a longer path", replace(long + "b"), `operation 0 of the patch leads to nothing`},
		{"into itself", `[{"op":"move","from":"/x","path":"/x/y"}]`, `operation 0 of the patch (move "/x/y") can't move a value into itself`},
		{"no operation", `[{"op":"remove","path":"/x"},{}]`, `operation 1 of the patch must have op: add, remove, replace, move, copy or test`},
		{"no array", `{}`, "the patch must be an array of operations"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := jsonpatch.Apply([]byte(`{"x":{}}`), []byte(row.patch), jsonpatch.Options{})
			if err == nil || err.Error() != row.want {
				t.Errorf("got %s, %v, want %s", got, err, row.want)
			}
		})
	}
}
