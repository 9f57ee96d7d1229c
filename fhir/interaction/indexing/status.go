package indexing

import (
	"context"
	"encoding/json"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

// parameters is a Parameters resource with plain values.
type parameters struct {
	ResourceType string      `json:"resourceType"`
	Parameter    []parameter `json:"parameter"`
}

type parameter struct {
	Name    string `json:"name"`
	Code    string `json:"valueCode,omitempty"`
	Text    string `json:"valueString,omitempty"`
	Integer *int64 `json:"valueInteger,omitempty"`
}

func (p *parameters) code(name, value string) {
	p.Parameter = append(p.Parameter, parameter{Name: name, Code: value})
}

func (p *parameters) text(name, value string) {
	p.Parameter = append(p.Parameter, parameter{Name: name, Text: value})
}

func (p *parameters) integer(name string, value int64) {
	p.Parameter = append(p.Parameter, parameter{Name: name, Integer: &value})
}

// Values of the parameter status.
const (
	statusIndexed  = "indexed"   // searches use it
	statusIndexing = "indexing"  // resources are being indexed; searches by it are refused
	statusNoEffect = "no-effect" // it is stored, and that is all
)

// Status says as a Parameters resource in JSON how far the indexing of a stored
// SearchParameter is, or with nil of everything.
func (x *Keeper) Status(ctx context.Context, v *store.Version) ([]byte, error) {
	if err := x.Ready(ctx); err != nil {
		return nil, err
	}
	out := parameters{ResourceType: "Parameters"}
	state := x.now.Load()
	behind := state.Opened < state.Generation
	if v != nil {
		used, waits := true, false
		for range statusLooks {
			if used, waits = state.waits(v.Key.ID); !waits || !x.works.Load() || pause(ctx, statusPause) != nil {
				break
			}
			state = x.now.Load()
		}
		if !used {
			return x.noEffect(out, v)
		}
		behind = waits
	}
	if !behind {
		out.code("status", statusIndexed)
		return json.Marshal(out)
	}
	out.code("status", statusIndexing)
	progress := x.Progress()
	if progress.Total > 0 {
		out.integer("done", min(progress.Done, progress.Total))
		out.integer("total", progress.Total)
	}
	waiting, err := x.waitingFor(ctx, state)
	if err != nil {
		return nil, err
	}
	if waiting > 0 {
		out.integer("waitingForProcesses", int64(waiting))
	}
	return json.Marshal(out)
}

// Again makes the indexes of all resources anew in the background.
func (x *Keeper) Again(ctx context.Context) error {
	if !x.joined.Load() {
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "this process doesn't keep the index")
	}
	x.mu.Lock()
	err := x.change(ctx, func(state *indexState) (bool, error) {
		state.Generation++
		return true, nil
	})
	if err == nil {
		err = x.advance(ctx)
	}
	x.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
	return nil
}

// In a small store indexing is a matter of milliseconds: who asks for the status
// of one parameter is answered when it is indexed, or after a few seconds.
const (
	statusPause = 10 * time.Millisecond
	statusLooks = int(5 * time.Second / statusPause)
)

// waits reports whether a stored parameter is in use, and whether searches by it
// have to wait.
func (s *indexState) waits(id string) (used, waits bool) {
	p := find(s.Parameters, id)
	return p != nil, p != nil && (s.pending(p) || s.rebuilding())
}

// waitingFor counts the processes that don't write by the newest generation yet.
func (x *Keeper) waitingFor(ctx context.Context, s *indexState) (n int, err error) {
	leases, err := x.others(ctx)
	for _, l := range leases {
		if l.Writing < s.Generation {
			n++
		}
	}
	return n, err
}

// noEffect tells why a stored parameter isn't in use.
func (x *Keeper) noEffect(out parameters, v *store.Version) ([]byte, error) {
	tree, err := fhir.DecodeStored(x.schema, v.JSON)
	if err != nil {
		return nil, err
	}
	out.code("status", statusNoEffect)
	issues := x.Check(v.Key.ID, tree, ParameterType)
	for _, issue := range issues {
		out.text("reason", issue.Diagnostics())
	}
	if len(issues) == 0 {
		out.text("reason", "no process has taken it in yet; those that are running do so soon")
	}
	return json.Marshal(out)
}
