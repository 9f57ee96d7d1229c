package login

import (
	"net/http"
	"net/url"
	"unicode/utf8"

	"caseway/auth"
	"caseway/auth/account"
)

// setupPage is what the page for the first administrator shows besides.
type setupPage struct {
	Token string // of the link
	ID    string
	Name  string
}

var errSetup = problem{
	http.StatusGone, "This setup link can't be used any more",
	"It works once, for a day, and only as long as there are no users. If nobody can sign in yet, restart the server: it then prints a new link.",
}

func (p *Pages) showSetup(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	open, err := p.Accounts.SetupOpen(r.Context(), token)
	if err != nil {
		return err
	}
	if !open {
		return errSetup
	}
	p.setupForm(w, r, http.StatusOK, setupPage{Token: token}, nil)
	return nil
}

func (p *Pages) setupForm(w http.ResponseWriter, r *http.Request, status int, page setupPage, wrong []fault) {
	p.show(w, r, status, "setup", pageData{
		Title: "Set up the first administrator", Form: tokenOf(p.visit(w, r)), Errors: wrong, Page: page,
	})
}

func (p *Pages) setUp(w http.ResponseWriter, r *http.Request) error {
	form, err := p.visitForm(r)
	if err != nil {
		return err
	}
	page := setupPage{Token: form.Get("token"), ID: form.Get("id"), Name: form.Get("name")}
	u := account.User{ID: account.UserID(page.ID), Name: page.Name, Role: auth.Administrator}
	if wrong := unfit(form, &u); wrong != nil {
		p.setupForm(w, r, http.StatusBadRequest, page, wrong)
		return nil
	}
	if err := p.Accounts.Setup(r.Context(), page.Token, u, form.Get("password")); err != nil {
		return err
	}
	s, err := p.Provider.SignIn(r.Context(), u.ID, form.Get("password"), p.Provider.SessionValue(r))
	if err != nil {
		return err
	}
	p.forgetVisit(w)
	http.SetCookie(w, p.Provider.SessionCookie(s.Value))
	return goTo("/auth/apps?done=set-up")
}

// Lengths that package account holds passwords to: characters at least, bytes at
// most.
const (
	minPassword = 8
	maxPassword = 1024
)

// unfit lists what is wrong with the user that somebody wants to be.
func unfit(form url.Values, u *account.User) []fault {
	wrong := missing(form, fault{"id", "Enter a user name."}, fault{"name", "Enter your name."})
	if len(wrong) == 0 && u.Check() != nil {
		wrong = append(wrong, fault{"id", "Use at most 100 small letters, digits and . - _ @ +, with a letter or digit first."})
	}
	password := form.Get("password")
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		wrong = append(wrong, fault{"password", "Choose a password of at least 8 characters; several words make a good one."})
	case len(password) > maxPassword:
		wrong = append(wrong, fault{"password", "This password is too long."})
	case password != form.Get("repeat"):
		wrong = append(wrong, fault{"repeat", "The two passwords differ. Please type the same one twice."})
	}
	return wrong
}
