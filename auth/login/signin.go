package login

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"caseway/auth/account"
	"caseway/auth/provider"
)

// signInPage is what the sign-in page shows besides.
type signInPage struct {
	Request string // id of the request, "" for none
	App     string // that wants to be let in
	Name    string // filled in
	Again   bool   // somebody has signed in and wants to be somebody else
}

func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	parameters := r.URL.Query()
	asked, err := p.asked(r.Context(), parameters)
	if err != nil {
		return err
	}
	s, err := p.session(r)
	if err != nil {
		return err
	}
	again := parameters.Has("again")
	if s != nil && !again && (asked == nil || !asked.NeedsSignIn(s)) {
		target, err := p.next(r.Context(), asked, s)
		if err != nil {
			return err
		}
		return target
	}
	page := signInPage{Again: again}
	if asked != nil && !again {
		page.Name = asked.LoginHint
	}
	p.signInForm(w, r, http.StatusOK, asked, page, nil)
	return nil
}

func (p *Pages) signInForm(w http.ResponseWriter, r *http.Request, status int, asked *provider.Pending, page signInPage, wrong []fault) {
	if asked != nil {
		guard(w.Header(), asked.Client.RedirectURIs)
		page.Request, page.App = asked.ID, asked.Client.Name
	}
	p.show(w, r, status, "signin", pageData{Title: "Sign in", Form: tokenOf(p.visit(w, r)), Errors: wrong, Page: page})
}

// signIn begins a session with a new value: one that the browser had before ends.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := p.visitForm(r)
	if err != nil {
		return err
	}
	asked, err := p.asked(r.Context(), form)
	if err != nil {
		return err
	}
	name, password := form.Get("name"), form.Get("password")
	if wrong := missing(form, fault{"name", "Enter your user name."}, fault{"password", "Enter your password."}); wrong != nil {
		p.signInForm(w, r, http.StatusBadRequest, asked, signInPage{Name: name}, wrong)
		return nil
	}
	browser := p.browser(r)
	s, err := p.Provider.SignInFrom(r.Context(), name, password, p.Provider.SessionValue(r), browser)
	if err != nil {
		status, wrong, err := refusedSignIn(w, err)
		if err != nil {
			return err
		}
		p.signInForm(w, r, status, asked, signInPage{Name: name}, wrong)
		return nil
	}
	p.forgetVisit(w)
	p.keepBrowser(w, browser)
	http.SetCookie(w, p.Provider.SessionCookie(s.Value))
	target, err := p.next(r.Context(), asked, s)
	if err != nil {
		return err
	}
	if asked != nil {
		guard(w.Header(), asked.Client.RedirectURIs)
	}
	return target
}

// missing lists the fields of a form that are empty.
func missing(form url.Values, needed ...fault) []fault {
	var wrong []fault
	for _, f := range needed {
		if form.Get(f.Field) == "" {
			wrong = append(wrong, f)
		}
	}
	return wrong
}

// refusedSignIn says why a sign-in was refused, and never which of name and
// password is wrong.
func refusedSignIn(w http.ResponseWriter, err error) (int, []fault, error) {
	var locked *account.LockedError
	switch {
	case errors.Is(err, account.ErrCredentials):
		return http.StatusForbidden, []fault{{"name", "The user name or the password is wrong. Please check both and try again."}}, nil
	case errors.As(err, &locked) && locked.Until.IsZero():
		return http.StatusForbidden, []fault{{"name", "This account is locked. Please ask an administrator to unlock it."}}, nil
	case errors.As(err, &locked):
		wait := max(time.Second, time.Until(locked.Until))
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		return http.StatusTooManyRequests, []fault{{"name", "There were too many attempts. Please wait " + inWords(wait) + ", then try again."}}, nil
	}
	return 0, nil, err
}
