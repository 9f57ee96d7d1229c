package kit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Build makes the server's binary in dir from the project that the working
// folder is part of, as `make build` does.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "caseway")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "caseway")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

// Launch says how to start a server.
type Launch struct {
	Binary string
	Store  string   // as for --store
	Args   []string // further flags of serve
	Env    []string // further environment, NAME=value
	Log    string   // file that what it prints is appended to
	Listen string   // "" takes a free port on loopback
}

// Process is one run of the binary.
type Process struct {
	Base    string // FHIR base URL
	Root    string // URL without a path
	PID     int
	Took    time.Duration // from its start to the first 200 on /metadata
	started time.Time
	log     string
	cmd     *exec.Cmd
	exited  chan struct{} // closed when it has ended
	err     error         // how it ended, once exited is closed
}

// startLimit is how long a server may take to answer at all.
const startLimit = 2 * time.Minute

// Start runs `caseway serve` and returns when /metadata answers with 200.
func Start(ctx context.Context, l Launch) (*Process, error) {
	p, err := Spawn(l)
	if err != nil {
		return nil, err
	}
	if err := p.await(ctx, p.Base+"/metadata"); err != nil {
		p.Kill()
		return nil, fmt.Errorf("%w\n%s", err, p.Output())
	}
	return p, nil
}

// Spawn runs `caseway serve` without waiting for an answer.
func Spawn(l Launch) (*Process, error) {
	listen := l.Listen
	if listen == "" {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		listen = "127.0.0.1:" + strconv.Itoa(port)
	}
	output, err := os.OpenFile(l.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	args := append([]string{"serve", "--listen", listen, "--store", l.Store}, l.Args...)
	cmd := exec.Command(l.Binary, args...)
	cmd.Env = append(withoutSettings(os.Environ()), l.Env...)
	cmd.Stdout, cmd.Stderr = output, output
	p := &Process{
		Root: "http://" + listen, Base: "http://" + listen + "/fhir",
		started: time.Now(), log: l.Log, cmd: cmd, exited: make(chan struct{}),
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p.PID = cmd.Process.Pid
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// withoutSettings drops the server's own settings, so that a developer's
// environment doesn't change what is tested.
func withoutSettings(environment []string) []string {
	kept := make([]string, 0, len(environment))
	for _, v := range environment {
		if !strings.HasPrefix(v, "CASEWAY_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// await asks url every few milliseconds until it answers with 200.
func (p *Process) await(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				p.Took = time.Since(p.started)
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer from %s: %w", url, ctx.Err())
		case <-p.exited:
			return fmt.Errorf("the server ended by itself: %w", errors.Join(p.err, errEnded))
		case <-time.After(2 * time.Millisecond):
		}
	}
}

var errEnded = errors.New("ended before it answered")

// Kill ends the process with SIGKILL and waits until it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails only where it has ended already
	<-p.exited
}

// Stop asks the process to end with SIGTERM and returns how it ended: nil for
// exit code 0.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.Wait(startLimit)
}

// Wait returns how the process ended.
func (p *Process) Wait(limit time.Duration) error {
	select {
	case <-p.exited:
		return p.err
	case <-time.After(limit):
		return fmt.Errorf("still running after %v", limit)
	}
}

// Output is what the process has printed so far.
func (p *Process) Output() string {
	text, _ := os.ReadFile(p.log) // for people: an error shows as nothing
	return string(text)
}

// FreePort finds a port on loopback that nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
