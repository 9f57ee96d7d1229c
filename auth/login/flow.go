package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"caseway/auth/provider"
)

// asked gives the request that a page is about, nil where it is about none.
func (p *Pages) asked(ctx context.Context, parameters url.Values) (*provider.Pending, error) {
	id := parameters.Get("request")
	if id == "" {
		return nil, nil
	}
	return p.Provider.Pending(ctx, id)
}

// session gives who has signed in in this browser, nil for nobody.
func (p *Pages) session(r *http.Request) (*provider.Session, error) {
	value := p.Provider.SessionValue(r)
	if value == "" {
		return nil, nil
	}
	s, err := p.Provider.Session(r.Context(), value)
	if errors.Is(err, provider.ErrNoSession) {
		return nil, nil
	}
	return s, err
}

// next gives the page that a person has to see after signing in.
func (p *Pages) next(ctx context.Context, asked *provider.Pending, s *provider.Session) (goTo, error) {
	if asked == nil {
		return "/auth/apps", nil
	}
	if asked.NeedsSignIn(s) {
		return pageOf("signin", asked), nil
	}
	patient, err := p.patientFor(ctx, asked, s)
	if err != nil {
		return "", err
	}
	if asked.NeedsPatient && patient == "" {
		return pageOf("patient", asked), nil
	}
	return pageOf("consent", asked), nil
}

// patientFor gives the patient whom an app gets without asking anybody: that of
// the EHR's launch, or the only one whom the user may choose. "" where there is
// none.
func (p *Pages) patientFor(ctx context.Context, asked *provider.Pending, s *provider.Session) (string, error) {
	if asked.Launch != nil && asked.Launch.Patient != "" {
		return asked.Launch.Patient, nil
	}
	if !asked.NeedsPatient {
		return "", nil
	}
	choice, err := p.Provider.Choice(ctx, s)
	return choice.Patient, err
}

// pageOf gives the path of a page about a request.
func pageOf(name string, asked *provider.Pending) goTo {
	return goTo("/auth/" + name + "?" + url.Values{"request": {asked.ID}}.Encode())
}

// waiting gives the request and the session that the pages after sign-in are
// about, or the page to go to instead. The parameters are those of the URL or of
// a form.
func (p *Pages) waiting(w http.ResponseWriter, r *http.Request, parameters url.Values, s *provider.Session) (*provider.Pending, error) {
	asked, err := p.asked(r.Context(), parameters)
	if err != nil {
		return nil, err
	}
	if asked == nil {
		return nil, errNoRequest
	}
	if asked.NeedsSignIn(s) {
		return nil, pageOf("signin", asked)
	}
	guard(w.Header(), asked.Client.RedirectURIs)
	return asked, nil
}

var errNoRequest = problem{
	http.StatusBadRequest, "No app has asked for anything",
	"This page belongs to an app that wants to be let in. Please start again from your app.",
}
