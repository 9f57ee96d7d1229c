package cases_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"caseway/mapping/casemodel"
)

// TestActionsAtOnce: of actions taken at the same time each is either in the
// case or refused as a conflict; none is overwritten.
func TestActionsAtOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		before := len(k.c.Tasks)
		var took atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				body := text(object{"role": "case-manager", "by": manager, "argument": casemodel.Task{Text: "call", Due: "2030-01-01"}})
				switch got := a.do("POST", k.path+"/actions/work", body); got.status {
				case http.StatusOK:
					took.Add(1)
				case http.StatusPreconditionFailed, http.StatusConflict:
				default:
					t.Errorf("got %d %s, want it done, or refused by what another did", got.status, got.body)
				}
			})
		}
		wait.Wait()
		v := k.view(k.do("GET", k.path+"?view=whole", ""), http.StatusOK)
		if got := len(v.Case.Tasks) - before; int64(got) != took.Load() || got == 0 {
			t.Errorf("%d actions were taken, the case has %d more tasks", took.Load(), got)
		}
	})
}
