package command

import (
	"bytes"
	"strings"
	"testing"
)

// understood runs a command line with an environment.
func understood(t *testing.T, variables []string, args ...string) (code int, out, errs string) {
	t.Helper()
	before := environment
	environment = func() []string { return variables }
	t.Cleanup(func() { environment = before })
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

func TestMisspeltWordsAreNamed(t *testing.T) {
	for _, row := range []struct {
		name      string
		variables []string
		args      []string
		says      string
	}{
		{"a command", nil, []string{"demmo"}, "there is no command demmo; did you mean demo?"},
		{"a command like none", nil, []string{"frobnicate"}, "there is no command frobnicate (caseway --help lists them)"},
		{"a flag", nil, []string{"serve", "--lisen", "x"}, "--listen"},
		{"a variable", []string{"CASEWAY_LISTN=x"}, []string{"version"}, "the environment has CASEWAY_LISTN, which is no setting; did you mean CASEWAY_LISTEN?"},
		{"a variable of two words", []string{"CASEWAY_AUTHSEED=x"}, []string{"version"}, "did you mean CASEWAY_AUTH_SEED?"},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, _, errs := understood(t, row.variables, row.args...)
			if code != exitUsage || !strings.Contains(errs, row.says) {
				t.Errorf("got exit code %d and %q, want %d and %q", code, errs, exitUsage, row.says)
			}
		})
	}
}

func TestAVariableThatNothingReadsIsToldOf(t *testing.T) {
	code, _, errs := understood(t, []string{"CASEWAY_SOMETHING_OF_OURS=1", "CASEWAY_SHARED=x", "PATH=x"}, "version")
	if want := "CASEWAY_SOMETHING_OF_OURS, which nothing reads"; code != 0 || !strings.Contains(errs, want) || strings.Contains(errs, "SHARED") {
		t.Errorf("got exit code %d and %q, want 0 and %q alone", code, errs, want)
	}
}

func TestHelpAndVersionInEachWay(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		says string
	}{
		{"help", []string{"help"}, "demo"},
		{"help of a command", []string{"help", "backup"}, "Copy an SQLite store"},
		{"the flag", []string{"--help"}, "demo"},
		{"version", []string{"version"}, "caseway " + release},
		{"its flag", []string{"--version"}, "caseway " + release},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, out, errs := understood(t, nil, row.args...)
			if code != 0 || !strings.Contains(out, row.says) {
				t.Errorf("got exit code %d, %q and %q; want 0 and %q", code, out, errs, row.says)
			}
		})
	}
}

func TestVersionSaysWhatItIsBuiltFrom(t *testing.T) {
	for _, row := range []struct{ name, linked, want string }{
		{"its tag", "v" + release, release},
		{"behind its tag", "v" + release + "-3-gabcdef0", release + "+3.gabcdef0"},
		{"a commit", "abcdef0", release + "+abcdef0"},
		{"a changed tree", "abcdef0-dirty", release + "+abcdef0.dirty"},
		{"nothing known", "devel", release},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := version
			defer func() { version = before }()
			version = row.linked
			if got := versionText(); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
