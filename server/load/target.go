package load

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// Target takes items. Safe for concurrent use.
type Target interface {
	// Send carries one item out. The error is about the target itself, such
	// as a server that is away: the run ends with it. What the target says of
	// the item is in the Answer.
	Send(ctx context.Context, item Item) (Answer, error)
}

// Answer is what a target says of an item.
type Answer struct {
	Stored   int       // resources stored
	Already  bool      // an earlier run has stored it
	Unmet    bool      // a conditional reference found nothing: may succeed later
	Refusals []Refusal // of the item, or of entries of a batch
}

// Refusal is what wasn't stored, and why.
type Refusal struct {
	Entry  int // of a batch, from 0; -1 for the whole item
	Status string
	Issues []fhir.Issue
}

// Engine is a Target in this process.
type Engine struct {
	*interaction.Session
	Base string // for absolute links in answers; any URL will do
	// Again stores also what an earlier run has stored.
	Again bool
}

// Send implements Target.
func (t Engine) Send(ctx context.Context, item Item) (Answer, error) {
	key := item.Key
	if t.Again {
		key = ""
	}
	var err error
	var response []byte
	switch {
	case item.bundle():
		response, err = t.Bundle(ctx, interaction.BundleRequest{Body: item.Body, Base: t.Base, IdempotencyKey: key})
	case item.ID != "":
		_, err = t.Update(ctx, interaction.UpdateRequest{
			Key: fhir.Key{Type: item.Type, ID: item.ID}, Body: item.Body, IdempotencyKey: key,
		})
	default:
		_, err = t.Create(ctx, interaction.CreateRequest{Type: item.Type, Body: item.Body, IdempotencyKey: key})
	}
	if err == nil {
		return answerOf(item, response), nil
	}
	refused := (*fhir.Error)(nil)
	if !errors.As(err, &refused) || refused.Kind == fhir.Transient || refused.Kind == fhir.Internal {
		return Answer{}, err
	}
	return refusalOf(refused.Kind == fhir.Duplicate, "", refused.Issues), nil
}

// refusalOf is the answer to an item that was refused as a whole.
func refusalOf(duplicate bool, status string, issues []fhir.Issue) Answer {
	if duplicate && len(issues) > 0 && issues[0].Code == fhir.IssueDuplicate {
		return Answer{Already: true}
	}
	return Answer{Unmet: unmet(issues), Refusals: []Refusal{{Entry: -1, Status: status, Issues: issues}}}
}

// unmet reports whether every issue is a conditional reference that found
// nothing: package interaction gives these, and only these, code not-found
// with an expression inside the bundle.
func unmet(issues []fhir.Issue) bool {
	for _, is := range issues {
		if is.Code != fhir.IssueNotFound || !strings.HasPrefix(is.Expression, "Bundle.entry") {
			return false
		}
	}
	return len(issues) > 0
}

// answerOf reads which entries of a batch were refused.
func answerOf(item Item, response []byte) Answer {
	if !item.Batch {
		return Answer{Stored: item.Resources}
	}
	var b struct {
		Entry []struct {
			Response struct {
				Status  string  `json:"status"`
				Outcome outcome `json:"outcome"`
			} `json:"response"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(response, &b); err != nil {
		return Answer{Refusals: []Refusal{{Entry: -1, Issues: []fhir.Issue{{Text: "the answer isn't a Bundle"}}}}}
	}
	var a Answer
	brings := item.brings()
	for i, e := range b.Entry {
		code, _, _ := strings.Cut(e.Response.Status, " ")
		if status, err := strconv.Atoi(code); err == nil && status < 400 {
			if i < len(brings) && brings[i] {
				a.Stored++
			}
			continue
		}
		if e.Response.Outcome.duplicate() {
			continue
		}
		a.Refusals = append(a.Refusals, Refusal{Entry: i, Status: e.Response.Status, Issues: e.Response.Outcome.issues()})
	}
	return a
}

// outcome is an OperationOutcome as far as a report needs it.
type outcome struct {
	Issue []struct {
		Severity    string   `json:"severity"`
		Code        string   `json:"code"`
		Diagnostics string   `json:"diagnostics"`
		Expression  []string `json:"expression"`
		Details     struct {
			Text string `json:"text"`
		} `json:"details"`
	} `json:"issue"`
}

func (o outcome) issues() []fhir.Issue {
	out := make([]fhir.Issue, 0, len(o.Issue))
	for _, is := range o.Issue {
		text := is.Diagnostics
		if text == "" {
			text = is.Details.Text
		}
		out = append(out, fhir.Issue{
			Severity: fhir.Severity(is.Severity), Code: is.Code,
			Expression: strings.Join(is.Expression, ", "), Text: text,
		})
	}
	return out
}

func (o outcome) duplicate() bool { return len(o.Issue) > 0 && o.Issue[0].Code == fhir.IssueDuplicate }
