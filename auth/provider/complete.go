package provider

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"caseway/auth/account"
	"caseway/auth/record"
	"caseway/auth/scope"
)

// Decision is what the person chose.
type Decision struct {
	Patient   string    // logical id; ignored where the launch has one or Choice.Patient is set
	Encounter string    // logical id, "" for none; ignored where the launch has one
	Scopes    scope.Set // what is granted: Pending.Scopes or less
}

// Complete grants what was decided and gives the URL at the app to redirect
// (303) the browser to. It can be done once for a request. It fails with
// ErrNoPending, ErrNoSession, ErrSignInAgain, ErrNeedsPatient and ErrPatient; with
// nothing left of the scopes it is Refuse.
func (p *Provider) Complete(ctx context.Context, id string, s *Session, d Decision) (string, error) {
	if s == nil {
		return "", ErrNoSession
	}
	s, err := p.Session(ctx, s.Value) // it may have ended since the page was shown
	if err != nil {
		return "", err
	}
	w, err := p.Pending(ctx, id)
	if err != nil {
		return "", err
	}
	if w.NeedsSignIn(s) {
		return "", ErrSignInAgain
	}
	set := w.Scopes.Intersect(d.Scopes)
	around, err := p.settle(ctx, w, s.User, set, d)
	if err != nil {
		return "", err
	}
	if set = possible(set, around, s.User); len(set.Resources) == 0 && !set.Has("openid") && !set.Has("launch/patient") {
		return p.Refuse(ctx, id, s)
	}
	if err := p.take(ctx, w); err != nil {
		return "", err
	}
	if err := p.useLaunch(ctx, w.kept.Value.Launch); err != nil {
		return "", err
	}
	return p.grant(ctx, w, s, set, around)
}

// settle finds the context of what is granted, and whether the user may have it.
func (p *Provider) settle(ctx context.Context, w *Pending, u *account.User, set scope.Set, d Decision) (*LaunchContext, error) {
	if of := w.kept.Value.User; of != "" && of != u.ID {
		return nil, ErrPatient
	}
	if apart(u, w.Client) {
		return nil, ErrPatient
	}
	if u.Organization == "" {
		bound := *u
		bound.Organization = w.Client.Organization // as the token will be
		u = &bound
	}
	around := &LaunchContext{}
	if w.Launch != nil {
		*around = *w.Launch
	}
	if err := p.settlePatient(ctx, around, u, set, d); err != nil {
		return nil, err
	}
	if around.Encounter == "" && d.Encounter != "" && set.Has("launch/encounter") {
		if ok, err := p.ofPatient(ctx, d.Encounter, around.Patient); err != nil || !ok {
			return nil, errors.Join(err, ErrPatient)
		}
		around.Encounter = d.Encounter
	}
	return around, nil
}

func (p *Provider) settlePatient(ctx context.Context, around *LaunchContext, u *account.User, set scope.Set, d Decision) error {
	if around.Patient == "" && wantsPatient(set) {
		choice, err := p.Choice(ctx, &Session{User: u})
		if err != nil {
			return err
		}
		if around.Patient = choice.Patient; around.Patient == "" {
			around.Patient = d.Patient
		}
		if around.Patient == "" {
			return ErrNeedsPatient
		}
		if around.NeedPatientBanner == nil {
			yes := true // nobody else shows the patient's name
			around.NeedPatientBanner = &yes
		}
	}
	if around.Patient == "" {
		return nil
	}
	ok, err := p.maySee(ctx, u, around.Patient)
	if err == nil && !ok {
		err = ErrPatient
	}
	return err
}

// possible leaves out of scopes what the context or the user can't give.
func possible(set scope.Set, around *LaunchContext, u *account.User) scope.Set {
	return scope.Set{
		Resources: set.Resources,
		Others: slices.DeleteFunc(slices.Clone(set.Others), func(name string) bool {
			switch name {
			case "launch/patient":
				return around.Patient == ""
			case "launch/encounter":
				return around.Encounter == ""
			case "fhirUser":
				return u.FHIRUser == ""
			}
			return false
		}),
	}
}

// grant makes the grant with its code.
func (p *Provider) grant(ctx context.Context, w *Pending, s *Session, set scope.Set, around *LaunchContext) (string, error) {
	kept, now, secret := &w.kept.Value, p.now().UTC(), newSecret()
	id := userPrefix(s.User.ID) + newSecret()
	value := id + "." + secret
	g := grant{
		Client: w.Client.ID, ClientSince: w.Client.Created, User: s.User.ID, Scopes: set.String(), Requested: kept.Requested,
		Context: around, Nonce: kept.Nonce, Session: hashOf(s.Value), Auth: s.Authenticated, Created: now, LastUsed: now,
		Code: &code{Hash: hashOf(value), Expires: now.Add(codeLife), Challenge: kept.Challenge, Redirect: kept.Redirect},
	}
	if err := p.grants.Put(ctx, id, g, g.Code.Expires, 0); err != nil {
		return "", err
	}
	p.tell(ctx, Event{
		Kind: EventConsent, OK: true, User: g.User, Client: g.Client, Patient: around.Patient, Grant: id, Scopes: g.Scopes,
	})
	return p.backTo(kept, url.Values{"code": {value}}), nil
}

// useLaunch uses a launch up. It fails with ErrNoPending where that was done.
func (p *Provider) useLaunch(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	row, err := p.launches.Get(ctx, key)
	if err != nil {
		return err
	}
	if row.Version == 0 {
		return ErrNoPending
	}
	err = p.launches.Delete(ctx, key, row.Version)
	if errors.Is(err, record.ErrConflict) {
		return ErrNoPending
	}
	return err
}

// backTo is the URL at the app with the answer, the state, and who answers (RFC
// 9207). What the redirect URI has in its query stays as it is.
func (p *Provider) backTo(kept *pending, answer url.Values) string {
	if kept.State != "" {
		answer.Set("state", kept.State)
	}
	answer.Set("iss", p.issuer)
	return withQuery(kept.Redirect, answer)
}

// refusal is the URL at the app with an error (RFC 6749 section 4.1.2.1).
func (p *Provider) refusal(kept *pending, e *oauthError) string {
	return p.backTo(kept, url.Values{"error": {e.Code}, "error_description": {e.Description}})
}
