package rules

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/membership"
)

// Note is the action that a commit carries out: what the case API tells the Guard of
// it.
type Note struct {
	Action  casemodel.Action
	Step    casemodel.Step
	CaseID  string // "" for a new case
	Episode int64  // version of the EpisodeOfCare that the action was judged by
	// attestation is that of an operation that is no action.
	attestation *Attestation
	// written is what a FHIR client writes, where the Note is of what follows from it.
	written []interaction.Image
	Notes   []string // what is to be said beside the reason of the step
	// Known are the resources that may be there already, with their versions;
	// nil where what is new gets ids of the server's.
	Known map[fhir.Key]int64
}

// Config is what a Guard needs.
type Config struct {
	Schema fhir.Schema
	// Open is set where nobody logs in: then callers name their role themselves.
	Open  bool
	Clock func() time.Time // nil: time.Now
}

// Guard watches over what is written to cases. To what an action writes it adds
// the Provenance of who did it and why. What FHIR clients write it holds to the
// rules. Safe for concurrent use.
type Guard struct {
	assembler  *assembly.Assembler
	membership *membership.Guard
	hasDevice  atomic.Bool // the store has the Device that stands for the server
}

// New makes a Guard.
func New(c Config) *Guard {
	return &Guard{membership: membership.NewGuard(c.Schema), assembler: assembly.New(c.Schema, c.Open, c.Clock)}
}

// Assembler is what the Guard puts cases together with.
func (g *Guard) Assembler() *assembly.Assembler { return g.assembler }

var _ interaction.Guard = (*Guard)(nil)

// Check implements interaction.Guard.
func (g *Guard) Check(ctx context.Context, p *interaction.Pending) error {
	if err := g.membership.Check(ctx, p); err != nil || p.Refused() {
		return err
	}
	n := len(p.Images)
	c := &review{Guard: g, Pending: p, ctx: ctx, server: p.Server}
	err := error(nil)
	if d, ours := p.Note.(*Note); ours {
		err = c.act(d)
	} else {
		err = c.judge()
	}
	if err != nil || len(p.Images) == n {
		return err
	}
	return g.membership.Check(ctx, p) // what was added belongs to cases too
}

// review is of a commit that the Guard looks at.
type review struct {
	*Guard
	*interaction.Pending
	ctx    context.Context // of who commits
	server assembly.Session
	grants *granting // nil until it is needed
}

// act completes what an action writes.
func (c *review) act(d *Note) error {
	if err := d.checkNew(c.Images); err != nil {
		return err
	}
	id := d.CaseID
	for _, image := range c.Images {
		if id == "" && image.Key.Type == "EpisodeOfCare" {
			id = image.Key.ID
		}
	}
	if err := c.checkGrants(c.Images...); err != nil || c.Refused() {
		return err
	}
	if err := c.hold(d); err != nil {
		return err
	}
	device, err := c.device(d.Step.Actor.Party)
	if err != nil {
		return err
	}
	c.Add(device...)
	attested, err := c.provenance(c.ctx, d, id, c.Images)
	if err == nil {
		c.Add(attested)
	}
	return err
}

// mark gives images the tag of their case.
func (g *Guard) mark(images []interaction.Image, id string) error {
	for i := range images {
		image := &images[i]
		if image.After == nil || slices.Contains(assembly.Caseless, image.Key.Type) {
			continue
		}
		before := image.After.JSON
		text := fhir.WithTags(before, fhir.Tag{System: membership.CaseSystem, Code: id})
		if len(text) == len(before) {
			continue
		}
		tree, err := g.assembler.Tree(text)
		if err != nil {
			return err
		}
		image.After = tree
	}
	return nil
}

// hold makes sure that the case is the one that the action was judged by: two
// actions at once may each be right and both together not. The EpisodeOfCare
// gets a version with each action, also where nothing in it changes.
func (c *review) hold(d *Note) error {
	key := fhir.Key{Type: "EpisodeOfCare", ID: d.CaseID}
	written := slices.ContainsFunc(c.Images, func(image interaction.Image) bool { return image.Key == key })
	if d.CaseID == "" || written {
		return nil
	}
	v, err := c.server.Read(c.ctx, key)
	if err != nil {
		return err
	}
	if v.VersionID != d.Episode {
		return fhir.NewError(fhir.VersionConflict, fhir.IssueConflict, "the case has changed meanwhile; read it again")
	}
	tree, err := c.assembler.Tree(v.JSON)
	if err != nil {
		return err
	}
	c.Add(interaction.Image{Key: key, Method: store.Put, Before: v, After: tree})
	return nil
}

// deviceKey is the Device that stands for the server where nobody logs in.
var deviceKey = fhir.Key{Type: "Device", ID: "caseway-server"}

const deviceText = `{"resourceType":"Device","id":"caseway-server","status":"active",` +
	`"deviceName":[{"name":"Caseway","type":"model-name"}],` +
	`"note":[{"text":"Stands for the server in the Provenance of what was done without a login."}]}`

// device makes the Device that stands for the server, where it is needed and
// isn't there.
func (c *review) device(by casemodel.Party) ([]interaction.Image, error) {
	if !by.IsZero() || c.hasDevice.Load() {
		return nil, nil
	}
	v, err := c.server.Read(c.ctx, deviceKey)
	fe := (*fhir.Error)(nil)
	switch {
	case err == nil:
		c.hasDevice.Store(true)
		return nil, nil
	case errors.As(err, &fe) && (fe.Kind == fhir.NotFound || fe.Kind == fhir.Gone):
	default:
		return nil, err
	}
	if fe.Kind == fhir.Gone { // somebody deleted it: the reference stays, and leads nowhere
		return nil, nil
	}
	tree, err := c.assembler.Tree([]byte(deviceText))
	if err != nil {
		return nil, err
	}
	return []interaction.Image{{Key: deviceKey, Method: store.Put, Before: v, After: tree}}, nil
}

// checkNew makes sure that what a commit is to make new isn't there.
func (d *Note) checkNew(images []interaction.Image) error {
	t := &ThereAlready{}
	for _, image := range images {
		free := !image.Before.Exists() || image.Before.Deleted()
		if d.Known != nil && image.At != "" && !free && d.Known[image.Key] == 0 {
			t.Keys = append(t.Keys, image.Key)
		}
	}
	if len(t.Keys) > 0 {
		return t
	}
	return nil
}

// ThereAlready are resources under the ids of what was to be new.
type ThereAlready struct{ Keys []fhir.Key }

// Error implements error.
func (t *ThereAlready) Error() string { return "resources are there already" }

type object = map[string]any
