package login

import (
	"errors"
	"net/http"
	"time"

	"caseway/auth/account"
	"caseway/auth/provider"
	"caseway/fhir"
)

// problem is an answer that says what went wrong and what to do.
type problem struct {
	status      int
	title, text string
}

// Error gives the title.
func (p problem) Error() string { return p.title }

// goTo is an answer, too: another page of ours.
type goTo string

// Error gives the path.
func (g goTo) Error() string { return string(g) }

var (
	errStaleForm = problem{
		http.StatusForbidden, "This form has gone stale",
		"You have signed in or out since it was opened, perhaps in another tab. Please go back, load the page again and send it once more.",
	}
	errNoCookies = problem{
		http.StatusForbidden, "Your browser didn't keep our cookie",
		"Signing in needs cookies of this site. Please allow them, then start again from your app.",
	}
	errForeignForm = problem{
		http.StatusForbidden, "This form came from another site",
		"Nothing has been done. Please open the page yourself, or start again from your app.",
	}
	errSignedOut = problem{
		http.StatusForbidden, "You have been signed out",
		"Nothing has been done. Please sign in again, or start again from your app.",
	}
	errGone = problem{
		http.StatusGone, "This request is over",
		"It was answered already, or it waited too long. Please go back to your app and start again from there.",
	}
	errNotYours = problem{
		http.StatusForbidden, "You can't open this patient's data",
		"There is no such patient, or your account may not see it. Please go back to your app and start with another patient.",
	}
	errTooMuch = problem{
		http.StatusForbidden, "This search finds too much",
		"Please go back and add something to it: more of the name, the birth date or an identifier.",
	}
	errAway = problem{
		http.StatusServiceUnavailable, "This can't be done right now",
		"Our data can't be reached. Please try again in a minute.",
	}
	errInside = problem{
		http.StatusInternalServerError, "Something went wrong on our side",
		"It has been noted. Please try again, and tell the people who run this server if it happens again.",
	}
)

// explain shows an error as a page.
func (p *Pages) explain(w http.ResponseWriter, r *http.Request, err error) {
	var target goTo
	if errors.As(err, &target) {
		http.Redirect(w, r, string(target), http.StatusSeeOther)
		return
	}
	shown := problemOf(err)
	if shown.status >= http.StatusInternalServerError && r.Context().Err() == nil {
		p.Log.ErrorContext(r.Context(), "login page", "path", knownPath(r), "cause", err)
	}
	if shown.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	p.show(w, r, shown.status, "problem", pageData{Title: shown.title, Text: shown.text})
}

// problemOf is the only place where an error becomes a page.
func problemOf(err error) problem {
	var known problem
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, provider.ErrNoPending):
		return errGone
	case errors.Is(err, provider.ErrNoSession):
		return errSignedOut
	case errors.Is(err, provider.ErrPatient):
		return errNotYours
	case errors.Is(err, account.ErrSetup), errors.Is(err, account.ErrExists):
		return errSetup
	case fhir.Is(err, fhir.Transient):
		return errAway
	case fhir.Is(err, fhir.TooCostly):
		return errTooMuch
	}
	return errInside
}

// knownPath keeps what somebody typed as a path out of the log.
func knownPath(r *http.Request) string {
	if r.Pattern == "/" {
		return ""
	}
	return r.Pattern
}

// Trouble shows a browser a problem that isn't one of these pages' own, such as
// an app that isn't registered. text says what to do.
func (p *Pages) Trouble(w http.ResponseWriter, r *http.Request, status int, text string) {
	guard(w.Header(), nil)
	p.show(w, r, status, "problem", pageData{Title: "Your app can't be opened", Text: text})
}

// inWords says how long to wait, rounded up.
func inWords(wait time.Duration) string {
	if wait > time.Minute {
		return plural(int((wait+time.Minute-1)/time.Minute), "minute")
	}
	return plural(max(1, int((wait+time.Second-1)/time.Second)), "second")
}
