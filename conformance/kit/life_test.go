package kit_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// TestBackupWhileWritersRun takes a backup in the middle of writing. A server
// on the copy must show every version that was acknowledged before.
func TestBackupWhileWritersRun(t *testing.T) {
	dir := t.TempDir()
	store, copied := "sqlite:"+filepath.Join(dir, "caseway.db"), filepath.Join(dir, "copy.db")
	p := start(t, kit.Launch{Store: store})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := &ledger{resources: map[string]*resource{}}
	writers := make([]*writer, clients)
	var wg sync.WaitGroup
	var ready sync.WaitGroup
	ready.Add(clients)
	for i := range writers {
		w := &writer{name: "backup" + string(rune('a'+i)), client: kit.NewClient(p.Base), rng: rand.New(rand.NewPCG(uint64(i), 3))}
		writers[i] = w
		wg.Go(func() {
			for range 40 {
				if err := w.step(ctx); err != nil {
					t.Error(err)
				}
			}
			snapshot(w)
			ready.Done()
			if err := w.run(ctx); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	ready.Wait()
	out, err := exec.Command(binary(t), "backup", "--store", store, copied).CombinedOutput()
	cancel()
	wg.Wait()
	if err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	for _, w := range writers {
		for _, r := range w.snapshot {
			before.resources[r.key] = r
		}
	}
	f := wholeHistory(t, kit.NewClient(start(t, kit.Launch{Store: "sqlite:" + copied}).Base))
	for key, r := range before.resources {
		for i, want := range r.versions {
			if got, there := f[key][int64(i+1)]; !there || !bytes.Equal(got.body, want.body) {
				t.Errorf("%s version %d was acknowledged before the backup and isn't in it", key, i+1)
			}
		}
	}
	if len(before.resources) == 0 {
		t.Error("nothing was written before the backup")
	}
}

// snapshot remembers what a writer knows now.
func snapshot(w *writer) {
	for _, r := range w.owned {
		w.snapshot = append(w.snapshot, &resource{key: r.key, versions: append([]version(nil), r.versions...)})
	}
}

// TestStopLetsRunningRequestsFinish sends half of a request, then SIGTERM,
// then the other half: it must be answered, and the process must end with 0.
func TestStopLetsRunningRequestsFinish(t *testing.T) {
	launch := kit.Launch{Store: "sqlite:" + t.TempDir() + "/caseway.db", Log: t.TempDir() + "/server.log"}
	p := start(t, launch)
	request := string(requestOf(http.MethodPut, p.Base+"/Patient/known", patient("known", "last")))
	conn, err := net.Dial("tcp", hostOf(p))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	half := len(request) - 50
	if _, err := io.WriteString(conn, request[:half]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until the server reads the body
	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop() }()
	time.Sleep(200 * time.Millisecond) // until the signal is there
	if _, err := io.WriteString(conn, request[half:]); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn) // ends with the connection
	if !strings.HasPrefix(string(answer), "HTTP/1.1 201") {
		t.Errorf("the running request got %.100q", answer)
	}
	if err := <-stopped; err != nil {
		t.Errorf("exit: %v\n%s", err, p.Output())
	}
	again := kit.NewClient(start(t, launch).Base)
	stillAnswers(t, again)
}

// TestHealthCommand asks by the binary itself, as the image's health check does.
func TestHealthCommand(t *testing.T) {
	p := start(t, kit.Launch{Store: "sqlite:" + t.TempDir() + "/caseway.db"})
	health := func() error {
		cmd := exec.Command(binary(t), "health")
		cmd.Env = append(cmd.Environ(), "CASEWAY_LISTEN="+hostOf(p))
		return cmd.Run()
	}
	if err := health(); err != nil {
		t.Errorf("a healthy server: %v", err)
	}
	p.Kill()
	if health() == nil {
		t.Error("a dead server is called healthy")
	}
}
