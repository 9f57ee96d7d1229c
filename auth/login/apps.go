package login

import (
	"context"
	"net/http"
	"time"

	"caseway/auth"
	"caseway/auth/provider"
)

// appsPage is what the page of apps that have access shows besides.
type appsPage struct {
	Apps   []grantedApp
	Notice string
}

// grantedApp is an app that has access.
type grantedApp struct {
	Grant    string // its id
	Name     string
	Patient  string // name, "" where the grant is about none
	Can      []string
	Given    string // dates
	LastUsed string
	Until    string
	Offline  bool
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
	page := appsPage{Notice: notices[r.URL.Query().Get("done")]}
	for i := range grants {
		page.Apps = append(page.Apps, p.appOf(r.Context(), s, &grants[i]))
	}
	p.show(w, r, http.StatusOK, "apps", pageData{Title: "Apps that have access", Form: s.CSRF, User: s.User.Name, Page: page})
	return nil
}

// appOf puts a grant into words. A patient who can't be seen any more has no
// name.
func (p *Pages) appOf(ctx context.Context, s *provider.Session, g *provider.Grant) grantedApp {
	own := s.User.Role == auth.Patient
	choices, _ := choicesOf(g.Scopes, own)
	app := grantedApp{Grant: g.ID, Name: g.Client.Name, Offline: g.Offline, Given: day(g.Created), LastUsed: day(g.LastUsed), Until: day(g.Expires)}
	if app.Name == "" {
		app.Name = g.Client.ID
	}
	for _, c := range choices {
		app.Can = append(app.Can, c.Words)
	}
	if g.Patient == "" || own {
		return app
	}
	app.Patient = "a patient whom you can't see any more"
	if one, err := p.patientSeenBy(ctx, s, g.Patient); err == nil {
		app.Patient = one.Name
	}
	return app
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
	// One that is gone already is what the user wants, too.
	if err := p.Provider.Revoke(r.Context(), s.User.ID, form.Get("grant")); err != nil && err != provider.ErrNoGrant {
		return err
	}
	return goTo("/auth/apps?done=revoked")
}
