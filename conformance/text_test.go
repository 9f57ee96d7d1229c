package conformance

import (
	"bytes"
	"errors"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readText adds a text file of at most 1 MB to all.
func readText(all map[string]string, root, path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) { // a store's journal, gone since the walk saw it
		return nil
	}
	if err != nil {
		return err
	}
	if len(data) > 1<<20 || bytes.IndexByte(data, 0) >= 0 {
		return nil
	}
	name, err := filepath.Rel(root, path)
	all[filepath.ToSlash(name)] = string(data)
	return err
}

// The sizes that keep a room liveable; data files hold what would make a
// test longer.
const (
	maxFile     = 400 // lines
	maxTestFile = 600
	maxFunction = 60
)

func TestFilesAndFunctionsStayShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.generated() {
			continue
		}
		limit := maxFile
		if s.test() {
			limit = maxTestFile
		}
		if n := strings.Count(s.text, "\n"); n > limit {
			t.Errorf("%s has %d lines, more than %d", s.path, n, limit)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.test() {
				continue
			}
			from, to := s.set.Position(f.Pos()).Line, s.set.Position(f.End()).Line
			if to-from+1 > maxFunction {
				t.Errorf("%s:%d: %s has %d lines, more than %d", s.path, from, f.Name.Name, to-from+1, maxFunction)
			}
		}
	}
}

func TestPackagesAndExportedNamesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		if s.generated() {
			continue
		}
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s isn't documented", s.set.Position(d.Pos()), name)
			}
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s/%s has no package comment", module, pkg)
		}
	}
}

// undocumented lists the exported names of a declaration that no comment
// introduces: of its own, of its group, or behind it on its line.
func undocumented(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || !wellKnown[d.Name.Name]) && exportedReceiver(d) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					names = append(names, spec.Name.Name)
				}
			case *ast.ValueSpec:
				if spec.Names[0].IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					names = append(names, spec.Names[0].Name)
				}
			}
		}
	}
	return names
}

// wellKnown are methods whose meaning their interface in the standard library
// gives.
var wellKnown = map[string]bool{
	"Error": true, "String": true, "Unwrap": true, "Close": true, "Read": true, "Write": true,
	"ServeHTTP": true, "Len": true, "Less": true, "Swap": true, "MarshalJSON": true, "UnmarshalJSON": true, "Help": true,
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return ast.IsExported(name)
}

// unspeakable is what no file may name: paths of one machine, and hosts of
// package registries, which every machine has its own mirrors of. Written in
// pieces, so that this file doesn't name them either.
var unspeakable = regexp.MustCompile(strings.Join([]string{
	`(^|[^\w.])/(work` + `|root` + `|home/\w+)/`,
	`/opt` + `/`,
	`proxy\.golang` + `\.org`,
	`sum\.golang` + `\.org`,
	`crates` + `\.io`,
	`repo1?\.maven` + `\.`,
	`registry\.npmjs` + `\.`,
	`pypi` + `\.org`,
	`(deb|security)\.debian` + `\.org`,
}, "|"))

func TestNoFileNamesAMachineOrARegistry(t *testing.T) {
	for path, text := range texts(t) {
		for i, line := range strings.Split(text, "\n") {
			if found := unspeakable.FindString(line); found != "" {
				t.Errorf("%s:%d names %q", path, i+1, found)
			}
		}
	}
}

// TestTopLevelStaysSmall holds the set of names at the top: a newcomer sees the
// whole shape at once.
func TestTopLevelStaysSmall(t *testing.T) {
	may := map[string]bool{
		"main.go": true, "server": true, "fhir": true, "mapping": true, "auth": true, "conformance": true, "go.mod": true,
		"go.sum": true, "Dockerfile": true, "README.md": true, "Makefile": true, "LICENSE": true, "CHANGELOG.md": true,
		"docs": true, "deploy": true, "CONTRIBUTING.md": true, "SECURITY.md": true,
	}
	for path := range texts(t) {
		top, _, _ := strings.Cut(path, "/")
		if !may[top] && !strings.HasPrefix(top, ".") && !strings.Contains(top, ".db") {
			t.Errorf("%s: %s doesn't belong at the top level", path, top)
		}
	}
}
