package provider

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"caseway/auth/account"
	"caseway/auth/scope"
	"caseway/fhir"
)

// authorize takes a request for authorization (RFC 6749 section 4.1.1) by GET or
// POST, keeps it, and sends the browser to sign in. Mistakes go back to the
// app only once it is clear that the redirect URI is the client's.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	form, err := authorizeForm(w, r)
	if err != nil {
		p.trouble(w, r, err)
		return
	}
	client, err := p.redirectable(r.Context(), form)
	if err != nil {
		p.trouble(w, r, err)
		return
	}
	to, err := p.ask(r, client, form)
	var o *oauthError
	if errors.As(err, &o) {
		p.tell(r.Context(), Event{Kind: EventConsent, Reason: o.Code, Client: client.ID})
		to = p.refusal(&pending{Redirect: form.Get("redirect_uri"), State: form.Get("state")}, o)
	} else if err != nil {
		p.trouble(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// authorizeForm reads the parameters from the query of a GET or the body of a
// POST.
func authorizeForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method == http.MethodPost {
		return readForm(w, r)
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET, POST")
		e := refuse("invalid_request", "authorization is asked for by GET or POST")
		e.status = http.StatusMethodNotAllowed
		return nil, e
	}
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(r.URL.RawQuery) > maxForm {
		return nil, refuse("invalid_request", "the query can't be read, or is too long")
	}
	return once(form)
}

// trouble answers a browser that can't be sent back to an app.
func (p *Provider) trouble(w http.ResponseWriter, r *http.Request, err error) {
	var o *oauthError
	if !errors.As(err, &o) {
		o = p.hidden(r, err)
	}
	o.sayWhen(w.Header())
	if p.o.Trouble != nil {
		p.o.Trouble(w, r, o.status, o.Description)
		return
	}
	http.Error(w, o.Description, o.status)
}

// redirectable finds the client and sees that the redirect URI is one of its
// own, character by character (RFC 9700 section 2.1).
func (p *Provider) redirectable(ctx context.Context, form url.Values) (*account.Client, error) {
	client, err := p.o.Accounts.Client(ctx, form.Get("client_id"))
	if errors.Is(err, account.ErrUnknown) {
		return nil, refuse("invalid_request", "The app isn't registered here: its client_id is missing or unknown. Ask whoever runs the app.")
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(client.RedirectURIs, form.Get("redirect_uri")) {
		return nil, refuse("invalid_request", "The app asks to return to an address (redirect_uri) that isn't registered for it. Ask whoever runs the app.")
	}
	return client, nil
}

// challengeForm is a SHA-256 in base64url (RFC 7636 section 4.2).
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// maxEcho is how many bytes of a parameter are kept to be sent back. Anybody can
// make requests for authorization that wait.
const maxEcho = 4096

// checkRequest holds a request to the profile: the code flow, PKCE by S256
// alone, this FHIR server as audience.
func (p *Provider) checkRequest(client *account.Client, form url.Values) error {
	switch {
	case form.Has("request"):
		return refuse("request_not_supported", "request objects aren't supported")
	case form.Has("request_uri"):
		return refuse("request_uri_not_supported", "request objects aren't supported")
	case form.Get("response_type") == "":
		return refuse("invalid_request", "response_type is missing")
	case form.Get("response_type") != "code":
		return refuse("unsupported_response_type", "response_type is code")
	case form.Get("response_mode") != "" && form.Get("response_mode") != "query":
		return refuse("invalid_request", "response_mode is query")
	case !client.May(account.GrantAuthorizationCode):
		return refuse("unauthorized_client", "the client isn't registered for authorization_code")
	case form.Get("code_challenge") == "":
		return refuse("invalid_request", "code_challenge is missing: PKCE is required")
	case form.Get("code_challenge_method") != "S256":
		return refuse("invalid_request", "code_challenge_method is S256")
	case !challengeForm.MatchString(form.Get("code_challenge")):
		return refuse("invalid_request", "code_challenge isn't a SHA-256 in base64url")
	case len(form.Get("state")) > maxEcho || len(form.Get("nonce")) > maxEcho:
		return refuse("invalid_request", "state and nonce have at most 4096 bytes")
	}
	return p.checkAudience(form)
}

// checkAudience wants the FHIR base in aud, or in its synonym resource.
func (p *Provider) checkAudience(form url.Values) error {
	if !form.Has("aud") && !form.Has("resource") {
		return refuse("invalid_request", "aud is missing: it is the FHIR server's base URL, "+p.audience)
	}
	for _, name := range []string{"aud", "resource"} {
		if form.Has(name) && form.Get(name) != p.audience {
			return refuse("invalid_request", name+" isn't this FHIR server's base URL, "+p.audience)
		}
	}
	return nil
}

// ask keeps a request and gives the URL to go on at.
func (p *Provider) ask(r *http.Request, client *account.Client, form url.Values) (string, error) {
	if err := p.checkRequest(client, form); err != nil {
		return "", err
	}
	now := p.now().UTC()
	kept := pending{
		Client: client.ID, Redirect: form.Get("redirect_uri"), State: form.Get("state"), Nonce: form.Get("nonce"),
		Challenge: form.Get("code_challenge"), Requested: form.Get("scope"), LoginHint: account.UserID(form.Get("login_hint")),
		Created: now, Expires: now.Add(pendingLife),
	}
	if err := kept.readPrompt(form); err != nil {
		return "", err
	}
	if err := p.readLaunch(r.Context(), &kept, form); err != nil {
		return "", err
	}
	set, err := askable(client, form.Get("scope"), kept.Context != nil)
	if err != nil {
		return "", err
	}
	if set, err = p.usable(set); err != nil {
		return "", err
	}
	kept.Scopes = set.String()
	id := newSecret()
	if err := p.pendings.Put(r.Context(), hashOf(id), kept, kept.Expires, 0); err != nil {
		return "", err
	}
	if slices.Contains(kept.Prompt, "none") {
		return p.withoutPrompt(r, id)
	}
	return p.o.BaseURL + PathSignIn + "?request=" + url.QueryEscape(id), nil
}

// askable gives what of the scopes asked for can be granted to a client for a
// user. What isn't known or isn't allowed is left out; the token's answer says so
// (RFC 6749 section 3.3).
func askable(client *account.Client, text string, launched bool) (scope.Set, error) {
	if strings.TrimSpace(text) == "" {
		return scope.Set{}, refuse("invalid_scope", "scope is missing")
	}
	asked, err := scope.Parse(text)
	var unknown *scope.Error
	if err != nil && !errors.As(err, &unknown) {
		return scope.Set{}, refuse("invalid_scope", "scope can't be read")
	}
	allowed, err := scope.Parse(client.Scopes)
	if err != nil && !errors.As(err, &unknown) {
		return scope.Set{}, err
	}
	set := asked.Intersect(allowed)
	set.Resources = slices.DeleteFunc(set.Resources, func(s scope.Scope) bool { return s.Context == scope.System })
	set.Others = slices.DeleteFunc(set.Others, func(name string) bool {
		refreshes := name == "offline_access" || name == "online_access"
		return name == "launch" && !launched || refreshes && !client.May(account.GrantRefreshToken)
	})
	if set.Empty() {
		return set, refuse("invalid_scope", "none of these scopes can be granted to this client for a user")
	}
	return set, nil
}

// usable leaves out of scopes those whose search parameters can't be used. An
// app that then gets nothing of what it asked for is told why.
func (p *Provider) usable(set scope.Set) (scope.Set, error) {
	if p.o.Usable == nil {
		return set, nil
	}
	left := set
	left.Resources = slices.DeleteFunc(slices.Clone(set.Resources), func(s scope.Scope) bool {
		return s.Query != "" && p.o.Usable(scope.Set{Resources: []scope.Scope{s}}) != nil
	})
	if len(left.Resources) == 0 && len(set.Resources) > 0 {
		return set, refuse("invalid_scope",
			"the search parameters of these scopes can't be used: a scope may have those of its type that look at the resource alone")
	}
	return left, nil
}

// readPrompt reads how the user is to be asked (OpenID Connect Core section
// 3.1.2.1).
func (k *pending) readPrompt(form url.Values) error {
	k.Prompt = strings.Fields(form.Get("prompt"))
	for _, word := range k.Prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, word) {
			return refuse("invalid_request", "prompt is none, login, consent or select_account")
		}
		if word == "none" && len(k.Prompt) > 1 {
			return refuse("invalid_request", "prompt none stands alone")
		}
	}
	if !form.Has("max_age") {
		return nil
	}
	age, err := strconv.ParseInt(form.Get("max_age"), 10, 32)
	if err != nil || age < 0 {
		return refuse("invalid_request", "max_age is a number of seconds")
	}
	k.MaxAge = &age
	return nil
}

// withoutPrompt grants without asking what the user granted to this client
// before, or says what would have to be asked.
func (p *Provider) withoutPrompt(r *http.Request, id string) (string, error) {
	ctx := r.Context()
	w, err := p.Pending(ctx, id)
	if err != nil {
		return "", err
	}
	s, err := p.Session(ctx, p.SessionValue(r))
	if err != nil && !errors.Is(err, ErrNoSession) {
		return "", err
	}
	if err != nil || w.NeedsSignIn(s) {
		return "", refuse("login_required", "the user has to sign in")
	}
	before, err := p.Grants(ctx, s.User.ID)
	if err != nil {
		return "", err
	}
	patient, err := p.given(ctx, w, s)
	if err != nil {
		return "", err
	}
	for _, g := range before {
		if w.isLike(&g) && (patient == "" || patient == g.Patient) && g.Scopes.Covers(possible(w.Scopes, &LaunchContext{Patient: g.Patient}, s.User)) {
			return p.again(ctx, w, s, g)
		}
	}
	return "", refuse("consent_required", "the user has to be asked")
}

// given is the patient that a request gets without anybody's choosing: that of
// the launch, or the only one there is; "" for none.
func (p *Provider) given(ctx context.Context, w *Pending, s *Session) (string, error) {
	if w.Launch != nil && w.Launch.Patient != "" {
		return w.Launch.Patient, nil
	}
	if !w.NeedsPatient {
		return "", nil
	}
	choice, err := p.Choice(ctx, s)
	return choice.Patient, err
}

// isLike reports whether a grant was given to the client that asks now. Who gets
// the codes of a public client is known where its redirect URI is https only:
// schemes and ports of a device can be taken by others (RFC 8252 section 8.6).
func (p *Pending) isLike(g *Grant) bool {
	assured := p.Client.Kind != account.Public || strings.HasPrefix(p.kept.Value.Redirect, "https://")
	return assured && g.Client.ID == p.Client.ID
}

// again completes a request as an earlier one was.
func (p *Provider) again(ctx context.Context, w *Pending, s *Session, g Grant) (string, error) {
	to, err := p.Complete(ctx, w.ID, s, Decision{Patient: g.Patient, Scopes: w.Scopes})
	var f *fhir.Error
	switch {
	case err == nil, errors.As(err, &f):
		return to, err
	case errors.Is(err, ErrPatient), errors.Is(err, ErrNeedsPatient), errors.Is(err, ErrNoPending):
		return "", refuse("interaction_required", "the user has to be asked")
	}
	return "", err
}
