package kit_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// phase is how long one side of a comparison runs at a time; both sides take
// turns, so that what else the machine does falls on both.
const (
	phase = 600 * time.Millisecond
	turns = 10
)

// plan is a care plan of about 4 KB, as EHRs send them.
func plan(n int64) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"resourceType":"CarePlan","identifier":[{"system":"http://caseway.example/plan","value":"plan-%d"}],`, n)
	b.WriteString(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>` + strings.Repeat("Rehabilitation after a fracture of the femur. ", 12) + `</p></div>"},`)
	b.WriteString(`"status":"active","intent":"plan","category":[{"coding":[{"system":"http://hl7.org/fhir/us/core/CodeSystem/careplan-category","code":"assess-plan"}]}],`)
	b.WriteString(`"title":"Rehabilitation","subject":{"reference":"Patient/p1"},"period":{"start":"2026-01-05","end":"2026-06-30"},"created":"2026-01-05T10:30:00+01:00",`)
	b.WriteString(`"careTeam":[{"reference":"CareTeam/t1"}],"addresses":[{"reference":"Condition/c1"},{"reference":"Condition/c2"}],"goal":[{"reference":"Goal/g1"}],"activity":[`)
	for i := range 8 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"detail":{"kind":"ServiceRequest","code":{"coding":[{"system":"http://snomed.info/sct","code":"91251008","display":"Physical therapy procedure"}],"text":"Physical therapy"},`+
			`"status":"in-progress","doNotPerform":false,"scheduledTiming":{"repeat":{"frequency":%d,"period":1,"periodUnit":"wk"}},"performer":[{"reference":"Practitioner/x%d"}],`+
			`"description":"Exercises for strength and range of motion, with gait training"}}`, i%3+1, i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// fill makes care plans and returns their URLs.
func fill(b *testing.B, c *kit.Client, count int) []string {
	b.Helper()
	urls := make([]string, count)
	for i := range urls {
		answer, err := c.Do(b.Context(), http.MethodPost, "CarePlan", plan(int64(i)))
		if err != nil || answer.Status != http.StatusCreated {
			b.Fatalf("create: status %d, %v: %s", answer.Status, err, answer.Body)
		}
		key, _ := keyOf(answer.Header.Get("Location"))
		urls[i] = c.Base + "/" + key
	}
	return urls
}

func hostOf(p *kit.Process) string { return strings.TrimPrefix(p.Root, "http://") }

func prepared(urls []string) func(n int64) []byte {
	requests := make([][]byte, len(urls))
	for i, url := range urls {
		requests[i] = requestOf(http.MethodGet, url, nil)
	}
	return func(n int64) []byte { return requests[n*7919%int64(len(requests))] }
}

// BenchmarkReadOnSQLite compares reads by id with a bare Gin handler that
// writes the same bytes from memory.
func BenchmarkReadOnSQLite(b *testing.B) {
	p := start(b, kit.Launch{Store: "sqlite:" + b.TempDir() + "/caseway.db"})
	c := kit.NewClient(p.Base)
	urls := fill(b, c, 2000)
	answer, err := c.Do(b.Context(), http.MethodGet, urls[0], nil)
	if err != nil {
		b.Fatal(err)
	}
	bareHost, barePID := startBare(b, answer.Body)
	read := prepared(urls)
	same := requestOf(http.MethodGet, "http://"+bareHost+"/fhir/CarePlan/1", nil)
	for b.Loop() {
		var ours, bare rate
		for range turns {
			ours = ours.plus(hammerHTTP(b, phase, hostOf(p), p.PID, 200, read))
			bare = bare.plus(hammerHTTP(b, phase, bareHost, barePID, 200, func(int64) []byte { return same }))
		}
		report(b, ours, bare)
		b.ReportMetric(float64(len(answer.Body)), "bytes")
	}
}

// report prints the ratio and both sides of it.
func report(b *testing.B, ours, bare rate) {
	b.ReportMetric(0, "ns/op") // the time of a whole comparison says nothing
	b.ReportMetric(ours.perSecond()/bare.perSecond(), "ratio")
	b.ReportMetric(ours.perSecond(), "ours/s")
	b.ReportMetric(bare.perSecond(), "bare/s")
	b.ReportMetric(ours.cpuMicros(), "ours-cpu-µs")
	if bare.cpu > 0 {
		b.ReportMetric(bare.cpuMicros(), "bare-cpu-µs")
	}
}

// creates gives requests that create care plans which differ in their
// identifier, at next to no cost for the client.
func creates(base string) func(n int64) []byte {
	const first = 1_000_000_000 // all numbers have as many digits
	template := requestOf(http.MethodPost, base+"/CarePlan", plan(first))
	at := bytes.Index(template, []byte(strconv.Itoa(first)))
	return func(n int64) []byte {
		request := bytes.Clone(template)
		strconv.AppendInt(request[:at], first+n, 10)
		return request
	}
}

// BenchmarkCreateOnSQLite compares durable creates with a loop that inserts
// the rows that they made into a fresh file of the same schema, as many
// resources in a transaction as there are clients.
func BenchmarkCreateOnSQLite(b *testing.B) {
	for b.Loop() {
		var ours, bare rate
		for range turns {
			dir := b.TempDir()
			p := start(b, kit.Launch{Store: "sqlite:" + dir + "/caseway.db"})
			made := hammerHTTP(b, phase, hostOf(p), p.PID, http.StatusCreated, creates(p.Base))
			if err := p.Stop(); err != nil {
				b.Fatal(err)
			}
			ours = ours.plus(made)
			bare = bare.plus(copyRows(b, dir+"/caseway.db", dir+"/bare.db", made.operations))
		}
		report(b, ours, bare)
	}
}
