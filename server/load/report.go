package load

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"caseway/fhir"
)

// Report counts what became of the items. Safe for concurrent use.
type Report struct {
	mu       sync.Mutex
	started  time.Time
	total    int64 // bytes of all files
	read     int64 // bytes of the items that were sent
	stored   int
	already  int
	refused  int
	waiting  int
	problems map[problem]*occurrences
}

// problem is one reason for refusals.
type problem struct{ status, code, expression, text string }

// occurrences is where a problem was met.
type occurrences struct {
	count int
	first string // the place of the first by name
}

func newReport(files []file) *Report {
	r := &Report{started: now(), problems: map[problem]*occurrences{}}
	for _, f := range files {
		r.total += f.size
	}
	return r
}

// Stored is how many resources were stored.
func (r *Report) Stored() int { return r.count(&r.stored) }

// Already is how many resources an earlier run had stored.
func (r *Report) Already() int { return r.count(&r.already) }

// Refused is how many items, entries of batches and files were refused.
func (r *Report) Refused() int { return r.count(&r.refused) }

func (r *Report) count(n *int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return *n
}

func (r *Report) done(item Item, a Answer) {
	r.mu.Lock()
	r.read += int64(item.Bytes)
	r.stored += a.Stored
	r.already += item.Resources - a.Stored - leftOut(item, a.Refusals)
	r.mu.Unlock()
	r.refuse(item, a.Refusals)
}

// leftOut is how many resources refusals leave out: those of entries one each.
func leftOut(item Item, refusals []Refusal) (n int) {
	var brings []bool
	if item.Batch && len(refusals) > 0 {
		brings = item.brings()
	}
	for _, ref := range refusals {
		if ref.Entry < 0 {
			return item.Resources
		}
		if ref.Entry >= len(brings) || brings[ref.Entry] {
			n++
		}
	}
	return n
}

func (r *Report) wait(item Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read += int64(item.Bytes)
	r.waiting++
}

// again takes one item out of those that wait.
func (r *Report) again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting--
}

func (r *Report) unreadable(f file, err error) {
	r.refuse(Item{File: f.path, Place: 1}, []Refusal{{Entry: -1, Issues: []fhir.Issue{{
		Code: "unreadable", Text: strings.TrimPrefix(err.Error(), f.path+": "),
	}}}})
}

func (r *Report) refuse(item Item, refusals []Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ref := range refusals {
		r.refused++
		where := item.name()
		if ref.Entry >= 0 {
			where = fmt.Sprintf("%s entry %d", where, ref.Entry)
		}
		for _, is := range ref.Issues {
			if is.Severity == fhir.SeverityWarning || is.Severity == fhir.SeverityInformation {
				continue
			}
			r.note(problem{ref.Status, is.Code, withoutIndexes(is.Expression), is.Text}, where)
		}
	}
}

func (r *Report) note(p problem, where string) {
	o := r.problems[p]
	if o == nil {
		o = &occurrences{first: where}
		r.problems[p] = o
	}
	o.count++
	o.first = min(o.first, where)
}

// withoutIndexes makes the same problem at other places of a list one row.
func withoutIndexes(expression string) string {
	var b strings.Builder
	inside := false
	for _, c := range expression {
		if c == '[' {
			inside = true
		}
		if !inside {
			b.WriteRune(c)
		}
		if c == ']' {
			inside = false
		}
	}
	return b.String()
}

// Write prints what was stored, and a table of what was refused and why, the
// most frequent reason first.
func (r *Report) Write(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	took := now().Sub(r.started)
	rate := float64(r.stored) / max(took.Seconds(), 0.001)
	fmt.Fprintf(w, "stored %d resources in %s (%.0f/s)", r.stored, took.Round(10*time.Millisecond), rate)
	if r.already > 0 {
		fmt.Fprintf(w, ", %d were there from an earlier run (--again stores them once more)", r.already)
	}
	fmt.Fprintf(w, ", refused %d\n", r.refused)
	if len(r.problems) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "COUNT\tSTATUS\tCODE\tEXPRESSION\tWHY\tFIRST IN")
	for _, p := range r.ordered() {
		o := r.problems[p]
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", o.count, orDash(p.status), orDash(p.code), orDash(p.expression), p.text, o.first)
	}
	return t.Flush()
}

func (r *Report) ordered() []problem {
	return slices.SortedFunc(maps.Keys(r.problems), func(a, b problem) int {
		return cmp.Or(
			cmp.Compare(r.problems[b].count, r.problems[a].count),
			cmp.Compare(a.expression, b.expression),
			cmp.Compare(a.text, b.text),
			cmp.Compare(a.status, b.status),
		)
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
