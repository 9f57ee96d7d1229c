package mongotest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is a server binary on this machine.
type program struct {
	path   string
	mongod bool // otherwise it is the stand-in
}

const absent = "no MongoDB for tests: install mongod, run `make tools`, or set CASEWAY_TEST_MONGODB or CASEWAY_SECANTUSD"

// findProgram skips the test where there is none, or fails it when CI=true.
func findProgram(t testing.TB) program {
	t.Helper()
	if path, err := exec.LookPath("mongod"); err == nil {
		return program{path: path, mongod: true}
	}
	for _, path := range standIns() {
		if found, err := exec.LookPath(path); err == nil {
			return program{path: found}
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(absent)
	}
	t.Skip("skipped: " + absent)
	return program{}
}

func standIns() []string {
	var paths []string
	if path := os.Getenv("CASEWAY_SECANTUSD"); path != "" {
		paths = append(paths, path)
	}
	if root := projectRoot(); root != "" {
		paths = append(paths, filepath.Join(root, ".build", "secantus", "bin", "secantusd-rs"))
	}
	return append(paths, "secantusd-rs")
}

// projectRoot is the nearest folder with a go.mod, from the test's upwards.
func projectRoot() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	return ""
}
