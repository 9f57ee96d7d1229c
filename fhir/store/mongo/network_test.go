package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo/mongotest"
)

// network stands between a store and its server.
type network struct {
	t     *testing.T
	proxy *toxiproxy.Proxy
}

// behindNetwork opens a store whose connections all go through a network.
func behindNetwork(t *testing.T, in *mongotest.Instance, settings string) (store.Store, *network) {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(server, "mongodb", "127.0.0.1:0", in.Addr())
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	uri := strings.Replace(in.URI, in.Addr(), proxy.Listen, 1) + "?directConnection=true" + settings
	return opened(t, uri), &network{t, proxy}
}

// fail adds a fault and returns what takes it away.
func (n *network) fail(fault string) (mend func()) {
	n.t.Helper()
	toxic, err := n.proxy.Toxics.AddToxicJson(strings.NewReader(fault))
	if err != nil {
		n.t.Fatal(err)
	}
	return func() {
		if err := n.proxy.Toxics.RemoveToxic(context.Background(), toxic.Name); err != nil {
			n.t.Error(err)
		}
	}
}

// TestCutConnections: whatever is cut on the way, and whenever, a commit that
// was acknowledged stays, one that failed says that the store is away, and no
// retry makes a write of its own look like somebody else's.
func TestCutConnections(t *testing.T) {
	in := mongotest.Server(t)
	s, net := behindNetwork(t, in, "")
	var j journal
	ctx, cancel := context.WithCancel(t.Context())
	strange := make(chan error, 8)
	for w := range 8 {
		go func() { strange <- j.writeFresh(ctx, s, fmt.Sprint(w)) }()
	}
	rounds := 25
	if testing.Short() {
		rounds = 8
	}
	for range rounds {
		j.waitFor(t, j.count()+5)
		stream := [...]string{"upstream", "downstream"}[rand.N(2)]
		mend := net.fail(fmt.Sprintf(`{"type":"limit_data","stream":%q,"attributes":{"bytes":%d}}`, stream, rand.N(20_000)))
		time.Sleep(rand.N(30 * time.Millisecond))
		mend()
	}
	j.waitFor(t, j.count()+50)
	cancel()
	for range 8 {
		if err := <-strange; err != nil {
			t.Error(err)
		}
	}
	j.check(t, opened(t, in.URI))
	t.Logf("%d versions acknowledged", j.count())
}

// writeFresh writes resources that nobody else writes, and returns the first
// error that doesn't mean that the store is away.
func (j *journal) writeFresh(ctx context.Context, s store.Store, name string) error {
	for i := 0; ctx.Err() == nil; i++ {
		a, b := patient(fmt.Sprintf("%s-%d-a", name, i)), patient(fmt.Sprintf("%s-%d-b", name, i))
		for n, c := range []store.Commit{
			{Writes: []store.Write{put(a, 0, i)}},
			{Writes: []store.Write{put(a, 1, i), put(b, 0, i)}},
		} {
			versions, err := s.Commit(ctx, c)
			if err != nil && ctx.Err() == nil && !isKind(err, fhir.Transient) {
				return fmt.Errorf("commit %d of %s: %w", n, a, err)
			}
			if err != nil {
				break
			}
			j.note(versions)
		}
	}
	return nil
}

// TestSilentNetwork: a network that swallows everything doesn't hold a caller
// for much longer than it wants, nor a commit beyond the life of its stamp.
func TestSilentNetwork(t *testing.T) {
	s, net := behindNetwork(t, mongotest.Server(t), "&serverSelectionTimeoutMS=1000")
	commit(t, s, put(patient("1"), 0, 1))
	mend := net.fail(`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for name, op := range eachOperation(s) {
		if err := op(ctx); !errors.Is(err, context.DeadlineExceeded) && name != "check" {
			t.Errorf("%s with a context that ends: %v", name, err)
		}
	}
	for _, w := range []store.Write{put(patient("2"), 0, 1), put(patient("1"), 1, 2)} {
		if _, err := s.Commit(t.Context(), store.Commit{Writes: []store.Write{w}}); !isKind(err, fhir.Transient) {
			t.Errorf("commit into silence: %v", err)
		}
	}
	mend()
	eventually(t, func() error { return s.Check(t.Context()) })
	commit(t, s, put(patient("1"), store.AnyVersion, 3))
}
