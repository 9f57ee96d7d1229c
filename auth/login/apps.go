package login

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"caseway/auth"
	"caseway/auth/provider"
	"caseway/auth/scope"
)

// appsPage is what the page of apps that have access shows besides.
type appsPage struct {
	Apps   []grantedApp
	Notice string
}

// grantedApp is an app that has access, with all that it was granted about one
// patient: an app gets a grant each time that somebody signs in to it.
type grantedApp struct {
	Name     string
	Patient  string // name, "" where the grants are the patient's own or about none
	Grants   []string
	Can      []string
	Given    string // dates
	LastUsed string
	Until    string
	Offline  bool // one of the grants outlasts signing out

	client, patient         string // ids
	scopes                  scope.Set
	given, lastUsed, expire time.Time
}

// notices are what the page says after something was done. The parameter names
// one of them and is never shown itself.
var notices = map[string]string{
	"revoked": "The app has no access any more.",
	"set-up":  "You are the administrator now. Add users and apps with the commands caseway user add and caseway client add.",
}

func (p *Pages) showApps(w http.ResponseWriter, r *http.Request) error {
	s, err := p.session(r)
	if err != nil {
		return err
	}
	if s == nil {
		return goTo("/auth/signin")
	}
	grants, err := p.Provider.Grants(r.Context(), s.User.ID)
	if err != nil {
		return err
	}
	apps, err := p.appsOf(r.Context(), s, grants)
	if err != nil {
		return err
	}
	page := appsPage{Apps: apps, Notice: notices[r.URL.Query().Get("done")]}
	p.show(w, r, http.StatusOK, "apps", pageData{Title: "Apps that have access", Form: s.CSRF, User: s.User.Name, Page: page})
	return nil
}

// appsOf puts grants into words, those of one app about one patient together, in
// the order of the newest.
func (p *Pages) appsOf(ctx context.Context, s *provider.Session, grants []provider.Grant) ([]grantedApp, error) {
	var apps []grantedApp
	for i := range grants {
		g := &grants[i]
		same := func(a grantedApp) bool { return a.client == g.Client.ID && a.patient == g.Patient }
		at := slices.IndexFunc(apps, same)
		if at < 0 {
			name, err := p.patientName(ctx, s, g.Patient)
			if err != nil {
				return nil, err
			}
			at = len(apps)
			apps = append(apps, grantedApp{Name: cmp.Or(g.Client.Name, g.Client.ID), Patient: name, client: g.Client.ID, patient: g.Patient, given: g.Created})
		}
		apps[at].add(g)
	}
	for i := range apps {
		apps[i].describe(s.User.Role == auth.Patient)
	}
	return apps, nil
}

func (a *grantedApp) add(g *provider.Grant) {
	a.Grants = append(a.Grants, g.ID)
	a.scopes.Resources = append(slices.Clone(a.scopes.Resources), g.Scopes.Resources...)
	a.scopes.Others = append(slices.Clone(a.scopes.Others), g.Scopes.Others...)
	if joined, err := scope.Parse(a.scopes.String()); err == nil { // otherwise there are too many to be joined
		a.scopes = joined
	}
	a.Offline = a.Offline || g.Offline
	if g.Created.Before(a.given) {
		a.given = g.Created
	}
	if g.LastUsed.After(a.lastUsed) {
		a.lastUsed = g.LastUsed
	}
	if g.Expires.After(a.expire) {
		a.expire = g.Expires
	}
}

// describe puts all together into words. How long access lasts is said once,
// not among the scopes.
func (a *grantedApp) describe(own bool) {
	a.scopes.Others = slices.DeleteFunc(a.scopes.Others, func(name string) bool { return hints[name] != "" })
	choices, _ := choicesOf(a.scopes, own)
	for _, c := range choices {
		a.Can = append(a.Can, c.Words)
	}
	a.Given, a.LastUsed, a.Until = day(a.given), day(a.lastUsed), day(a.expire)
}

// patientName gives the name of the patient whom a grant is about, "" for none
// and for the user.
func (p *Pages) patientName(ctx context.Context, s *provider.Session, id string) (string, error) {
	if id == "" || s.User.Role == auth.Patient {
		return "", nil
	}
	one, err := p.patientSeenBy(ctx, s, id)
	if errors.Is(err, errNotYours) {
		return "a patient whom you can't see any more", nil
	}
	return one.Name, err
}

// day writes a date, "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2 January 2006")
}

func (p *Pages) revoke(_ http.ResponseWriter, r *http.Request) error {
	form, s, err := p.sessionForm(r)
	if err != nil {
		return err
	}
	for _, id := range form["grant"] {
		// One that is gone already is what the user wants, too.
		if err := p.Provider.Revoke(r.Context(), s.User.ID, id); err != nil && !errors.Is(err, provider.ErrNoGrant) {
			return err
		}
	}
	return goTo("/auth/apps?done=revoked")
}
