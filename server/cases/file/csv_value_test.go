package file

import (
	"testing"

	"caseway/mapping/casemodel"
)

// TestDaysOfSpreadsheets are read where they can be one day only.
func TestDaysOfSpreadsheets(t *testing.T) {
	for _, row := range []struct{ written, want, wrong string }{
		{"2026-11-22", "2026-11-22", ""},
		{"2026-11", "2026-11", ""},
		{"2026-11-22T10:30:00Z", "2026-11-22T10:30:00Z", ""},
		{"22.11.2026", "2026-11-22", ""},
		{"3.4.2026", "2026-04-03", ""},
		{"03.04.2026", "2026-04-03", ""},
		{"3. 4. 2026", "2026-04-03", ""},
		{"22/11/2026", "2026-11-22", ""},
		{"11/22/2026", "2026-11-22", ""},
		{"22-11-2026", "2026-11-22", ""},
		{"4/4/2026", "2026-04-04", ""},
		{"2026/3/4", "2026-03-04", ""},
		{"2026.03.04.", "2026-03-04", ""},
		{"2026-11-22 00:00:00", "2026-11-22", ""},
		{"2026-11-22T00:00:00", "2026-11-22", ""},
		{"11/22/2026 12:00:00 AM", "2026-11-22", ""},
		{"22.11.2026 0:00", "2026-11-22", ""},
		{"22-Nov-2026", "2026-11-22", ""},
		{"22 November 2026", "2026-11-22", ""},
		{"Nov 22, 2026", "2026-11-22", ""},
		{"Sunday, November 22, 2026", "2026-11-22", ""},
		{"29.2.2028", "2028-02-29", ""},

		{"3/4/2026", "", dayOrMonth},
		{"03-04-2026", "", dayOrMonth},
		{"22.11.26", "", yearCut},
		{"11/22/26", "", yearCut},
		{"22-Nov-26", "", yearCut},
		{"46348", "", dayNumber},
		{"46348.5", "", dayNumber},
		{"22.11.2026 10:30", "", timeNeedsZone},
		{"11/22/2026 12:00 PM", "", timeNeedsZone},
		{"2026-11-22 10:00", "", timeNeedsZone},
		{"29.2.2026", "", dayNotKnown},
		{"31/13/2026", "", dayNotKnown},
		{"22.11/2026", "", dayNotKnown},
		{"0.1.2026", "", dayNotKnown},
		{"tomorrow", "", dayNotKnown},
		{"#########", "", dayNotKnown},
	} {
		t.Run(row.written, func(t *testing.T) {
			var got casemodel.Date
			if wrong := setDate(&got, row.written); string(got) != row.want || wrong != row.wrong {
				t.Errorf("got %q and %q, want %q and %q", got, wrong, row.want, row.wrong)
			}
		})
	}
}

// TestSeparators: the header says what separates the fields of a file.
func TestSeparators(t *testing.T) {
	for _, row := range []struct {
		header string
		want   rune
	}{
		{"id,client,phase", ','},
		{"id;client;phase", ';'},
		{"id\tclient\tphase", '\t'},
		{`"id";"client";"phase"`, ';'},
		{"client", ','},
		{"id;nothing,known", ';'},
		{"nobody;knows", ','},
	} {
		t.Run(row.header, func(t *testing.T) {
			if got := separatorIn(row.header); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
