package fhir

import (
	"testing"
	"time"
)

func TestTimeRange(t *testing.T) {
	for _, c := range []struct{ in, from, to string }{
		{"2024", "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2024-02-29T10:00+02:00", "2024-02-29T08:00:00Z", "2024-02-29T08:01:00Z"},
		{"2024-02-29T10:00:30Z", "2024-02-29T10:00:30Z", "2024-02-29T10:00:31Z"},
		{"2024-02-29T10:00:30.25Z", "2024-02-29T10:00:30.25Z", "2024-02-29T10:00:30.26Z"},
	} {
		t.Run(c.in, func(t *testing.T) {
			from, to, ok := TimeRange(c.in)
			if !ok || from.Format(time.RFC3339Nano) != c.from || to.Format(time.RFC3339Nano) != c.to {
				t.Errorf("TimeRange(%q) = %v, %v, %v; want %s, %s", c.in, from, to, ok, c.from, c.to)
			}
		})
	}
	for _, in := range []string{"", "24", "2024-13", "2024-02-30", "2024-02-29T10:00:30", "yesterday", "2024-1-1"} {
		t.Run(in, func(t *testing.T) {
			if _, _, ok := TimeRange(in); ok {
				t.Errorf("TimeRange(%q) is taken for a date", in)
			}
		})
	}
}
