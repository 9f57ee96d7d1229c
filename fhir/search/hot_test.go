package search_test

import (
	"context"
	"testing"

	"caseway/fhir/search"
)

// BenchmarkHotSearch is the search that matters most: a reference with two
// tokens, once with the source's scan and once with the scan alone.
func BenchmarkHotSearch(b *testing.B) {
	w := clinic(b, 8000)
	where := search.And{exact("Task.status=1"), ofPatient("7"), ofOwner("big")}
	b.Run("run", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m, err := search.Run(context.Background(), w, search.Plan{Types: []string{"Task"}, Where: where, Count: 50})
			if err != nil || len(m.Hits) != 40 {
				b.Fatal(len(m.Hits), err)
			}
		}
	})
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			page, err := w.Scan(context.Background(), search.Scan{Type: "Task", Term: ofPatient("7").Exact[0], Limit: 102})
			if err != nil || len(page.Hits) != 40 {
				b.Fatal(len(page.Hits), err)
			}
		}
	})
}
