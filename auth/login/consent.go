package login

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"caseway/auth"
	"caseway/auth/provider"
	"caseway/auth/scope"
)

// consentPage is what the consent page shows besides.
type consentPage struct {
	Request string
	App     string
	Site    string   // where the app lives, "" for one on this device
	Patient *patient // nil for none
	Own     bool     // the user is the patient
	Change  bool     // another patient can be chosen
	Visits  []visit  // encounters, of which the app would like one
	Choices []choice // what can be taken away
	Given   []string // what goes with it, in words
}

// choice is a scope, or several that mean the same to people, that the user can
// take away.
type choice struct {
	Value string // the scopes in normal form, with spaces between them
	Words string
	Hint  string
}

func (p *Pages) showConsent(w http.ResponseWriter, r *http.Request) error {
	s, err := p.session(r)
	if err != nil {
		return err
	}
	parameters := r.URL.Query()
	asked, err := p.waiting(w, r, parameters, s)
	if err != nil {
		return err
	}
	chosen, err := p.chosenPatient(r, asked, s, parameters)
	if err != nil {
		return err
	}
	page := consentPage{Request: asked.ID, App: asked.Client.Name, Site: siteOf(asked.Client.RedirectURIs), Patient: chosen}
	if chosen != nil {
		page.Own = s.User.Role == auth.Patient && s.User.FHIRUser == "Patient/"+chosen.ID
		page.Change = parameters.Has("patient")
	}
	if chosen != nil && asked.NeedsEncounter {
		if page.Visits, err = p.visits(r.Context(), s, chosen.ID); err != nil {
			return err
		}
	}
	page.Choices, page.Given = choicesOf(asked.Scopes, page.Own)
	p.show(w, r, http.StatusOK, "consent", pageData{
		Title: "Let " + asked.Client.Name + " in?", Form: s.CSRF, User: s.User.Name, Page: page,
	})
	return nil
}

// chosenPatient gives the patient whose data the app would get: that of the
// launch, the only one there is, or the one that parameters name. nil where the
// app wants none. Never one whom the user can't see.
func (p *Pages) chosenPatient(r *http.Request, asked *provider.Pending, s *provider.Session, parameters url.Values) (*patient, error) {
	id, err := p.patientFor(r.Context(), asked, s)
	if err != nil {
		return nil, err
	}
	if id == "" && asked.NeedsPatient {
		if id = parameters.Get("patient"); id == "" {
			return nil, pageOf("patient", asked)
		}
	}
	if id == "" {
		return nil, nil
	}
	one, err := p.patientSeenBy(r.Context(), s, id)
	return &one, err
}

// decide takes the answer, and goes on to the app with it.
func (p *Pages) decide(w http.ResponseWriter, r *http.Request) error {
	form, s, err := p.sessionForm(r)
	if err != nil {
		return err
	}
	asked, err := p.waiting(w, r, form, s)
	if err != nil {
		return err
	}
	var target string
	switch form.Get("decision") {
	case "allow":
		target, err = p.allow(r, asked, s, form)
	case "refuse":
		target, err = p.Provider.Refuse(r.Context(), asked.ID, s)
	default:
		return errUndecided
	}
	switch {
	case errors.Is(err, provider.ErrSignInAgain):
		return pageOf("signin", asked)
	case errors.Is(err, provider.ErrNeedsPatient):
		return pageOf("patient", asked)
	case err != nil:
		return err
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

func (p *Pages) allow(r *http.Request, asked *provider.Pending, s *provider.Session, form url.Values) (string, error) {
	chosen, err := p.chosenPatient(r, asked, s, form)
	if err != nil {
		return "", err
	}
	d := provider.Decision{Scopes: kept(asked.Scopes, form["scope"])}
	if chosen != nil {
		if d.Patient = chosen.ID; d.Patient != form.Get("patient") {
			return "", pageOf("consent", asked) // another one than the page showed
		}
	}
	if id := form.Get("encounter"); id != "" && asked.NeedsEncounter {
		if err := p.encounterSeenBy(r.Context(), s, id); err != nil {
			return "", err
		}
		d.Encounter = id
	}
	return p.Provider.Complete(r.Context(), asked.ID, s, d)
}

var errUndecided = problem{
	http.StatusBadRequest, "The answer is missing",
	"Please go back and choose one of the two buttons.",
}

// goesWith reports whether a scope isn't asked about: it says what the app is
// told of the launch, which the page shows.
func goesWith(name string) bool { return name == "launch" || strings.HasPrefix(name, "launch/") }

// hints explain scopes whose consequences don't show.
var hints = map[string]string{
	"offline_access": "The app gets to the data at any time, also after you have signed out.",
	"online_access":  "When you sign out here, its access ends.",
}

// choicesOf puts scopes into words: those that can be taken away, first what the
// app sees and does, and what goes with the request. Scopes with the same words
// make one choice.
func choicesOf(s scope.Set, own bool) (choices []choice, given []string) {
	for _, r := range s.Resources {
		choices = append(choices, choice{Value: r.String(), Words: r.Describe(own)})
	}
	for _, name := range s.Others {
		words := scope.DescribeOther(name)
		if words == "" {
			words = name
		}
		same := func(c choice) bool { return c.Words == words }
		switch i := slices.IndexFunc(choices, same); {
		case goesWith(name):
			given = append(given, words)
		case i >= 0:
			choices[i].Value += " " + name
		default:
			choices = append(choices, choice{Value: name, Words: words, Hint: hints[name]})
		}
	}
	return choices, given
}

// kept gives the part of the scopes asked for that a form names, with what isn't
// asked about. Where nothing of the choices is left, nothing is.
func kept(asked scope.Set, values []string) scope.Set {
	ticked := map[string]bool{}
	for _, v := range values {
		for name := range strings.FieldsSeq(v) {
			ticked[name] = true
		}
	}
	var left scope.Set
	some := false
	for _, r := range asked.Resources {
		if ticked[r.String()] {
			left.Resources, some = append(left.Resources, r), true
		}
	}
	for _, name := range asked.Others {
		if goesWith(name) || ticked[name] {
			left.Others, some = append(left.Others, name), some || !goesWith(name)
		}
	}
	if !some {
		return scope.Set{}
	}
	return left
}

// siteOf gives the host of an app, "" for one on the user's own device.
func siteOf(redirectURIs []string) string {
	for _, uri := range redirectURIs {
		if u, err := url.Parse(uri); err == nil && u.Scheme == "https" {
			return u.Host
		}
	}
	return ""
}
