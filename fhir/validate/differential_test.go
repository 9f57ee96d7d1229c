package validate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirtest"
	"caseway/fhir/packages"
	"caseway/fhir/validate"
	"caseway/fhir/validate/mutate"
)

// known is a class of difference that has an explanation.
type known struct {
	Side string // "laxer" or "stricter"
	ID   string // of the other validator's error, or our rule or code
	Text string // that the error's text contains; "" for any
	Why  string
}

func readKnown(t *testing.T) []known {
	t.Helper()
	text, err := os.ReadFile("testdata/differences.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var list []known
	for line := range strings.Lines(string(text)) {
		var k known
		if err := json.Unmarshal([]byte(line), &k); err != nil {
			t.Fatalf("%s: got %v, want no error", line, err)
		}
		list = append(list, k)
	}
	return list
}

// corpus gives the resources that are compared and mutated: the official
// examples and those of synthetic patients.
func corpus(t *testing.T) []question {
	t.Helper()
	data := filepath.Join(fhirtest.SharedDir(t), "data")
	var list []question
	for _, pattern := range []string{"examples/r4/*/*.json", "ig/*/example/*.json"} {
		files, _ := filepath.Glob(filepath.Join(data, pattern))
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, question{name: filepath.Base(file), body: body})
		}
	}
	files, _ := filepath.Glob(filepath.Join(data, "synthea/*.json"))
	for i, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, question{name: filepath.Base(file), body: body})
		list = append(list, entriesOf(t, file, body, i)...)
	}
	return list
}

// entriesOf gives some of a Bundle's resources, another choice for each offset.
func entriesOf(t *testing.T, file string, body []byte, offset int) []question {
	var bundle struct {
		Entry []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(body, &bundle); err != nil {
		t.Fatal(err)
	}
	var list []question
	for i := offset % 7; i < len(bundle.Entry); i += 23 {
		if r := bundle.Entry[i].Resource; r != nil {
			list = append(list, question{name: fmt.Sprintf("%s#%d", filepath.Base(file), i), body: r})
		}
	}
	return list
}

// mutations makes questions of a corpus, always the same for a seed.
func mutations(from []question, seed uint64, count int) []question {
	m := mutate.New(definition.R4(), seed)
	var usable []question
	for _, q := range from {
		if tree, err := fhir.Decode(definition.R4(), q.body, fhir.Limits{}); err == nil && len(q.body) < 40_000 {
			q.body = tree.JSON
			m.Learn(q.body)
			usable = append(usable, q)
		}
	}
	var list []question
	for i := 0; len(list) < count; i++ {
		q := usable[(i*7919)%len(usable)]
		if body, class, ok := m.Mutate(q.body); ok {
			list = append(list, question{name: fmt.Sprintf("%s~%d", q.name, i), class: class, body: body, profiles: q.profiles})
		}
	}
	return list
}

// table counts by class what two validators say.
type table struct {
	known                            []known
	agree, laxer, stricter, explains map[string]int
	reasons                          map[string]int // explanations that were needed
	nobody                           int
}

// compare puts one verdict into the table and says how the two differ where
// nothing explains it.
func (c *table) compare(q *question, theirs *verdict, ours []validate.Issue) (difference string) {
	if theirs == nil {
		c.nobody++
		return ""
	}
	var errors []string
	for _, i := range ours {
		if i.Severity == fhir.SeverityError {
			errors = append(errors, i.Rule+"|"+i.Code+"|"+i.Text+" at "+i.Expression)
		}
	}
	operator, _, _ := strings.Cut(q.class, " ")
	switch valid := len(errors) == 0; {
	case valid == theirs.Valid:
		c.agree[operator]++
		return ""
	case valid:
		if c.explained("laxer", theirs.texts()) {
			c.explains["laxer"]++
			return ""
		}
		c.laxer[operator]++
		return "laxer: " + strings.Join(theirs.texts(), "\n      ")
	default:
		if c.explained("stricter", errors) {
			c.explains["stricter"]++
			return ""
		}
		c.stricter[operator]++
		return "stricter: " + strings.Join(errors, "\n      ")
	}
}

func (v *verdict) texts() []string {
	var texts []string
	for _, e := range v.Errors {
		texts = append(texts, e.ID+"|"+e.Location+"|"+e.Message)
	}
	return texts
}

// explained reports whether each error is of a class that is known, and counts
// for the class of the first.
func (c *table) explained(side string, errors []string) bool {
	first := -1
	for _, e := range errors {
		id, text, _ := strings.Cut(e, "|")
		at := slices.IndexFunc(c.known, func(k known) bool {
			return k.Side == side && (k.ID == id || k.ID == "") && strings.Contains(text, k.Text)
		})
		if at < 0 {
			return false
		}
		if first < 0 {
			first = at
		}
	}
	k := c.known[first]
	c.reasons[k.Side+" "+k.ID+" "+k.Text+": "+k.Why]++
	return true
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func (c *table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s %8s %8s %8s\n", "class", "agree", "laxer", "stricter")
	for _, operator := range slices.Sorted(maps.Keys(c.agree)) {
		fmt.Fprintf(&b, "%-14s %8d %8d %8d\n", operator, c.agree[operator], c.laxer[operator], c.stricter[operator])
	}
	for _, reason := range slices.Sorted(maps.Keys(c.reasons)) {
		fmt.Fprintf(&b, "%8d %s\n", c.reasons[reason], reason)
	}
	fmt.Fprintf(&b, "all            %8d %8d %8d; explained: laxer %d, stricter %d; without a verdict: %d",
		sum(c.agree), sum(c.laxer), sum(c.stricter), c.explains["laxer"], c.explains["stricter"], c.nobody)
	return b.String()
}

func newTable(t *testing.T) *table {
	return &table{known: readKnown(t), agree: map[string]int{}, laxer: map[string]int{}, stricter: map[string]int{}, explains: map[string]int{}, reasons: map[string]int{}}
}

// withCore makes a Validator that knows R4's own profiles, extensions, value sets
// and code systems, as the other validator does, and further packages.
func withCore(t testing.TB, further ...string) *validate.Validator {
	t.Helper()
	dir := filepath.Join(fhirtest.SharedDir(t), "data")
	names := []string{filepath.Join(dir, "definitions/hl7.fhir.r4.core-4.0.1")}
	names = append(names, further...)
	c, err := packages.Load(names, packages.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	options, err := validate.WithPackages(definition.R4(), c, validate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return validate.New(definition.R4(), options)
}

// run compares questions and logs the table.
func run(t *testing.T, v *validate.Validator, o *oracle, list []question) *table {
	t.Helper()
	verdicts := o.ask(list)
	c := newTable(t)
	for i := range list {
		_, found := v.Text(context.Background(), list[i].body, fhir.Limits{}, validate.Request{Profiles: list[i].profiles})
		if difference := c.compare(&list[i], verdicts[i], found); difference != "" {
			t.Logf("%s (%s) %s", list[i].name, list[i].class, difference)
			if os.Getenv("CASEWAY_SHOW") != "" {
				t.Logf("%s", list[i].body)
			}
		}
	}
	t.Logf("\n%s", c)
	if sum(c.stricter) > 0 || sum(c.laxer)*200 > len(list) {
		t.Errorf("too many differences without an explanation: laxer %d, stricter %d of %d", sum(c.laxer), sum(c.stricter), len(list))
	}
	return c
}

// settings are of the environment: the file with the other validator's verdicts,
// how many mutations are made, and of which seed.
func settings(t *testing.T) (cache string, count int, seed uint64) {
	t.Helper()
	if cache = os.Getenv("CASEWAY_ORACLE_CACHE"); cache == "" {
		t.Skip("skipped: CASEWAY_ORACLE_CACHE names no file with another validator's verdicts")
	}
	count, _ = strconv.Atoi(os.Getenv("CASEWAY_MUTATIONS"))
	seed, _ = strconv.ParseUint(os.Getenv("CASEWAY_SEED"), 10, 64)
	return cache, count, seed
}

// TestDifferential compares with FHIR's own validator over the corpus and over
// mutations of it, CASEWAY_MUTATIONS many.
func TestDifferential(t *testing.T) {
	cache, count, seed := settings(t)
	list := corpus(t)
	list = append(list, mutations(list, seed, count)...)
	run(t, withCore(t), openOracle(t, cache), list)
}

// TestProfilesDifferential does the same with guides, whose definitions are in
// the folders that CASEWAY_ORACLE_PROFILES lists, separated by colons.
func TestProfilesDifferential(t *testing.T) {
	cache, count, seed := settings(t)
	folders := filepath.SplitList(os.Getenv("CASEWAY_ORACLE_PROFILES"))
	if len(folders) == 0 {
		t.Skip("skipped: CASEWAY_ORACLE_PROFILES names no guides")
	}
	var args []string
	for _, f := range folders {
		args = append(args, "--profiles", f)
	}
	list := slices.DeleteFunc(corpus(t), func(q question) bool { return !strings.Contains(string(q.body), `"profile"`) || len(q.body) > 100_000 })
	list = append(list, mutations(list, seed, count)...)
	run(t, withCore(t, folders...), openOracle(t, cache+".profiles", args...), list)
}
