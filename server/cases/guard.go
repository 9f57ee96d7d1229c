package cases

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"caseway/server/cases/membership"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping/casemodel"
)

// doing is the action that a commit carries out: the note of the Service to the
// Guard.
type doing struct {
	action  casemodel.Action
	step    casemodel.Step
	caseID  string // "" for a new case
	episode int64  // version of the EpisodeOfCare that the action was judged by
	// attestation is that of an operation that is no action.
	attestation *Attestation
	// written is what a FHIR client writes, where the doing is what follows from it.
	written []interaction.Image
	notes   []string // what is to be said beside the reason of the step
	// known are the resources that may be there already, with their versions;
	// nil where what is new gets ids of the store's.
	known map[fhir.Key]int64
}

// GuardConfig is what a Guard needs.
type GuardConfig struct {
	Schema fhir.Schema
	// Open is set where nobody logs in: then callers name their role themselves.
	Open  bool
	Clock func() time.Time // nil: time.Now
}

// Guard watches over what is written to cases. To what an action writes it adds
// the Provenance of who did it and why. What FHIR clients write it holds to the
// rules. Safe for concurrent use.
type Guard struct {
	*assembler
	membership *membership.Guard
	hasDevice  atomic.Bool // the store has the Device that stands for the server
}

// NewGuard makes a Guard.
func NewGuard(c GuardConfig) *Guard {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Guard{membership: membership.NewGuard(c.Schema), assembler: &assembler{schema: c.Schema, open: c.Open, clock: c.Clock, parts: newParts(maxParts)}}
}

var _ interaction.Guard = (*Guard)(nil)

// Check implements interaction.Guard.
func (g *Guard) Check(ctx context.Context, p *interaction.Pending) error {
	if err := g.membership.Check(ctx, p); err != nil || p.Refused() {
		return err
	}
	n := len(p.Images)
	c := &review{Guard: g, Pending: p, ctx: ctx, server: p.Server}
	err := error(nil)
	if d, ours := p.Note.(*doing); ours {
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
	server Session
	grants *granting // nil until it is needed
}

// act completes what an action writes.
func (c *review) act(d *doing) error {
	if err := d.checkNew(c.Images); err != nil {
		return err
	}
	id := d.caseID
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
	device, err := c.device(d.step.Actor.Party)
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

// caseless are the types that belong to no case though a case changes them.
var caseless = []string{"Patient", "Practitioner", "Organization", "OrganizationAffiliation", "Device", "AuditEvent"}

// mark gives images the tag of their case.
func (g *Guard) mark(images []interaction.Image, id string) error {
	for i := range images {
		image := &images[i]
		if image.After == nil || slices.Contains(caseless, image.Key.Type) {
			continue
		}
		before := image.After.JSON
		text := fhir.WithTags(before, fhir.Tag{System: membership.CaseSystem, Code: id})
		if len(text) == len(before) {
			continue
		}
		tree, err := g.tree(text)
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
func (c *review) hold(d *doing) error {
	key := fhir.Key{Type: "EpisodeOfCare", ID: d.caseID}
	written := slices.ContainsFunc(c.Images, func(image interaction.Image) bool { return image.Key == key })
	if d.caseID == "" || written {
		return nil
	}
	v, err := c.server.Read(c.ctx, key)
	if err != nil {
		return err
	}
	if v.VersionID != d.episode {
		return fhir.NewError(fhir.VersionConflict, fhir.IssueConflict, "the case has changed meanwhile; read it again")
	}
	tree, err := c.tree(v.JSON)
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
	tree, err := c.tree([]byte(deviceText))
	if err != nil {
		return nil, err
	}
	return []interaction.Image{{Key: deviceKey, Method: store.Put, Before: v, After: tree}}, nil
}
