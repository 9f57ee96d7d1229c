package command

import (
	"context"
	"log/slog"

	"caseway/auth/access"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/validate"
	"caseway/server"
	"caseway/server/audit"
	"caseway/server/cases"
	"caseway/server/cases/membership"
)

// deciders are what decides about a request and bears witness to it.
type deciders struct {
	engine    *interaction.Engine
	access    interaction.Access // nil: everything is allowed
	recorder  *audit.Recorder    // nil: nobody bears witness
	cases     *cases.Config
	validator *validate.Validator
}

// caller is the engine as clients have it.
func (d deciders) caller() *interaction.Session { return d.engine.As(d.access) }

// audited makes what bears witness to commits; nil where nobody does.
func (s Serve) audited(data store.Store, log *slog.Logger) (*audit.Recorder, []interaction.Guard) {
	if s.Login.none() && !s.AuditAnyway {
		return nil, nil
	}
	transactions := data.Transactional()
	recorder := audit.NewRecorder(definition.R4(), log, transactions)
	return recorder, []interaction.Guard{&audit.Guard{Schema: definition.R4(), Separately: !transactions, Recorder: recorder}}
}

// access decides what a principal may see and do.
func (s Serve) access(data store.Store, d deciders) (decides interaction.Access, err error) {
	if !s.Login.none() {
		decides, err = access.New(access.Config{
			Store: data, Schema: definition.R4(), Registry: d.engine.Registry, Base: fhirBase(s.BaseURL), Membership: membership.NewGuard(definition.R4()),
		})
	}
	if err != nil || d.recorder == nil {
		return decides, err
	}
	return audit.Access{Decides: decides, Reads: s.AuditReads}, nil
}

// run lets the recorder write until stop is called, which waits for what is in
// its queues and is to be called before the store closes.
func (d deciders) run(ctx context.Context, metrics *server.Metrics) (stop func()) {
	if d.recorder == nil {
		return func() {}
	}
	metrics.Audit(d.recorder)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.recorder.Run(ctx, d.engine.As(nil))
	}()
	return func() {
		cancel()
		<-ended
	}
}
