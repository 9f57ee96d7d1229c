package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
)

// HTTP is a Target behind a FHIR base URL.
type HTTP struct {
	Base   string // without a closing slash
	Client *http.Client
	Again  bool // stores also what an earlier run has stored
	// Token is the bearer token that a server with a login wants; "" for none.
	Token string
}

// reachLimit is how long a server may take to answer at all.
const reachLimit = 10 * time.Second

// Reach fails where no FHIR server answers under Base, so that a mistyped URL
// is told at once and not of each item.
func (t HTTP) Reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.Base+"/metadata", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/fhir+json")
	resp, err := t.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%s isn't the base URL of a FHIR server: it has no /metadata", t.Base)
	}
	return nil
}

// patience is how long a server that is away or too busy is waited for.
const patience = time.Minute

// Send implements Target. A server that is away or too busy is asked again
// for a minute.
func (t HTTP) Send(ctx context.Context, item Item) (Answer, error) {
	deadline := time.Now().Add(patience)
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		status, body, err := t.send(ctx, item)
		if err == nil && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
			return t.answer(item, status, body), nil
		}
		if err == nil {
			err = fmt.Errorf("the server answers %d", status)
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return Answer{}, fmt.Errorf("%s: %w", t.Base, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func (t HTTP) send(ctx context.Context, item Item) (int, []byte, error) {
	method, url := http.MethodPost, t.Base
	switch {
	case item.bundle():
	case item.ID != "":
		method, url = http.MethodPut, t.Base+"/"+item.Type+"/"+item.ID
	default:
		url += "/" + item.Type
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(item.Body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/fhir+json")
	req.Header.Set("Accept", "application/fhir+json")
	req.Header.Set("Prefer", "return=minimal")
	if t.Token != "" {
		req.Header.Set("Authorization", "Bearer "+t.Token)
	}
	if !t.Again {
		req.Header.Set("Idempotency-Key", item.Key)
	}
	resp, err := t.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

func (t HTTP) answer(item Item, status int, body []byte) Answer {
	if status < 300 {
		return answerOf(item, body)
	}
	var o outcome
	if json.Unmarshal(body, &o) != nil || len(o.Issue) == 0 {
		return Answer{Refusals: []Refusal{{
			Entry: -1, Status: strconv.Itoa(status),
			Issues: []fhir.Issue{{Text: "refused without an OperationOutcome"}},
		}}}
	}
	return refusalOf(status == http.StatusConflict, strings.TrimSpace(strconv.Itoa(status)), o.issues())
}
