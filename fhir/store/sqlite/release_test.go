package sqlite_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/fhir/store/sqlite"
	"caseway/fhir/store/storetest"
)

var writeRelease = flag.String("release", "", "write the store of this release, such as 0.1.0, to testdata")

// TestStoresOfReleases: the store that each release has written opens with this
// program and holds what it held. Once a release is out, its store is written,
//
//	go test ./fhir/store/sqlite -run TestStoresOfReleases -release 0.1.0
//
// and kept for ever.
func TestStoresOfReleases(t *testing.T) {
	if *writeRelease != "" {
		keepRelease(t, *writeRelease)
	}
	files, err := filepath.Glob("testdata/release-*.db.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("got no stores of releases, error %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".db.gz"), func(t *testing.T) {
			packed, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			z, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "release.db")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			storetest.CheckRelease(t, opened(t, path))
		})
	}
}

// keepRelease writes the store of a release to testdata.
func keepRelease(t *testing.T, release string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "release.db")
	t.Run("write", func(t *testing.T) { storetest.WriteRelease(t, opened(t, path)) })
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/release-"+release+".db.gz", packed.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestStoreOfBeforeTheFirstReleaseIsRefused, with a text that says why.
func TestStoreOfBeforeTheFirstReleaseIsRefused(t *testing.T) {
	for _, version := range []int{1, 2, 3} { // 3 had tables of other names
		t.Run(fmt.Sprintf("schema %d", version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "old.db")
			sqlite.MakeOld(t, path, version)
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err == nil {
				_ = s.Close()
			}
			if want := fmt.Sprintf("schema %d, which is older than the first release", version); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want one with %q", err, want)
			}
		})
	}
}

// opened is a store that closes with the test.
func opened(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
