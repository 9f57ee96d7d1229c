package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// module is the prefix of our own import paths.
const module = "caseway"

// layers lists which packages may import which: a package imports only from
// lower layers and from its own group. The longest prefix that fits decides.
var layers = []struct {
	prefix string
	layer  int
}{
	{"docs", 0},
	{"deploy", 0},
	{"fhir", 0},
	{"mapping/casemodel", 0},
	{"fhir/embedded", 1},
	{"fhir/definition", 1},
	{"fhir/fhirpath", 1},
	{"fhir/fhirpatch", 2},
	{"fhir/search", 2},
	{"fhir/terminology", 3},
	{"fhir/snapshot", 2},
	{"fhir/packages", 2},
	{"fhir/validate", 4},
	{"fhir/store", 3},
	{"fhir/overlay", 3},
	{"fhir/builtin", 4},
	{"fhir/interaction/indexing", 5},
	{"fhir/interaction", 6},
	{"fhir/store/storetest", 7},
	{"fhir/store/sqlite", 8},
	{"fhir/store/mongo", 8},
	{"mapping", 8},
	{"auth", 8},
	{"conformance", 8},
	{"server/cases/membership", 9},
	{"server/cases/problem", 9},
	{"server/cases/form", 10},
	{"server/cases/assembly", 10},
	{"server/cases/rules", 11},
	{"server/cases/change", 12},
	{"server/cases", 13},
	{"server/cases/file", 14},
	{"server/cases/openapi", 15},
	{"server", 16},
	{"", 17}, // main
}

// fences keep a dependency where it belongs: an import whose path starts with
// what may stand only in packages under in.
var fences = []struct {
	what string
	in   []string
}{
	{"github.com/gin-gonic/gin", []string{"server"}},
	{"go.mongodb.org/mongo-driver", []string{"fhir/store/mongo"}},
	{"zombiezen.com/go/sqlite", []string{"fhir/store/sqlite"}},
	{"modernc.org/sqlite", []string{"fhir/store/sqlite"}},
	{"github.com/go-jose/go-jose", []string{"auth"}},
	{"github.com/coreos/go-oidc", []string{"auth"}},
	{"github.com/zitadel/oidc", []string{"auth"}},
	{"github.com/go-json-experiment/json", []string{"fhir"}},
	{"github.com/google/fhir", []string{"mapping"}},
	{"github.com/alecthomas/kong", []string{"server/command"}},
	{"net/http", []string{"server", "auth", "conformance"}},
	{"os/exec", []string{"conformance", "fhir/definition", "fhir/store/mongo/mongotest"}},
}

// source is one parsed Go file.
type source struct {
	path string // slashes, from the project's root
	pkg  string // folder, "" for the root
	file *ast.File
	set  *token.FileSet
	text string
}

// test reports whether the file is one of tests, and external whether it is in
// a _test package, which may import what it likes.
func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) external() bool { return strings.HasSuffix(s.file.Name.Name, "_test") }

func (s source) generated() bool { return ast.IsGenerated(s.file) }

func (s source) imports() []string {
	paths := make([]string, 0, len(s.file.Imports))
	for _, i := range s.file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, path)
	}
	return paths
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	set := token.NewFileSet()
	for path, text := range texts(t) {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		file, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{path: path, pkg: folder(path), file: file, set: set, text: text})
	}
	if len(all) < 20 {
		t.Fatalf("found only %d Go files", len(all))
	}
	return all
}

func folder(path string) string {
	if dir := filepath.ToSlash(filepath.Dir(path)); dir != "." {
		return dir
	}
	return ""
}

// placeOf gives a package's group and layer.
func placeOf(pkg string) (group string, layer int) {
	layer = -1
	for _, l := range layers {
		if under(pkg, l.prefix) && len(l.prefix) >= len(group) {
			group, layer = l.prefix, l.layer
		}
	}
	return group, layer
}

func under(pkg, prefix string) bool {
	return prefix == "" && pkg == "" || pkg == prefix || prefix != "" && strings.HasPrefix(pkg, prefix+"/")
}

func TestImportsPointOneWay(t *testing.T) {
	for _, s := range sources(t) {
		if s.external() {
			continue
		}
		group, layer := placeOf(s.pkg)
		if layer < 0 {
			t.Errorf("%s: package %s has no place in the layout", s.path, s.pkg)
			continue
		}
		for _, path := range s.imports() {
			own, ok := strings.CutPrefix(path, module+"/")
			if !ok {
				continue
			}
			if g, l := placeOf(own); g != group && l >= layer {
				t.Errorf("%s imports %s, which isn't below it", s.path, path)
			}
		}
	}
}

func TestDependenciesStayBehindTheirFences(t *testing.T) {
	for _, s := range sources(t) {
		if s.external() || s.test() && under(s.pkg, "server") {
			continue
		}
		for _, path := range s.imports() {
			for _, f := range fences {
				if (path == f.what || strings.HasPrefix(path, f.what+"/")) && !underAny(s.pkg, f.in) {
					t.Errorf("%s imports %s, which only %s may", s.path, path, strings.Join(f.in, ", "))
				}
			}
			if under(s.pkg, "mapping/casemodel") && strings.Contains(path, ".") {
				t.Errorf("%s imports %s: the case model needs the standard library only", s.path, path)
			}
		}
	}
}

func underAny(pkg string, prefixes []string) bool {
	for _, p := range prefixes {
		if under(pkg, p) {
			return true
		}
	}
	return false
}

// callers lists where a function of the standard library may be called.
var callers = map[string][]string{
	"os.Getenv":    {"server/command", "fhir/fhirtest", "fhir/store/mongo/mongotest"},
	"os.LookupEnv": {"server/command", "fhir/fhirtest", "fhir/store/mongo/mongotest"},
	"os.Environ":   {"server/command", "conformance/kit"},
	"os.Exit":      {"", "server/command", "fhir/definition"},
	"log.Fatal":    {"fhir/definition", "deploy/check"},
}

func TestOnlyTheConfigurationReadsTheEnvironment(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			name, ok := selector(n)
			if !ok {
				return true
			}
			if in, fenced := callers[name]; fenced && !underAny(s.pkg, in) {
				t.Errorf("%s uses %s", s.set.Position(n.Pos()), name)
			}
			if name == "time.Now" && under(s.pkg, "mapping") {
				t.Errorf("%s reads the clock: in mapping, time comes in as an argument", s.set.Position(n.Pos()))
			}
			return true
		})
	}
}

// selector gives "package.Name" of an expression that could be one.
func selector(n ast.Node) (string, bool) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	return x.Name + "." + sel.Sel.Name, true
}

// texts reads every file that could be part of the project, by its path from
// the root: not what git ignores by .gitignore, nor binary files.
func texts(t *testing.T) map[string]string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := d.Name(); {
		case name == ".git" && !d.IsDir(): // of a worktree
			return nil
		case d.IsDir() && (name == ".git" || name == ".build" || path == filepath.Join(root, "bin")):
			return fs.SkipDir
		case d.IsDir() || !d.Type().IsRegular() || name == ".git": // a file in a worktree
			return nil
		}
		return readText(all, root, path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
