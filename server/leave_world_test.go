package server_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/sqlite"
	"caseway/server"
	"caseway/server/app"
	"caseway/server/cases"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
	"caseway/server/operation"
)

// leaveWorld is a server with a store in which much is to be had.
type leaveWorld struct {
	*testing.T
	server  *server.Server
	address string
	engine  *interaction.Session
	memory  *budget.Memory
	inUse   func() int64    // connections of the store
	left    int             // clients
	large   map[string]bool // routes with answers of more than a MiB
	costly  map[string]bool // routes that take much CPU
	resting map[string]int  // goroutines of the server that nobody asked for, by what began them
}

func newLeaveWorld(t *testing.T, data store.Store) *leaveWorld {
	t.Helper()
	w := &leaveWorld{T: t, large: map[string]bool{}, costly: map[string]bool{}, memory: budget.NewMemory(256 << 20)}
	switch s := data.(type) {
	case *sqlite.Store:
		w.inUse = func() int64 { return int64(s.Stats().ReadersBusy + s.Stats().Waiting) }
	case *mongo.Store:
		w.inUse = func() int64 { return s.PoolStats().InUse + s.PoolStats().Waiting }
	}
	r4 := definition.R4()
	guard := rules.New(rules.Config{Schema: r4, Open: true})
	engine, err := interaction.New(interaction.Config{
		Store: data, Schema: r4, ResourceTypes: r4.ResourceTypes(), Builtin: operation.Definitions(), Memory: w.memory,
		Guards: []interaction.Guard{guard}, Compartments: []interaction.Compartment{membership.Compartment()},
	})
	if err != nil {
		t.Fatal(err)
	}
	keepIndexed(t, engine)
	w.engine = engine.As(nil)
	w.server, err = server.New(server.Config{
		Engine: w.engine, Store: data, ResourceTypes: r4.ResourceTypes(), Memory: w.memory, Cases: &cases.Config{Guard: guard, Caller: w.engine, Server: w.engine}, App: app.Handler(),
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	background(t, func(ctx context.Context) { _ = w.server.Serve(ctx, l, server.Timeouts{}, nil) })
	w.fill()
	do(t, "GET", "http://"+w.address+"/fhir/metadata", "") // begins what runs from the first request on
	plainClient.CloseIdleConnections()
	time.Sleep(time.Second)
	w.resting = goroutines()
	return w
}

// fill stores 24 observations of half a MiB, one of them in several versions, a
// case, and definitions that are costly to apply.
func (w *leaveWorld) fill() {
	w.Helper()
	for i := range 24 {
		w.put(fmt.Sprintf("Observation/o%d", i), largeObservation(fmt.Sprintf("o%d", i), 1<<19))
	}
	for i := range 8 {
		w.put("Observation/o1", largeObservation("o1", 1<<19+i))
	}
	action := `{"title":"a","condition":[{"kind":"applicability","expression":{"language":"text/fhirpath","expression":` +
		`"(1|2|3|4|5|6|7|8|9).select((1|2|3|4|5|6|7|8|9)).select((1|2|3|4|5|6|7|8|9)).select((1|2|3|4|5|6|7|8|9)).count() > 0"}}]}`
	for key, text := range map[string]string{
		"Patient/p":                 `{"resourceType":"Patient","id":"p"}`,
		"EpisodeOfCare/e":           `{"resourceType":"EpisodeOfCare","id":"e","status":"active","patient":{"reference":"Patient/p"}}`,
		"CarePlan/c":                `{"resourceType":"CarePlan","id":"c","status":"active","intent":"plan","subject":{"reference":"Patient/p"}}`,
		"PlanDefinition/heavy":      `{"resourceType":"PlanDefinition","id":"heavy","status":"active","action":[` + action + strings.Repeat(","+action, 999) + `]}`,
		"ActivityDefinition/a":      `{"resourceType":"ActivityDefinition","id":"a","status":"active","kind":"Task"}`,
		"SearchParameter/surety":    `{"resourceType":"SearchParameter","id":"surety","url":"http://example.org/surety","name":"surety","status":"active","description":"x","code":"surety","base":["Patient"],"type":"string","expression":"Patient.name.family"}`,
		"Goal/g":                    `{"resourceType":"Goal","id":"g","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/p"}}`,
		"EpisodeOfCare/without-use": `{"resourceType":"EpisodeOfCare","id":"without-use","status":"planned","patient":{"reference":"Patient/p"}}`,
	} {
		w.put(key, text)
	}
}

func largeObservation(id string, size int) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"` + id + `"},"category":[{"coding":[{"code":"large"}]}],` +
		`"subject":{"reference":"Patient/p"},"note":[{"text":"` + strings.Repeat("x", size) + `"}]}`
}

func (w *leaveWorld) put(key, text string) {
	w.Helper()
	typ, id, _ := strings.Cut(key, "/")
	if _, err := w.engine.Update(w.Context(), interaction.UpdateRequest{Key: fhir.Key{Type: typ, ID: id}, Body: []byte(text)}); err != nil {
		w.Fatalf("%s: %v", key, err)
	}
}

// awaitRest waits until the server holds nothing and does nothing for clients
// that have left, and tells what it still has where that takes too long.
func (w *leaveWorld) awaitRest(after string) {
	w.Helper()
	var still string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if still = w.unrest(); still == "" {
			return
		}
	}
	w.Fatalf("after %s the server still has %s", after, still)
}

func (w *leaveWorld) unrest() string {
	if held := w.memory.Held(); held != 0 {
		return fmt.Sprintf("%d bytes that clients hold", held)
	}
	if n := w.inUse(); n != 0 {
		return fmt.Sprintf("%d connections of the store in use", n)
	}
	for began, n := range goroutines() {
		if n > w.resting[began] {
			return fmt.Sprintf("%d goroutines, and %d at first, begun by\n%s", n, w.resting[began], began)
		}
	}
	return ""
}

// goroutines counts those that run code of the server, by what began them. One
// that only waits for a while before it closes a connection, as net/http does,
// holds nothing.
func goroutines() map[string]int {
	text := make([]byte, 8<<20)
	text = text[:runtime.Stack(text, true)]
	counts := map[string]int{}
	for stack := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		ofServer := strings.Contains(stack, "http.(*conn).serve") || strings.Contains(stack, "caseway/") && !strings.Contains(stack, "caseway/server_test.")
		if !ofServer || strings.Contains(stack, "http.(*conn).closeWriteAndWait") {
			continue
		}
		lines := strings.Split(stack, "\n")
		began, _, _ := strings.Cut(lines[max(len(lines)-2, 0)], " in goroutine ")
		counts[began]++
	}
	return counts
}

// awaitIdle waits until the process uses next to no CPU: what is still computed
// for nobody would show here, whatever does it.
func (w *leaveWorld) awaitIdle() {
	w.Helper()
	const window, little = 200 * time.Millisecond, 40 * time.Millisecond
	var used time.Duration
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		before := cpu(w.T)
		time.Sleep(window)
		if used = cpu(w.T) - before; used <= little {
			return
		}
	}
	w.Errorf("the process still uses %v of CPU in %v", used, window)
}

// cpu is what this process has used.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
