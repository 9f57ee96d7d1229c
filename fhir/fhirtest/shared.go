// Package fhirtest finds the folder of test data that may stand beside the
// project. Only tests import it.
package fhirtest

import (
	"os"
	"path/filepath"
	"testing"
)

// SharedDir returns the folder named by CASEWAY_SHARED, or the folder shared beside
// the project. Where there is none the test is skipped, but fails when CI=true,
// so that a run that matters can't leave it out unseen.
func SharedDir(t testing.TB) string {
	t.Helper()
	if dir := find(); dir != "" {
		return dir
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("the folder shared with test data is absent (set CASEWAY_SHARED)")
	}
	t.Skip("skipped: the folder shared with test data is absent (set CASEWAY_SHARED)")
	return ""
}

func find() string {
	if dir := os.Getenv("CASEWAY_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			shared := filepath.Join(filepath.Dir(dir), "shared")
			if _, err := os.Stat(filepath.Join(shared, "data")); err == nil {
				return shared
			}
			return ""
		}
	}
	return ""
}
