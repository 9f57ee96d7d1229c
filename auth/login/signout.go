package login

import "net/http"

func (p *Pages) showSignOut(w http.ResponseWriter, r *http.Request) error {
	s, err := p.session(r)
	if err != nil {
		return err
	}
	if s == nil {
		p.show(w, r, http.StatusOK, "done", pageData{Title: "You are signed out", Text: "You can close this page now."})
		return nil
	}
	p.show(w, r, http.StatusOK, "signout", pageData{
		Title: "Sign out?", Text: "Apps that you have allowed to stay connected while you are away keep their access.",
		Form: s.CSRF, User: s.User.Name,
	})
	return nil
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	_, s, err := p.sessionForm(r)
	if err == errSignedOut {
		return goTo("/auth/signout")
	}
	if err != nil {
		return err
	}
	if err := p.Provider.SignOut(r.Context(), s.Value); err != nil {
		return err
	}
	http.SetCookie(w, p.Provider.SessionCookie(""))
	return goTo("/auth/signout")
}
