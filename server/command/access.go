package command

import (
	"context"
	"log/slog"

	"caseway/auth/access"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/server"
	"caseway/server/audit"
	"caseway/server/cases"
)

// witnesses are what decides about a request and bears witness to it.
type witnesses struct {
	access   interaction.Access
	guards   []interaction.Guard
	recorder *audit.Recorder // nil: nobody bears witness
	cases    *cases.Service
}

// witnesses makes them. registry gives the search parameters that are in use,
// which the engine knows once it is made.
func (s Serve) witnesses(data store.Store, registry func() *search.Registry, log *slog.Logger) (w witnesses, err error) {
	if !s.Login.none() {
		if w.access, err = s.access(data, registry); err != nil {
			return w, err
		}
	}
	if s.Login.none() && !s.AuditAnyway {
		return w, nil
	}
	t, ok := data.(store.Transactional)
	transactions := !ok || t.Transactional()
	w.recorder = audit.NewRecorder(log, transactions)
	w.access = audit.Witness{Access: w.access, Reads: s.AuditReads}
	w.guards = []interaction.Guard{&audit.Guard{Schema: definition.R4(), Separately: !transactions, Recorder: w.recorder}}
	return w, nil
}

// access decides what a principal may see and do.
func (s Serve) access(data store.Store, registry func() *search.Registry) (interaction.Access, error) {
	return access.New(access.Config{
		Store: data, Schema: definition.R4(), Registry: registry, Base: fhirBase(s.BaseURL),
	})
}

// run lets the recorder write until stop is called, which waits for what is in
// its queues and is to be called before the store closes.
func (w witnesses) run(ctx context.Context, engine *interaction.Engine, metrics *server.Metrics) (stop func()) {
	if w.recorder == nil {
		return func() {}
	}
	metrics.Audit(w.recorder)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.recorder.Run(ctx, engine)
	}()
	return func() {
		cancel()
		<-ended
	}
}
