package kit_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/fhirtest"
)

// BenchmarkStart measures the time from a process's start to its first 200 on
// /metadata, with an empty store and with 100,000 resources, and its memory
// and size.
func BenchmarkStart(b *testing.B) {
	info, err := os.Stat(binary(b))
	if err != nil {
		b.Fatal(err)
	}
	full := filepath.Join(b.TempDir(), "full.db")
	p := start(b, kit.Launch{Store: "sqlite:" + full})
	fillTasks(b, kit.NewClient(p.Base), 100_000)
	if err := p.Stop(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		empty, resident := startTimes(b, func(i int) string { return filepath.Join(b.TempDir(), fmt.Sprintf("empty%d.db", i)) })
		filled, _ := startTimes(b, func(int) string { return full })
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(empty.Milliseconds()), "empty-ms")
		b.ReportMetric(float64(filled.Milliseconds()), "100k-ms")
		b.ReportMetric(float64(resident>>20), "resident-MB")
		b.ReportMetric(float64(info.Size()>>20), "binary-MB")
	}
}

// startTimes starts a server several times and gives the median time and the
// last one's memory.
func startTimes(b *testing.B, path func(i int) string) (median time.Duration, resident int64) {
	b.Helper()
	var took []time.Duration
	for i := range 7 {
		p := start(b, kit.Launch{Store: "sqlite:" + path(i)})
		took = append(took, p.Took)
		var err error
		if resident, err = kit.Resident(p.PID); err != nil {
			b.Fatal(err)
		}
		if err := p.Stop(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	return took[len(took)/2], resident
}

// fillTasks makes tasks in transactions of 500.
func fillTasks(b *testing.B, c *kit.Client, count int) {
	b.Helper()
	for at := 0; at < count; at += 500 {
		entries := make([]string, 500)
		for i := range entries {
			entries[i] = fmt.Sprintf(`{"resource":%s,"request":{"method":"POST","url":"Task"}}`, task("", "Patient/1", fmt.Sprint(at+i)))
		}
		body := `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
		answer, err := c.Do(b.Context(), http.MethodPost, "", []byte(body))
		if err != nil || answer.Status != http.StatusOK {
			b.Fatalf("transaction: status %d, %v: %.500s", answer.Status, err, answer.Body)
		}
	}
}

// BenchmarkLoad measures `caseway load` of all the synthetic patients, into a
// store of its own and to a running server, whose memory it reads afterwards.
func BenchmarkLoad(b *testing.B) {
	patients := filepath.Join(fhirtest.SharedDir(b), "data", "synthea")
	for b.Loop() {
		store := "sqlite:" + filepath.Join(b.TempDir(), "direct.db")
		direct := load(b, patients, "--store", store)
		resources := versions(b, store)

		p := start(b, kit.Launch{Store: "sqlite:" + filepath.Join(b.TempDir(), "http.db")})
		overHTTP := load(b, patients, "--to", p.Base)
		resident, err := kit.Resident(p.PID)
		if err != nil {
			b.Fatal(err)
		}
		peak, err := kit.PeakResident(p.PID)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(resources), "resources")
		b.ReportMetric(float64(resources)/direct.Seconds(), "store-resources/s")
		b.ReportMetric(float64(resources)/overHTTP.Seconds(), "http-resources/s")
		b.ReportMetric(float64(resident>>20), "resident-MB")
		b.ReportMetric(float64(peak>>20), "peak-MB")
	}
}

func load(b *testing.B, folder string, target ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(binary(b), append(append([]string{"load"}, target...), folder)...)
	from := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("load: %v\n%s", err, out[max(0, len(out)-3000):])
	}
	return time.Since(from)
}

// versions counts what a store holds.
func versions(b *testing.B, store string) int {
	b.Helper()
	p := start(b, kit.Launch{Store: store})
	defer p.Kill()
	answer, err := kit.NewClient(p.Base).Do(b.Context(), http.MethodGet, "_history?_count=0", nil)
	if err != nil || answer.Status != http.StatusOK {
		b.Fatalf("history: status %d, %v", answer.Status, err)
	}
	var total int
	if _, after, ok := strings.Cut(string(answer.Body), `"total":`); ok {
		_, _ = fmt.Sscan(after, &total) // 0 where it isn't a number
	}
	if total == 0 {
		b.Fatalf("no total in %s", answer.Body)
	}
	return total
}
