package care

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/mapping/casemodel"
)

// Statuses is the Guard of the rules about statuses. Safe for concurrent use.
type Statuses struct {
	schema fhir.Schema
	clock  func() time.Time
}

// NewStatuses makes the Guard; a clock that is nil is time.Now.
func NewStatuses(schema fhir.Schema, clock func() time.Time) *Statuses {
	if clock == nil {
		clock = time.Now
	}
	return &Statuses{schema: schema, clock: clock}
}

var _ interaction.Guard = (*Statuses)(nil)

// Check implements interaction.Guard. What code of the server writes has its own rules.
func (g *Statuses) Check(ctx context.Context, p *interaction.Pending) error {
	if p.Note != nil {
		return nil
	}
	for i := range p.Images {
		image := &p.Images[i]
		if image.After == nil || !image.Before.Exists() || image.Before.Deleted() || image.At == "" {
			continue
		}
		switch image.Key.Type {
		case "Task":
			if err := g.step(ctx, p, image); err != nil {
				return err
			}
		case "EpisodeOfCare":
			if err := g.remember(image); err != nil {
				return err
			}
		}
	}
	return nil
}

// step refuses a step that a Task can't take. Who may not read the Task isn't told of
// its status.
func (g *Statuses) step(ctx context.Context, p *interaction.Pending, image *interaction.Image) error {
	before, after := statusOf(image)
	if casemodel.TaskStep(before, after) {
		return nil
	}
	shown, err := visible(ctx, p, image.Before)
	if err != nil {
		return err
	}
	text := "task-status: the Task can't become " + after + " from what it is"
	if shown {
		text = "task-status: a Task that is " + before + " can't become " + after + "; what follows is " + strings.Join(casemodel.TaskSteps(before), ", ")
	}
	p.Issue(fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueBusinessRule, Expression: image.At + ".status", Text: text})
	return nil
}

// statusOf gives the status before and after a write.
func statusOf(image *interaction.Image) (before, after string) {
	var b struct {
		Status string `json:"status"`
	}
	_ = json.Unmarshal(image.Before.JSON, &b) // what is stored is JSON
	return b.Status, image.After.Root().Child("status").Text()
}

// episode is what an EpisodeOfCare says of its statuses.
type episode struct {
	Status        string            `json:"status"`
	StatusHistory []json.RawMessage `json:"statusHistory"`
	Period        period            `json:"period"`
}

type period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

type span struct {
	Status string `json:"status"`
	Period period `json:"period"`
}

// phaseURL is the extension of episodes that the rules of cases bind: those keep the
// history themselves.
const phaseURL = fhir.CanonicalBase + "/StructureDefinition/episode-phase"

// remember puts the status that an episode had into its history.
func (g *Statuses) remember(image *interaction.Image) error {
	text := image.After.JSON
	if strings.Contains(string(text), phaseURL) || strings.Contains(string(image.Before.JSON), phaseURL) {
		return nil
	}
	var before, after episode
	if json.Unmarshal(image.Before.JSON, &before) != nil || json.Unmarshal(text, &after) != nil {
		return nil // the mapping of cases says so
	}
	history := after.StatusHistory
	if len(history) == 0 {
		history = before.StatusHistory // a client that keeps none doesn't mean to drop it
	}
	changed := before.Status != after.Status
	if changed && len(after.StatusHistory) <= len(before.StatusHistory) {
		history = append(slices.Clip(history), g.ended(before, history))
	}
	if len(history) == len(after.StatusHistory) {
		return nil
	}
	tree, err := fhir.DecodeStored(g.schema, withHistory(image.After, history))
	if err != nil {
		return err
	}
	image.After = tree
	return nil
}

// ended is the span of a status that ends now: it began where the last one ended, or
// with the episode.
func (g *Statuses) ended(before episode, history []json.RawMessage) json.RawMessage {
	s := span{Status: before.Status, Period: period{Start: before.Period.Start, End: fhir.Instant(g.clock())}}
	if len(history) > 0 {
		var last span
		if json.Unmarshal(history[len(history)-1], &last) == nil && last.Period.End != "" {
			s.Period.Start = last.Period.End
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil // strings always marshal
	}
	return text
}

// withHistory is an episode with another statusHistory, and everything else as it is.
func withHistory(tree *fhir.Tree, history []json.RawMessage) []byte {
	list := []byte(`"statusHistory":[`)
	for i, h := range history {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, h...)
	}
	list = append(list, ']')
	text := tree.JSON
	first, last := -1, -1
	for n := range tree.Root().All("statusHistory") {
		start, end := n.Span()
		if first < 0 {
			first = start
		}
		last = end
	}
	if first < 0 {
		end := len(text) - 1 // the closing brace; a resource has members before it
		return slices.Concat(text[:end], []byte{','}, list, []byte{'}'})
	}
	return slices.Concat(text[:first-len(`"statusHistory":[`)], list, text[last+1:])
}
