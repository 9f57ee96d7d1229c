package search

import (
	"fmt"
	"strings"
	"time"

	"caseway/fhir"
)

// describe writes an expression so that a test can say what it expects.
func describe(e Expr) string {
	switch e := e.(type) {
	case And:
		return "all" + members(e)
	case Or:
		if e = withoutContainedTwins(e); len(e) == 1 {
			return describe(e[0])
		}
		return "any" + members(e)
	case Not:
		return "not(" + describe(e.Expr) + ")"
	case Leaf:
		return describeLeaf(e)
	case Keys:
		return fmt.Sprint([]fhir.Key(e))
	case Updated:
		return "updated[" + day(e.From) + "," + day(e.To) + ")"
	case Chain:
		return e.Param.prefix + "->" + e.Type + "(" + describe(e.Where) + ")"
	case Reverse:
		return e.Param.prefix + "<-" + e.Type + "(" + describe(e.Where) + ")"
	}
	return "?"
}

// withoutContainedTwins leaves out what each chain asks of contained resources,
// which is the same as it asks of others.
func withoutContainedTwins(members Or) Or {
	var rest Or
	for _, m := range members {
		c, is := m.(Contained)
		twin := is && len(rest) > 0 && describe(rest[len(rest)-1]) == describe(Chain(c))
		if !twin {
			rest = append(rest, m)
		}
	}
	return rest
}

func members(all []Expr) string {
	texts := make([]string, len(all))
	for i, m := range all {
		texts[i] = describe(m)
	}
	return "(" + strings.Join(texts, " ") + ")"
}

func describeLeaf(l Leaf) string {
	if len(l.Exact) > 0 {
		texts := make([]string, len(l.Exact))
		for i, t := range l.Exact {
			texts[i] = string(t)
		}
		return strings.Join(texts, "|")
	}
	text := strings.TrimSuffix(string(l.From), ":") + ".."
	if l.Test != nil {
		text += "?"
	}
	return text
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// describeRequest writes what differs from a search without parameters.
func describeRequest(r *Request) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	for _, e := range r.Where.(And) {
		add("%s", describe(e))
	}
	for _, s := range r.Sort {
		code := s.Field
		if s.Param != nil {
			code = s.Param.Code
		}
		add("sort=%s%s", map[bool]string{true: "-"}[s.Descending], code)
	}
	for _, i := range r.Includes {
		add("%s", describeInclude(i))
	}
	if r.Count != DefaultCount {
		add("count=%d", r.Count)
	}
	if r.Total != DefaultTotal {
		add("total=%d", r.Total)
	}
	if r.Summary != NoSummary {
		add("summary=%s", r.Summary)
	}
	if r.Elements != nil {
		add("elements=%s", strings.Join(r.Elements, "+"))
	}
	for _, i := range r.Ignored {
		add("ignored: %s", i)
	}
	return strings.Join(parts, " ")
}

func describeInclude(i Include) string {
	text := "include"
	if i.Reverse {
		text = "revinclude"
	}
	if i.Iterate {
		text += "*"
	}
	text += "=" + i.Source
	if i.Param != nil {
		text += ":" + i.Param.Code
	}
	if i.Target != "" {
		text += ":" + i.Target
	}
	return text
}
