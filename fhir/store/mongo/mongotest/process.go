package mongotest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// startTimeout is how long a server may take until it accepts writes.
const startTimeout = 60 * time.Second

// process is a server on files and a port that stay the same when it is
// started again.
type process struct {
	program  program
	options  Options
	dir      string
	port     int
	prepared bool // replica set and user are made

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	output bytes.Buffer // of the latest run; to be read after exited
}

// folderPrefix is followed by the process id of the test binary.
const folderPrefix = "caseway-mongotest-"

func newProcess(t testing.TB, o Options) *process {
	t.Helper()
	p := &process{program: findProgram(t), options: o}
	sweep()
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
	if err != nil {
		t.Fatalf("folder for the test server: %v", err)
	}
	p.dir = dir
	p.port = freePort(t)
	return p
}

// sweep removes what test binaries left behind that ended without cleaning up.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	for _, dir := range dirs {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), folderPrefix), "-")
		n, err := strconv.Atoi(pid)
		if err != nil || n == os.Getpid() {
			continue
		}
		if err := syscall.Kill(n, 0); errors.Is(err, syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("free port: %v", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func (p *process) addr() string { return "127.0.0.1:" + strconv.Itoa(p.port) }

func (p *process) uri() string {
	if p.options.Auth {
		return "mongodb://" + User + ":" + Password + "@" + p.addr() + "/"
	}
	return "mongodb://" + p.addr() + "/"
}

func (p *process) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// start runs the server and waits until it takes writes.
func (p *process) start(t testing.TB) {
	t.Helper()
	if p.running() {
		t.Fatal("the test server runs already")
	}
	if err := p.launch(); err != nil {
		t.Fatalf("start %s: %v", p.program.path, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := p.prepare(ctx); err != nil {
		p.kill()
		t.Fatalf("%s doesn't get ready: %v\n%s", p.program.path, err, p.output.String())
	}
}

// launch starts the process from a thread that lives as long as the test
// binary: on Linux the kernel ends the server with that thread.
func (p *process) launch() error {
	args, err := p.args()
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output.Reset()
	p.cmd = exec.Command(p.program.path, args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.Dir = p.dir
	dieWithParent(p.cmd)
	cmd, exited := p.cmd, make(chan struct{})
	p.exited = exited
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // the thread is kept for as long as the server runs
		close(exited)
	}()
	if err := <-started; err != nil {
		p.cmd = nil
		return err
	}
	return nil
}

func (p *process) args() ([]string, error) {
	data := filepath.Join(p.dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	if p.program.mongod {
		return p.mongodArgs(data)
	}
	args := []string{
		"--host", "127.0.0.1", "--port", strconv.Itoa(p.port), "--storage-path", data,
		"--sync-on-commit", "--cache-size", "1G", "--log-file-max", "64MB", "--log-level", "WARNING",
	}
	if p.options.Standalone {
		args = append(args, "--standalone")
	}
	if p.options.Auth {
		args = append(args, "--auth")
	}
	return args, nil
}

func (p *process) mongodArgs(data string) ([]string, error) {
	args := []string{
		"--bind_ip", "127.0.0.1", "--port", strconv.Itoa(p.port), "--dbpath", data,
		"--wiredTigerCacheSizeGB", "0.25", "--nounixsocket", "--quiet",
	}
	if !p.options.Standalone {
		args = append(args, "--replSet", "test", "--oplogSize", "256")
	}
	if !p.options.Auth {
		return args, nil
	}
	args = append(args, "--auth")
	if p.options.Standalone {
		return args, nil
	}
	key := filepath.Join(p.dir, "key")
	return append(args, "--keyFile", key), os.WriteFile(key, []byte("a key that members of the test set share"), 0o400)
}

// prepare makes a replica set of a fresh mongod and the user of a server with
// logins, and waits until the server is a primary or a standalone one.
func (p *process) prepare(ctx context.Context) error {
	c, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + p.addr() + "/?directConnection=true"))
	if err != nil {
		return err
	}
	defer func() { _ = c.Disconnect(context.Background()) }()
	admin := c.Database("admin")
	if err := p.until(ctx, func() error { return admin.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Err() }); err != nil {
		return err
	}
	if p.program.mongod && !p.options.Standalone && !p.prepared {
		member := bson.D{{Key: "_id", Value: 0}, {Key: "host", Value: p.addr()}}
		config := bson.D{{Key: "_id", Value: "test"}, {Key: "members", Value: bson.A{member}}}
		if err := admin.RunCommand(ctx, bson.D{{Key: "replSetInitiate", Value: config}}).Err(); err != nil {
			return err
		}
	}
	if err := p.until(ctx, func() error { return writable(ctx, admin) }); err != nil {
		return err
	}
	if p.options.Auth && !p.prepared {
		create := bson.D{{Key: "createUser", Value: User}, {Key: "pwd", Value: Password}, {Key: "roles", Value: bson.A{"root"}}}
		if err := admin.RunCommand(ctx, create).Err(); err != nil {
			return err
		}
	}
	p.prepared = true
	return nil
}

func writable(ctx context.Context, admin *mongo.Database) error {
	var hello struct {
		IsWritablePrimary bool `bson:"isWritablePrimary"`
	}
	if err := admin.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return err
	}
	if !hello.IsWritablePrimary {
		return errors.New("it takes no writes")
	}
	return nil
}

// until tries again until try succeeds, the server ends or ctx does.
func (p *process) until(ctx context.Context, try func() error) error {
	for {
		err := try()
		if err == nil {
			return nil
		}
		if !p.running() {
			return errors.New("it ended by itself")
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *process) stop() { p.end(syscall.SIGTERM) }
func (p *process) kill() { p.end(syscall.SIGKILL) }

// end sends a signal and waits until the process is gone.
func (p *process) end(sig syscall.Signal) {
	p.mu.Lock()
	cmd, exited := p.cmd, p.exited
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(sig)
	select {
	case <-exited:
	case <-time.After(startTimeout):
		_ = cmd.Process.Kill()
		<-exited
	}
}

func (p *process) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		t.Fatal("the test server doesn't run")
	}
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("signal to the test server: %v", err)
	}
}
