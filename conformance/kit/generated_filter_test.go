package kit_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// filter is a generated _filter (https://hl7.org/fhir/R4/search_filter.html):
// what is asked, and what the model says of it.
type filter struct {
	text  string
	holds func(key string) bool
}

func (w *generatedWorld) drawFilter(t *rapid.T, typ string, depth int) filter {
	kind := rapid.IntRange(0, 6).Draw(t, "filter")
	if depth == 0 {
		kind = 6
	}
	switch kind {
	case 0:
		inner := w.drawFilter(t, typ, depth-1)
		return filter{"not (" + inner.text + ")", func(key string) bool { return !inner.holds(key) }}
	case 1, 2:
		a, b := w.drawFilter(t, typ, depth-1), w.drawFilter(t, typ, depth-1)
		return filter{"(" + a.text + ") or (" + b.text + ")", func(key string) bool { return a.holds(key) || b.holds(key) }}
	case 3, 4:
		a, b := w.drawFilter(t, typ, depth-1), w.drawFilter(t, typ, depth-1)
		return filter{"(" + a.text + ") and (" + b.text + ")", func(key string) bool { return a.holds(key) && b.holds(key) }}
	}
	return w.drawComparison(t, typ)
}

// drawComparison makes one comparison. What it can't say is asked for by pr.
func (w *generatedWorld) drawComparison(t *rapid.T, typ string) filter {
	d := w.parameter(typ, sample(t, generatedParameters[typ]...))
	op, value := "pr", sample(t, "true", "false")
	modifier, asked := "missing", map[string]string{"true": "false", "false": "true"}[value]
	switch {
	case rapid.IntRange(0, 4).Draw(t, "present") == 0:
	case d.Type == "token":
		op, value = "eq", w.drawValue(t, typ, d, "")
		modifier, asked = "", value
	case d.Type == "reference":
		op, value = "re", w.drawValue(t, typ, d, "")
		modifier, asked = "", value
	case d.Type == "date" || d.Type == "quantity":
		text := w.drawValue(t, typ, d, "")
		op = "eq"
		if text[0] >= 'a' {
			op, text = text[:2], text[2:]
		}
		value, modifier, asked = text, "", op+text
	}
	return filter{fmt.Sprintf("%s %s %s", d.Code, op, filterValue(value)), func(key string) bool {
		holds, err := w.model.Holds(w.tree(key), d, modifier, asked)
		if err != nil {
			t.Fatal(err)
		}
		return holds
	}}
}

// filterValue puts a value in quotes where it must stand in some.
func filterValue(value string) string {
	if slices.Contains([]string{"true", "false"}, value) || strings.Trim(value, "0123456789-.:TZ+") == "" {
		return value
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}
