// Package login is what people see of signing in: the pages on which they sign
// in, choose a patient, let an app in or not, take access away again, and set
// up the first administrator.
//
// A request is an app's pending authorization, which waits for a person's
// decision; its id goes from page to page as the parameter request. Pages are
// rendered on the server, work without scripts and load nothing from elsewhere.
// Every form carries a token that is bound to a cookie of the visitor, and is
// refused when it comes from another origin. No page redirects to an address
// that a parameter names.
//
// Not here: passwords, sessions, pending authorizations and grants themselves
// (packages account and provider), nor who may see which patient (the engine's
// Access).
package login

import (
	"log/slog"
	"net/http"
	"net/url"

	"caseway/auth/account"
	"caseway/auth/provider"
	"caseway/fhir/interaction"
)

// Pages are all pages under /auth. The fields aren't changed once Handler has
// been called; all are needed.
type Pages struct {
	// Root is the server's, as browsers reach it: "https://care.example".
	Root     *url.URL
	Accounts *account.Store
	Provider *provider.Provider
	// Engine finds patients, as the user who has signed in.
	Engine *interaction.Session
	// Log takes what went wrong inside, and nothing that a visitor typed.
	Log *slog.Logger
}

// visitor handles one page's request. The error that it returns is shown as a
// page.
type visitor func(w http.ResponseWriter, r *http.Request) error

// Handler serves the paths /auth/signin, /auth/patient, /auth/consent,
// /auth/apps, /auth/setup, /auth/signout and /auth/style.css, and answers any
// other with a page that says so. Safe for concurrent use.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /auth/style.css", file("style.css"))
	mux.Handle("GET /auth/icon.svg", file("icon.svg"))
	for path, page := range map[string]struct{ show, act visitor }{
		"/auth/signin":  {p.showSignIn, p.signIn},
		"/auth/patient": {p.showPatients, p.choosePatient},
		"/auth/consent": {p.showConsent, p.decide},
		"/auth/apps":    {p.showApps, p.revoke},
		"/auth/setup":   {p.showSetup, p.setUp},
		"/auth/signout": {p.showSignOut, p.signOut},
	} {
		mux.Handle("GET "+path, p.page(page.show))
		mux.Handle("POST "+path, p.page(p.sameOrigin(page.act)))
		mux.Handle(path, p.page(wrongMethod))
	}
	mux.Handle("/", p.page(unknownPage))
	return mux
}

// maxForm is how many bytes a form may have: consent to some hundred scopes fits.
const maxForm = 64 << 10

func (p *Pages) page(v visitor) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guard(w.Header(), nil)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := v(w, r); err != nil {
			p.explain(w, r, err)
		}
	})
}

func wrongMethod(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Allow", "GET, HEAD, POST")
	return problem{http.StatusMethodNotAllowed, "This page can't do that", "Please go back and use the links and buttons of the page."}
}

func unknownPage(_ http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == "/auth" || r.URL.Path == "/auth/" {
		return goTo("/auth/apps")
	}
	return problem{http.StatusNotFound, "There is no such page", "Please check the address, or start again from your app."}
}
