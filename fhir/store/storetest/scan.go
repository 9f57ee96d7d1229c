package storetest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

var scanCases = []testCase{
	{"scan/every driver within every bound", scanEverything},
	{"scan/follows updates and deletes", scanFollows},
	{"scan/ranges of odd terms", scanRanges},
	{"scan/nothing to find", scanNothing},
	{"scan/pages make up the whole", scanPages},
	{"scan/paging while writers go on", scanAmongWriters},
	{"scan/many large resources", scanLarge},
	{"scan/estimate and count", estimates},
	{"scan/one moment", oneMoment},
}

// indexed is a new version with terms, and values kept beside them.
func indexed(key fhir.Key, expect int64, terms, values []search.Term) store.Write {
	w := change(key, expect, len(terms))
	w.Index = search.Index{Terms: terms, Values: values}
	return w
}

// seedHeads writes patients and tasks over several instants, some of which are
// changed or deleted again.
func seedHeads(ctx context.Context, t testing.TB, s store.Store, full store.Store) heads {
	h := heads{}
	write := func(typ string, i int) store.Write {
		name := fmt.Sprintf("%s.name=n%02d", typ, i%13)
		terms := []search.Term{
			search.Term(fmt.Sprintf("%s.date<%04d", typ, i*37%100)), search.Term(name),
			search.Term(fmt.Sprintf("%s.owner=Practitioner/%d", typ, i%3)),
			search.Term(fmt.Sprintf("%s.tag:http://example.org/%d|x", typ, i%5)), search.Term(fmt.Sprintf("%s.tag=x", typ)),
		}
		return indexed(fhir.Key{Type: typ, ID: fmt.Sprint(i)}, store.AnyVersion, terms, []search.Term{search.Term(name + "!"), search.Term(typ + ".name;sN")})
	}
	for i := range 20 {
		writes := []store.Write{write("Patient", i), write("Task", i), write("Patient", i+20)}
		if i%4 == 3 {
			writes = append(writes, write("Task", i/2), remove(fhir.Key{Type: "Patient", ID: fmt.Sprint(i - 1)}, store.AnyVersion))
		}
		h.write(ctx, t, full, writes...)
		if i%5 == 0 {
			nextInstant()
		}
	}
	h.write(ctx, t, full, indexed(fhir.Key{Type: "Goal", ID: "bare"}, 0, nil, nil), indexed(patient("unkept"), 0, []search.Term{"Patient.tag=x"}, nil))
	h.locate(ctx, t, s)
	return h
}

func scanEverything(t *testing.T, d *database) {
	full := d.store(t)
	s := full
	h := seedHeads(d.ctx, t, s, full)
	all := h.matching(search.Scan{})
	places := []search.Place{{}, all[0].place, all[len(all)/3].place, all[len(all)/2].place, all[len(all)-1].place}
	times := []time.Time{{}, all[len(all)/4].version.LastUpdated, all[len(all)/2].version.LastUpdated.Add(1), all[len(all)-1].version.LastUpdated}
	for _, driver := range scanDrivers(h) {
		for i, after := range places {
			for j, until := range places {
				q := driver
				q.After, q.Until, q.KeysOnly = after, until, (i+j)%2 == 0
				q.Updated = search.Updated{From: times[(i+j)%len(times)], To: times[(i+2*j)%len(times)]}
				q.Limit = []int{1, 7, 1000}[(i+j)%3]
				h.wantScan(d.ctx, t, s, q)
				q.Updated, q.Limit = search.Updated{}, 1000
				h.wantScan(d.ctx, t, s, q)
				if inPageOrder(q) {
					q.After, q.Until, q.Limit, q.Descending = until, after, 5, true
					h.wantScan(d.ctx, t, s, q)
				}
			}
		}
	}
}

// inPageOrder reports whether a scan gives hits in the order of places.
func inPageOrder(q search.Scan) bool {
	return q.Keys == nil && (q.Term != "" || q.Terms == nil && q.To == "")
}

func scanDrivers(h heads) []search.Scan {
	keys := slices.Collect(maps.Keys(h))
	return []search.Scan{
		{},
		{Type: "Patient"},
		{Type: "Goal"},
		{Type: "Observation"},
		{Keys: keys},
		{Keys: append(keys[:5:5], keys[0], patient("2"), patient("nobody"))},
		{Keys: []fhir.Key{}},
		{Type: "Patient", Term: "Patient.name=n07"},
		{Type: "Task", Term: "Task.owner=Practitioner/1"},
		{Type: "Patient", Term: "Patient.tag=x"},
		{Type: "Patient", Term: "Patient.tag:http://example.org/3|x"},
		{Type: "Patient", Term: "Patient.tag:http://example.org/3|"},
		{Type: "Patient", Term: "Patient.name=n07!"}, // is only kept
		{Terms: []search.Term{"Task.owner=Practitioner/1", "Patient.name=n07", "Task.owner=Practitioner/2", "Task.owner=Practitioner/1"}},
		{Terms: []search.Term{"Patient.tag=x", "Patient.name=n07!", "Patient.tag=none"}},
		{Terms: []search.Term{"Patient.tag=none"}},
		{Type: "Patient", From: "Patient.date<0020", To: "Patient.date<0055"},
		{Type: "Patient", From: "Patient.date<0037", To: "Patient.date<0038"},
		{Type: "Patient", From: "Patient.tag:", To: "Patient.tag@"},
		{Type: "Patient", From: "Patient.tag:http://example.org/2|", To: "Patient.tag:http://example.org/4|"},
		{Type: "Task", From: "Task.owner=Practitioner/", To: "Task.owner=Practitioner0"},
		{Type: "Task", From: "Task.", To: "Task/"},
		{Type: "Task", From: "Task.name=n12!", To: "Task.name=n13"},
		{Type: "Task", From: "Task.name=n05", To: "Task.name=n05"},
		{Type: "Task", From: "Task.name=n07", To: "Task.name=n05"},
	}
}

func scanFollows(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	terms := func(names ...search.Term) []search.Term { return names }
	ask := func() {
		t.Helper()
		h.locate(d.ctx, t, s)
		for _, q := range []search.Scan{
			{Term: "Patient.a=1"},
			{Term: "Patient.b=1"},
			{Term: "Patient.c=1"},
			{Type: "Patient"},
			{},
			{From: "Patient.a=", To: "Patient.b>"},
			{Keys: []fhir.Key{patient("1"), patient("2")}},
		} {
			q.Limit = 10
			h.wantScan(d.ctx, t, s, q)
		}
	}
	one := patient("1")
	h.write(d.ctx, t, full, indexed(one, 0, terms("Patient.a=1", "Patient.b=1"), terms("Patient.b;s1")), indexed(patient("2"), 0, terms("Patient.a=1"), nil))
	ask()
	h.write(d.ctx, t, full, indexed(one, 1, terms("Patient.b=1", "Patient.c=1"), nil))
	ask()
	h.write(d.ctx, t, full, remove(one, 2))
	ask()
	h.write(d.ctx, t, full, remove(one, 3))
	ask()
	h.write(d.ctx, t, full, indexed(one, 4, terms("Patient.a=1"), nil), indexed(patient("2"), 1, nil, nil))
	ask()
}

// scanRanges compares many ranges over terms that are hard to tell apart.
func scanRanges(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"A.", "A.b", "=", ":", "|", "/", "http://x/", "X/", "\\|", "é", "\U0001F600", "a", "b", "0", "<", ">", " ", "~", "#", "%", "="}
	odd := func() search.Term {
		text := "Goal." + pieces[rnd.IntN(4)]
		for range rnd.IntN(6) {
			text += pieces[rnd.IntN(len(pieces))]
		}
		return search.Term(text)
	}
	var writes []store.Write
	for i := range 150 {
		var terms []search.Term
		for range 1 + rnd.IntN(4) {
			terms = append(terms, odd())
		}
		slices.Sort(terms)
		writes = append(writes, indexed(fhir.Key{Type: "Goal", ID: fmt.Sprint(i)}, 0, slices.Compact(terms), nil))
	}
	h.write(d.ctx, t, full, writes...)
	h.locate(d.ctx, t, s)
	for range scaled(400, 100) {
		from, to := odd(), odd()
		if from > to {
			from, to = to, from
		}
		h.wantScan(d.ctx, t, s, search.Scan{Type: "Goal", From: from, To: to, Limit: 1000, KeysOnly: true})
		h.wantScan(d.ctx, t, s, search.Scan{Type: "Goal", Term: from, Limit: 1000, KeysOnly: true})
		h.wantScan(d.ctx, t, s, search.Scan{Type: "Goal", From: from, To: from + "\x00", Limit: 1000, KeysOnly: true})
	}
}

func scanNothing(t *testing.T, d *database) {
	s := d.store(t)
	for _, q := range scanDrivers(heads{patient("0"): {}, patient("1"): {}, patient("2"): {}, patient("3"): {}, patient("4"): {}}) {
		q.Limit, q.Updated.From = 1, time.Now()
		heads{}.wantScan(d.ctx, t, s, q)
	}
	ended, cancel := context.WithCancel(d.ctx)
	cancel()
	if _, err := s.Scan(ended, search.Scan{Limit: 1}); err != context.Canceled {
		t.Errorf("with an ended context: error %v", err)
	}
}

func scanPages(t *testing.T, d *database) {
	full := d.store(t)
	s := full
	h := seedHeads(d.ctx, t, s, full)
	for _, q := range []search.Scan{{}, {Type: "Patient"}, {Term: "Patient.tag=x"}, {Term: "Task.name=n03", Descending: true}, {Descending: true}} {
		for _, limit := range []int{1, 3, 7, 200} {
			q.Limit = limit
			wantPages(d.ctx, t, h, s, q)
		}
	}
}

// wantPages goes from page to page and holds them together against the heads.
func wantPages(ctx context.Context, t *testing.T, h heads, s search.Source, q search.Scan) {
	t.Helper()
	want, got := knownKeys(h.matching(q)), []search.Hit(nil)
	for more := true; more; {
		page, err := s.Scan(ctx, q)
		if err != nil || page.More && len(page.Hits) == 0 || len(page.Hits) > q.Limit {
			t.Fatalf("%s: %d hits, more %v, error %v", describe(q), len(page.Hits), page.More, err)
		}
		if more = page.More; more {
			q.After = page.Hits[len(page.Hits)-1].Place
		}
		got = append(got, page.Hits...)
	}
	if hitKeys(got) != want {
		t.Errorf("%s:\n got %s\nwant %s", describe(q), hitKeys(got), want)
	}
}

// scanLarge: a page may end before it is full, but never with nothing.
func scanLarge(t *testing.T, d *database) {
	full := d.store(t)
	s, h := full, heads{}
	for i := range scaled(12, 4) {
		w := indexed(patient(fmt.Sprint(i)), 0, []search.Term{"Patient.large=true"}, nil)
		w.Content = &fhir.Content{Type: w.Key.Type, Rest: bigText(5 << 20)}
		h.write(d.ctx, t, full, w)
	}
	h.locate(d.ctx, t, s)
	wantPages(d.ctx, t, h, s, search.Scan{Term: "Patient.large=true", Limit: 100})
	wantPages(d.ctx, t, h, s, search.Scan{Type: "Patient", Limit: 100, Descending: true})
}

func estimates(t *testing.T, d *database) {
	full := d.store(t)
	s := full
	h := seedHeads(d.ctx, t, s, full)
	for _, q := range scanDrivers(h) {
		if q.Term != "" {
			q.From, q.To = q.Term, q.Term+"\x00"
		}
		entries, heads := 0, 0
		for _, k := range h {
			before := entries
			for _, term := range k.index.Terms {
				if term >= q.From && term < q.To {
					entries++
				}
			}
			if entries > before {
				heads++
			}
		}
		for _, limit := range []int{1, 5, 1000} {
			got, err := s.Estimate(d.ctx, q.From, q.To, limit)
			if err != nil || got != min(entries, limit) && got != min(heads, limit) {
				t.Errorf("from %q to %q up to %d: %d, want %d entries or %d heads, error %v", q.From, q.To, limit, got, entries, heads, err)
			}
		}
	}
	for _, typ := range []string{"Patient", "Task", "Goal", "Observation"} {
		want := len(h.matching(search.Scan{Type: typ}))
		for _, limit := range []int{1, 1000} {
			if got, err := s.CountType(d.ctx, typ, limit); err != nil || got != min(want, limit) {
				t.Errorf("%s up to %d: %d, want %d, error %v", typ, limit, got, want, err)
			}
		}
	}
}

// oneMoment: within a snapshot nothing changes, whatever others write.
func oneMoment(t *testing.T, d *database) {
	if !d.moment {
		t.Skip("skipped: this database doesn't hold several reads to one moment")
	}
	s := d.store(t)
	before, after := heads{}, heads{}
	add := func(h heads, id string, expect int64) {
		h.write(d.ctx, t, s, indexed(patient(id), expect, []search.Term{"Patient.name=n"}, nil))
	}
	add(before, "changed", 0)
	add(before, "still", 0)
	before.locate(d.ctx, t, s)
	err := s.Snapshot(d.ctx, func(ctx context.Context) error {
		before.wantScan(ctx, t, s, search.Scan{Type: "Patient", Limit: 10})
		add(after, "new", 0)
		add(after, "changed", 1)
		before.wantScan(ctx, t, s, search.Scan{Type: "Patient", Limit: 10})
		before.wantScan(ctx, t, s, search.Scan{Term: "Patient.name=n", Limit: 10})
		before.wantScan(ctx, t, s, search.Scan{Keys: []fhir.Key{patient("changed"), patient("new")}, Limit: 10})
		if n, err := s.Estimate(ctx, "Patient.", "Patient/", 10); n != 2 || err != nil {
			t.Errorf("%d entries are counted, error %v", n, err)
		}
		wantSame(t, read(ctx, t, s, patient("changed")), before[patient("changed")].version)
		return s.Snapshot(ctx, func(ctx context.Context) error {
			before.wantScan(ctx, t, s, search.Scan{Term: "Patient.name=n", Limit: 10})
			return context.DeadlineExceeded
		})
	})
	if err != context.DeadlineExceeded {
		t.Errorf("the error of f became %v", err)
	}
	after[patient("still")] = before[patient("still")]
	after.locate(d.ctx, t, s)
	after.wantScan(d.ctx, t, s, search.Scan{Term: "Patient.name=n", Limit: 10})
}
