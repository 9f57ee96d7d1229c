package kit_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"caseway/conformance/kit"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the kill tests; 0 takes the clock")

// buildDir holds the binary that all tests of a run share.
var buildDir string

func TestMain(m *testing.M) {
	flag.Parse()
	if file := os.Getenv(bareVariable); file != "" {
		fmt.Fprintln(os.Stderr, serveBare(file, os.Getenv(bareVariable+"_LISTEN")))
		os.Exit(1)
	}
	if listen := os.Getenv(elsewhereVariable); listen != "" {
		fmt.Fprintln(os.Stderr, serveElsewhere(listen))
		os.Exit(1)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "caseway-kit")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	return m.Run()
}

var built = sync.OnceValues(func() (string, error) { return kit.Build(context.Background(), buildDir) })

// binary builds the server once a run.
func binary(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// start runs a server on a store until the test ends.
func start(t testing.TB, l kit.Launch) *kit.Process {
	t.Helper()
	l.Binary = binary(t)
	if l.Log == "" {
		l.Log = filepath.Join(t.TempDir(), "server.log")
	}
	p, err := kit.Start(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}
