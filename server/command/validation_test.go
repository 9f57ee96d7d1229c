package command

import (
	"log/slog"
	"strings"
	"testing"
)

// TestValidationRefusesWhatItCantUse before anything is served.
func TestValidationRefusesWhatItCantUse(t *testing.T) {
	for _, row := range []struct {
		name string
		v    Validation
		want string
	}{
		{"nothing", Validation{}, ""},
		{"a type that isn't one", Validation{RequireProfile: map[string]string{"Patience": "http://x.example/p"}}, `"Patience"`},
		{"a profile that isn't known", Validation{RequireProfile: map[string]string{"Patient": "http://x.example/p"}}, "http://x.example/p"},
		{"a package that isn't there", Validation{Packages: []string{"none.tgz"}}, "none.tgz"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := row.v.validator(slog.New(slog.DiscardHandler))
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}
