package kit_test

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// A plain matcher of US Core's search parameters, on JSON as it is decoded
// into maps, by the paths that the requirements give. It shares no code with
// the server.

// parameterRequirement is what US Core says of one search parameter of a type.
type parameterRequirement struct {
	FullPaths   []string          `json:"full_paths"`
	Type        string            `json:"type"`
	Comparators map[string]string `json:"comparators"`
}

func (p parameterRequirement) isDate() bool {
	return strings.Contains("date dateTime instant Period", p.Type)
}

func (p parameterRequirement) isToken() bool {
	return strings.Contains("CodeableConcept Coding code Identifier", p.Type)
}

var whereURL = regexp.MustCompile(`^extension\.where\(url='([^']*)'\)\.(\w+)$`)

// elements are what the parameter's paths lead to.
func (p parameterRequirement) elements(resource map[string]any) (all []any) {
	for _, path := range p.FullPaths {
		_, path, _ = strings.Cut(path, ".")
		if m := whereURL.FindStringSubmatch(path); m != nil {
			for _, e := range walk(resource, "extension") {
				if x, _ := e.(map[string]any); x["url"] == m[1] && x[m[2]] != nil {
					all = append(all, x[m[2]])
				}
			}
			continue
		}
		all = append(all, walk(resource, path)...)
	}
	return all
}

// walk follows a path of names through objects and lists. A choice is found by
// its name without the type.
func walk(v any, path string) []any {
	if list, is := v.([]any); is {
		var all []any
		for _, one := range list {
			all = append(all, walk(one, path)...)
		}
		return all
	}
	if path == "" {
		return []any{v}
	}
	object, is := v.(map[string]any)
	if !is {
		return nil
	}
	name, rest, _ := strings.Cut(path, ".")
	if child, there := object[name]; there {
		return walk(child, rest)
	}
	for key, child := range object {
		if suffix, found := strings.CutPrefix(key, name); found && suffix[0] >= 'A' && suffix[0] <= 'Z' && choices[suffix] {
			return walk(child, rest)
		}
	}
	return nil
}

var choices = map[string]bool{"DateTime": true, "Period": true, "Instant": true, "Date": true}

// matches reports whether any element satisfies any of the values that commas
// separate. Values are as they stand in a search, escapes left alone.
func (p parameterRequirement) matches(resource map[string]any, value string) bool {
	for _, one := range strings.Split(value, ",") {
		for _, e := range p.elements(resource) {
			if p.matchesOne(e, one) {
				return true
			}
		}
	}
	return false
}

func (p parameterRequirement) matchesOne(e any, value string) bool {
	switch {
	case p.isDate():
		have, known := spanOf(e)
		return known && have.satisfies(value)
	case p.isToken():
		return anyOf(tokensOf(e), func(t [2]string) bool {
			system, code, both := strings.Cut(value, "|")
			return !both && t[1] == value || both && t[0] == system && t[1] == code
		})
	case p.Type == "Reference":
		ref, _ := textOf(e, "reference")
		return ref == value || strings.HasSuffix(ref, "/"+value)
	case p.Type == "string", p.Type == "HumanName", p.Type == "Address":
		return anyOf(stringsOf(e), func(s string) bool {
			return strings.HasPrefix(folded(s), folded(value))
		})
	}
	return fmt.Sprint(e) == value
}

// folded leaves out case and punctuation, as strings are searched.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func anyOf[T any](list []T, is func(T) bool) bool {
	for _, one := range list {
		if is(one) {
			return true
		}
	}
	return false
}

func textOf(v any, name string) (string, bool) {
	object, _ := v.(map[string]any)
	text, is := object[name].(string)
	return text, is
}

// tokensOf are the systems and codes of an element. A bare code has no system
// here: which one it is of, the definitions say.
func tokensOf(v any) (tokens [][2]string) {
	if code, is := v.(string); is {
		return [][2]string{{"", code}}
	}
	object, _ := v.(map[string]any)
	if codings, is := object["coding"].([]any); is {
		for _, c := range codings {
			tokens = append(tokens, tokensOf(c)...)
		}
		return tokens
	}
	system, _ := textOf(v, "system")
	for _, name := range []string{"code", "value"} {
		if code, is := textOf(v, name); is {
			tokens = append(tokens, [2]string{system, code})
		}
	}
	return tokens
}

// stringsOf are the texts of a name or an address, or the string itself.
func stringsOf(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			all = append(all, stringsOf(one)...)
		}
	case map[string]any:
		for name, part := range v {
			if name != "use" && name != "period" && name != "extension" && name != "type" {
				all = append(all, stringsOf(part)...)
			}
		}
	}
	return all
}

// spanned is a range of time, its end excluded; the zero time is an open end.
type spanned struct{ from, to time.Time }

var layouts = []struct {
	layout string
	end    func(time.Time) time.Time
}{
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{time.RFC3339, nil},
}

func parseSpan(text string) (spanned, bool) {
	for _, l := range layouts {
		t, err := time.Parse(l.layout, text)
		switch {
		case err != nil:
		case l.end != nil:
			return spanned{t, l.end(t)}, true
		default:
			return spanned{t, t.Add(lastPlace(text))}, true
		}
	}
	return spanned{}, false
}

// lastPlace is what the last digit of the seconds counts.
func lastPlace(text string) time.Duration {
	place := time.Second
	if _, fraction, has := strings.Cut(text, "."); has {
		for i := 0; i < len(fraction) && fraction[i] >= '0' && fraction[i] <= '9'; i++ {
			place /= 10
		}
	}
	return place
}

func spanOf(v any) (spanned, bool) {
	if text, is := v.(string); is {
		return parseSpan(text)
	}
	var s spanned
	start, hasStart := textOf(v, "start")
	end, hasEnd := textOf(v, "end")
	if from, ok := parseSpan(start); ok {
		s.from = from.from
	}
	if to, ok := parseSpan(end); ok {
		s.to = to.to
	}
	return s, hasStart || hasEnd
}

// satisfies compares by https://hl7.org/fhir/R4/search.html#prefix; ge and le take
// what overlaps, as docs/fhir/search.md says.
func (s spanned) satisfies(value string) bool {
	prefix := "eq"
	if value[0] >= 'a' {
		prefix, value = value[:2], value[2:]
	}
	want, ok := parseSpan(value)
	if !ok {
		panic("not a date: " + value)
	}
	before := func(t time.Time) bool { return s.from.IsZero() || s.from.Before(t) } // begins before
	after := func(t time.Time) bool { return s.to.IsZero() || s.to.After(t) }       // ends after
	inside := !before(want.from) && !after(want.to)
	switch prefix {
	case "eq":
		return inside
	case "ne":
		return !inside
	case "gt":
		return after(want.to)
	case "ge":
		return after(want.from)
	case "lt":
		return before(want.from)
	case "le":
		return before(want.to)
	case "sa":
		return !before(want.to)
	case "eb":
		return !after(want.from)
	}
	panic("prefix " + prefix)
}
