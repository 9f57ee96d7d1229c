package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/auth/provider"
)

// visitCookie holds a random value to which forms are bound before anybody has
// signed in. It never becomes a session, so nobody can plant one.
const visitCookie = "caseway-visit"

// visitLength is that of rand.Text: 128 bits and more.
const visitLength = 26

// visit gives the visitor's random value, and sets one where there is none.
func (p *Pages) visit(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(p.visitName()); err == nil && len(c.Value) == visitLength {
		return c.Value
	}
	c := p.visitCookie(rand.Text())
	http.SetCookie(w, c)
	return c.Value
}

func (p *Pages) visitCookie(value string) *http.Cookie { return p.cookie(visitCookie, value) }

func (p *Pages) cookie(name, value string) *http.Cookie {
	return &http.Cookie{
		Name: p.cookieName(name), Value: value, Path: "/",
		HttpOnly: true, Secure: secure(p.Root), SameSite: http.SameSiteLaxMode,
	}
}

// forgetVisit drops the value once somebody has signed in.
func (p *Pages) forgetVisit(w http.ResponseWriter) {
	c := p.visitCookie("")
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func (p *Pages) visitName() string { return p.cookieName(visitCookie) }

// cookieName has the prefix __Host- where the cookie is Secure: such a one no
// neighbouring host can set (RFC 6265bis, section 4.1.3.2).
func (p *Pages) cookieName(name string) string {
	if secure(p.Root) {
		return "__Host-" + name
	}
	return name
}

// browserCookie holds the secret by which a browser is known again, so that
// others' wrong passwords don't keep its people out. It opens nothing.
const browserCookie = "caseway-browser"

// browser gives the browser's secret, a new one where it has none.
func (p *Pages) browser(r *http.Request) string {
	if c, err := r.Cookie(p.cookieName(browserCookie)); err == nil && account.IsBrowser(c.Value) {
		return c.Value
	}
	return account.NewBrowser()
}

func (p *Pages) keepBrowser(w http.ResponseWriter, secret string) {
	c := p.cookie(browserCookie, secret)
	c.MaxAge = int(account.BrowserKept.Seconds())
	http.SetCookie(w, c)
}

// secure reports whether cookies are marked Secure: always but for plain HTTP
// on loopback.
func secure(root *url.URL) bool {
	return root.Scheme == "https" || !auth.IsLoopback(root.Hostname())
}

// tokenOf gives the token of forms that are bound to a visit. Another site can't
// read the cookie and so can't make the token up; nothing is stored, and each
// process of the store can check it.
func tokenOf(visit string) string {
	mac := hmac.New(sha256.New, []byte(visit))
	mac.Write([]byte("caseway form"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// readForm reads a form and holds it to the token that it must bring along.
func readForm(r *http.Request, token string) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, problem{http.StatusBadRequest, "This form can't be read", "Please go back and send it again."}
	}
	if token == "" || !hmac.Equal([]byte(r.PostForm.Get("form")), []byte(token)) {
		return nil, errStaleForm
	}
	return r.PostForm, nil
}

// visitForm reads a form of somebody who needn't have signed in.
func (p *Pages) visitForm(r *http.Request) (url.Values, error) {
	c, err := r.Cookie(p.visitName())
	if err != nil || len(c.Value) != visitLength {
		return nil, errNoCookies
	}
	return readForm(r, tokenOf(c.Value))
}

// sessionForm reads a form of somebody who has signed in.
func (p *Pages) sessionForm(r *http.Request) (url.Values, *provider.Session, error) {
	s, err := p.session(r)
	if err != nil {
		return nil, nil, err
	}
	if s == nil {
		return nil, nil, errSignedOut
	}
	form, err := readForm(r, s.CSRF)
	return form, s, err
}

// sameOrigin refuses forms that another origin's page sends, by Sec-Fetch-Site
// and Origin, besides what the token does.
func (p *Pages) sameOrigin(v visitor) visitor {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(p.Root.Scheme + "://" + p.Root.Host); err != nil {
		panic("login: " + err.Error()) // a root without scheme or host
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		if protection.Check(r) != nil {
			return errForeignForm
		}
		return v(w, r)
	}
}
