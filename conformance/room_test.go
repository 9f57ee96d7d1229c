package conformance

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// many files in a folder need a word on how to find one.
const many = 40

// TestLargeFoldersSayWhereToLook: the package comment of a folder with many files
// says what is where, and each file or pattern that it names is there.
func TestLargeFoldersSayWhereToLook(t *testing.T) {
	files, comments := map[string][]string{}, map[string]string{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		files[s.pkg] = append(files[s.pkg], path.Base(s.path))
		if s.file.Doc != nil {
			comments[s.pkg] += s.file.Doc.Text()
		}
	}
	named := regexp.MustCompile(`[a-z0-9_*]+\.go\b`)
	large := 0
	for pkg, names := range files {
		if len(names) <= many {
			continue
		}
		large++
		t.Run(pkg, func(t *testing.T) {
			_, where, found := strings.Cut(comments[pkg], "Where to look: ")
			if !found {
				t.Fatalf("%d files, and the package comment doesn't say where to look", len(names))
			}
			where, _, _ = strings.Cut(where, "\n\n")
			for _, pattern := range named.FindAllString(where, -1) {
				if !anyMatches(t, pattern, names) {
					t.Errorf("got no file %s, which the package comment names", pattern)
				}
			}
		})
	}
	if large < 5 {
		t.Errorf("got %d large folders, want the five at least that there are", large)
	}
}

func anyMatches(t *testing.T, pattern string, names []string) bool {
	t.Helper()
	for _, name := range names {
		ok, err := path.Match(pattern, name)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return true
		}
	}
	return false
}
