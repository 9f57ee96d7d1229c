package interaction

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

// ReindexStatus says as a Parameters resource in JSON how far the indexing of
// a stored SearchParameter is; with id "", of everything: the operation
// $reindex-status. An id that doesn't exist fails as reading it does.
func (s *Session) ReindexStatus(ctx context.Context, id string) ([]byte, error) {
	key := fhir.Key{Type: parameterType, ID: id}
	if id == "" {
		if err := s.decide(ctx, Question{What: ReindexStatus, Key: key}); err != nil {
			return nil, err
		}
		return s.status(ctx, nil)
	}
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	v, err := s.current(ctx, key)
	if err != nil {
		return nil, err
	}
	if v, err = s.shown(ctx, ReindexStatus, key, v); err != nil {
		return nil, err
	}
	return s.status(ctx, &v)
}

// Reindex makes the indexes of all resources anew in the background: the
// operation $reindex. Searches go on meanwhile. It answers as ReindexStatus.
func (s *Session) Reindex(ctx context.Context) ([]byte, error) {
	if err := s.decide(ctx, Question{What: ReindexAll, Key: fhir.Key{Type: parameterType}}); err != nil {
		return nil, err
	}
	x := s.indexing
	if !x.joined.Load() {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "this process doesn't keep the index")
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
		return nil, err
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
	return s.status(ctx, nil)
}

// status is that of a SearchParameter, or of everything.
func (s *Session) status(ctx context.Context, v *store.Version) ([]byte, error) {
	x := s.indexing
	if err := x.ready(ctx); err != nil {
		return nil, err
	}
	out := parameters{ResourceType: "Parameters"}
	state := x.now.Load()
	behind := state.Opened < state.Generation
	if v != nil {
		used, waits := true, false
		for range statusLooks {
			if used, waits = state.waits(v.Key.ID); !waits || !x.works.Load() || sleep(ctx, statusPause) != nil {
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
	progress := s.IndexProgress()
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
func (x *indexing) waitingFor(ctx context.Context, s *indexState) (n int, err error) {
	leases, err := x.others(ctx)
	for _, l := range leases {
		if l.Writing < s.Generation {
			n++
		}
	}
	return n, err
}

// noEffect tells why a stored parameter isn't in use.
func (x *indexing) noEffect(out parameters, v *store.Version) ([]byte, error) {
	tree, err := x.engine.decodeStored(*v)
	if err != nil {
		return nil, err
	}
	out.code("status", statusNoEffect)
	guard := parameterGuard{x.engine}
	issues := guard.check(&Image{At: parameterType, Key: v.Key, After: tree})
	for _, issue := range issues {
		out.text("reason", issue.Diagnostics())
	}
	if len(issues) == 0 {
		out.text("reason", "no process has taken it in yet; those that are running do so soon")
	}
	return json.Marshal(out)
}
