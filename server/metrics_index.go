package server

import (
	"caseway/fhir/interaction/indexing"

	"github.com/prometheus/client_golang/prometheus"
)

// Index shows how far the search index is.
func (m *Metrics) Index(progress func() indexing.Progress) {
	show := func(name, help string, value func(indexing.Progress) int64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "caseway", Subsystem: "index", Name: name, Help: help,
		}, func() float64 { return float64(value(progress())) }))
	}
	show("generation", "Generation of the search parameters that resources are to be indexed by.",
		func(p indexing.Progress) int64 { return p.Generation })
	show("opened_generation", "Generation that searches use; less than caseway_index_generation while resources are indexed anew.",
		func(p indexing.Progress) int64 { return p.Opened })
	show("resources_done", "Resources that were indexed for the generation.",
		func(p indexing.Progress) int64 { return p.Done })
	show("resources_total", "About how many resources are to be indexed for the generation.",
		func(p indexing.Progress) int64 { return p.Total })
}
