package server

import (
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"caseway/fhir/interaction"
	"caseway/server/audit"
)

// Metrics counts requests and store operations for Prometheus. Labels take
// few values: interactions, resource types that exist, statuses.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	latency  []prometheus.Observer // by place in counted
	none     typeCounts            // of requests without a resource type
	handler  http.Handler

	storeOps    *prometheus.HistogramVec
	storeErrors *prometheus.CounterVec
}

// counted are the values of the label interaction; "none" is the last.
var counted = []interaction.Name{
	interaction.Read, interaction.VRead, interaction.Create, interaction.Update, interaction.Patch, interaction.Delete,
	interaction.HistoryInstance, interaction.HistoryType, interaction.HistorySystem,
	interaction.SearchType, interaction.SearchSystem, interaction.Operation,
	interaction.Transaction, "capabilities", "none",
}

// countedStatuses are the values of the label status; 0 stands for all others.
var countedStatuses = []int{
	200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 429,
	statusClientGone, 500, 503, 0,
}

// latencyBuckets reach from a read in memory to what a client gives up on.
var latencyBuckets = []float64{
	.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30,
}

// typeCounts are the counters of one resource type, found without hashing
// labels. Safe for concurrent use.
type typeCounts struct {
	cells atomic.Pointer[[]atomic.Pointer[countCell]]
}

type countCell struct{ counter prometheus.Counter }

// NewMetrics makes an empty set of metrics with its own registry.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "caseway_requests_total", Help: "Requests by interaction, resource type and status.",
		}, []string{"interaction", "type", "status"}),
		storeOps: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "caseway_store_seconds", Help: "Time that the store took, by operation.", Buckets: latencyBuckets,
		}, []string{"operation"}),
		storeErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "caseway_store_errors_total", Help: "Operations of the store that failed, conflicts among them.",
		}, []string{"operation"}),
	}
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "caseway_request_seconds", Help: "Time from a request's header to the end of its answer.", Buckets: latencyBuckets,
	}, []string{"interaction"})
	m.registry.MustRegister(m.requests, latency, m.storeOps, m.storeErrors, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, name := range counted {
		m.latency = append(m.latency, latency.WithLabelValues(label(name)))
	}
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
	return m
}

// StoreOperation counts an operation of the store; stores take it as their
// Observe option.
func (m *Metrics) StoreOperation(operation string, took time.Duration, err error) {
	m.storeOps.WithLabelValues(operation).Observe(took.Seconds())
	if err != nil {
		m.storeErrors.WithLabelValues(operation).Inc()
	}
}

// Pool shows a number of the store's pool, such as "in_use", asked for when
// metrics are read.
func (m *Metrics) Pool(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "caseway_store_pool_" + name, Help: help,
	}, value))
}

// Audit shows how a Recorder of AuditEvents is doing.
func (m *Metrics) Audit(r *audit.Recorder) {
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "caseway_audit_lost_total", Help: "AuditEvents that were not written, since there were more than could be.",
		}, func() float64 { return float64(r.Lost()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "caseway_audit_waiting", Help: "AuditEvents that wait to be written.",
		}, func() float64 { return float64(r.Waiting()) }),
	)
}

// slotOf is an interaction's place in counted.
func slotOf(name interaction.Name) int {
	if i := slices.Index(counted, name); i >= 0 {
		return i
	}
	return len(counted) - 1
}

// label names an interaction in metrics: which of batch and transaction a
// bundle is, only the engine learns.
func label(name interaction.Name) string {
	if name == interaction.Transaction {
		return "bundle"
	}
	return string(name)
}

// count adds a request to the counters and the latency.
func (m *Metrics) count(slot int, typ *resourceType, status int, took time.Duration) {
	counts, name := &m.none, ""
	if typ != nil {
		counts, name = &typ.counts, typ.name
	}
	at := slices.Index(countedStatuses, status)
	if at < 0 {
		at = len(countedStatuses) - 1
	}
	cell := counts.cell(slot*len(countedStatuses) + at)
	c := cell.Load()
	if c == nil {
		c = &countCell{m.requests.WithLabelValues(label(counted[slot]), name, statusLabel(at))}
		cell.Store(c)
	}
	c.counter.Inc()
	m.latency[slot].Observe(took.Seconds())
}

func (t *typeCounts) cell(at int) *atomic.Pointer[countCell] {
	cells := t.cells.Load()
	if cells == nil {
		fresh := make([]atomic.Pointer[countCell], len(counted)*len(countedStatuses))
		t.cells.CompareAndSwap(nil, &fresh)
		cells = t.cells.Load()
	}
	return &(*cells)[at]
}

func statusLabel(at int) string {
	if countedStatuses[at] == 0 {
		return "other"
	}
	return strconv.Itoa(countedStatuses[at])
}

// metrics is GET /metrics. Where there is a login it is for administrators, and
// for this machine: who can connect from loopback. Behind a proxy, which
// does that for everybody, it is for administrators alone.
func metrics(x *exchange) error {
	if x.server.login != nil && !x.fromHere() {
		if err := x.identifyAdministrator(); err != nil {
			return err
		}
	}
	x.c.Writer.Header().Set("Cache-Control", "no-store")
	x.server.metrics.handler.ServeHTTP(x.c.Writer, x.c.Request)
	return nil
}
