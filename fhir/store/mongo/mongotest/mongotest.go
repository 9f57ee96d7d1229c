// Package mongotest gives tests a MongoDB server to work with. Only tests
// import it.
//
// The server is, in this order: the one that CASEWAY_TEST_MONGODB names by its
// URI; a mongod from the PATH, run as a replica set of one; or the stand-in
// secantusd-rs, which speaks MongoDB's protocol, found by CASEWAY_SECANTUSD,
// below .build/secantus in the project, or on the PATH. Where there is none
// the test is skipped, but fails when CI=true, so that a run that matters
// can't leave it out unseen.
//
// [Server] shares one process among the tests of a package; each gets a
// database of its own. [Own] starts a process that the test may stop, kill and
// start again. No process outlives the test binary.
package mongotest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Instance is a MongoDB server with a database for one test.
type Instance struct {
	URI      string // of the test's database
	Database string // its name
	Options  Options

	process *process // nil for a server that somebody else runs
}

// Options say what kind of server Own starts.
type Options struct {
	Standalone bool // no replica set: no transactions, no change streams
	Auth       bool // logins are required: User and Password get in
}

// User and Password are the login of an instance with Options.Auth.
const (
	User     = "caseway"
	Password = "pass-word-of-the-test"
)

var shared struct {
	sync.Mutex
	process *process
}

// Server gives the shared server with a database that is empty, and dropped
// when the test ends.
func Server(t testing.TB) *Instance {
	t.Helper()
	if uri := os.Getenv("CASEWAY_TEST_MONGODB"); uri != "" {
		return withDatabase(t, uri, nil)
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.process == nil || !shared.process.running() {
		p := newProcess(t, Options{})
		p.start(t)
		shared.process = p
	}
	return withDatabase(t, shared.process.uri(), nil)
}

// Own starts a server for this test alone. It ends with the test.
func Own(t testing.TB, o Options) *Instance {
	t.Helper()
	p := newProcess(t, o)
	p.start(t)
	t.Cleanup(func() {
		p.kill()
		_ = os.RemoveAll(p.dir)
	})
	in := withDatabase(t, p.uri(), p)
	in.Options = o
	return in
}

// Stop ends the server in an orderly way and waits until it is gone.
func (in *Instance) Stop(t testing.TB) {
	t.Helper()
	in.own(t).stop()
}

// Kill ends the server at once, as a power cut would end it.
func (in *Instance) Kill(t testing.TB) {
	t.Helper()
	in.own(t).kill()
}

// StandIn reports whether the server only speaks MongoDB's protocol.
func (in *Instance) StandIn() bool { return in.process != nil && !in.process.program.mongod }

// Freeze lets the server stand still, as a machine that hangs does: connections
// stay open, and nothing is answered.
func (in *Instance) Freeze(t testing.TB) {
	t.Helper()
	in.own(t).signal(t, syscall.SIGSTOP)
	c := in.Client(t)
	for silent := false; !silent; {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		silent = c.Ping(ctx, nil) != nil
		cancel()
	}
}

// Thaw lets a server that stands still go on.
func (in *Instance) Thaw(t testing.TB) {
	t.Helper()
	in.own(t).signal(t, syscall.SIGCONT)
}

// Start starts the server again at the same address and on the same files, and
// waits until it takes writes.
func (in *Instance) Start(t testing.TB) {
	t.Helper()
	in.own(t).start(t)
}

// Restart is Stop and Start.
func (in *Instance) Restart(t testing.TB) {
	t.Helper()
	in.Stop(t)
	in.Start(t)
}

// Addr is the server's address, host:port.
func (in *Instance) Addr() string {
	u, err := url.Parse(in.URI)
	if err != nil {
		return ""
	}
	return u.Host
}

// Client connects to the server by the bare driver; the connection ends with
// the test.
func (in *Instance) Client(t testing.TB) *mongo.Client {
	t.Helper()
	c, err := mongo.Connect(options.Client().ApplyURI(in.URI))
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	t.Cleanup(func() { _ = c.Disconnect(context.Background()) })
	return c
}

func (in *Instance) own(t testing.TB) *process {
	t.Helper()
	if in.process == nil {
		t.Fatal("a shared server can't be stopped: use mongotest.Own")
	}
	return in.process
}

// withDatabase makes up a database name and drops the database in the end.
func withDatabase(t testing.TB, server string, p *process) *Instance {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("the test server's URI can't be read: %v", err)
	}
	name := databaseName()
	u.Path = "/" + name
	if q := u.Query(); u.User != nil && q.Get("authSource") == "" {
		q.Set("authSource", "admin")
		u.RawQuery = q.Encode()
	}
	in := &Instance{URI: u.String(), Database: name, process: p}
	if p == nil {
		t.Cleanup(func() { in.drop(t) })
	}
	return in
}

func (in *Instance) drop(t testing.TB) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // a busy disk can hold it up
	defer cancel()
	c, err := mongo.Connect(options.Client().ApplyURI(in.URI))
	if err != nil {
		t.Errorf("connect to drop the test's database: %v", err)
		return
	}
	defer func() { _ = c.Disconnect(ctx) }()
	if err := c.Database(in.Database).Drop(ctx); err != nil {
		t.Errorf("drop the test's database: %v", err)
	}
}

func databaseName() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return "caseway_test_" + hex.EncodeToString(b[:])
}
