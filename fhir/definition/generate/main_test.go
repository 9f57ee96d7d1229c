package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCommittedDataIsWhatTheArtifactGives(t *testing.T) {
	jar, err := artifactFile()
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("skipped: the artifact can't be had: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "data")
	if err := run(jar, out); err != nil {
		t.Fatal(err)
	}
	made, committed := filesIn(t, out), filesIn(t, filepath.Join("..", "data"))
	for name, text := range made {
		if committed[name] != text {
			t.Errorf("%s differs from what is committed: run go generate", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(committed)) {
		if _, found := made[name]; !found {
			t.Errorf("%s is committed and isn't made", name)
		}
	}
}

func TestAnotherArtifactIsRefused(t *testing.T) {
	jar := filepath.Join(t.TempDir(), "other.jar")
	if err := os.WriteFile(jar, []byte("not the artifact"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "data")
	if err := run(jar, out); err == nil {
		t.Error("a file with another checksum was taken")
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("data was written from a file with another checksum")
	}
}

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
