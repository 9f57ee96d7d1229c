package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"caseway/auth/account"
)

// LaunchContext is what an EHR says about a launch
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token).
type LaunchContext struct {
	Patient           string            `json:"patient,omitempty"`   // logical id
	Encounter         string            `json:"encounter,omitempty"` // logical id
	FHIRContext       []json.RawMessage `json:"fhirContext,omitempty"`
	Intent            string            `json:"intent,omitempty"`
	NeedPatientBanner *bool             `json:"need_patient_banner,omitempty"`
	SmartStyleURL     string            `json:"smart_style_url,omitempty"`
	Tenant            string            `json:"tenant,omitempty"`
}

// launch is a launch as kept in records, by its id's hash.
type launch struct {
	By      string        `json:"by"`             // the trusted client
	For     string        `json:"for,omitempty"`  // the app; "" for any
	User    string        `json:"user,omitempty"` // who is to sign in; "" for any
	Context LaunchContext `json:"context"`
	Until   time.Time     `json:"until"`
}

// launchRequest is what a trusted client posts.
type launchRequest struct {
	LaunchContext
	ClientID string `json:"client_id"` // the app that is launched; without it, any
	User     string `json:"user"`      // the user whom it is for; without it, any
}

// launchAnswer is what it gets.
type launchAnswer struct {
	Launch    string `json:"launch"`
	ExpiresIn int    `json:"expires_in"` // seconds
	// LaunchURL opens the app, where client_id names one with a launch URI.
	LaunchURL string `json:"launch_url,omitempty"`
}

// launch makes a launch for a trusted client, which shows who it is by its
// secret (Basic) or by an access token of its own.
func (p *Provider) launch(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		e := refuse("invalid_request", "a launch is made by POST")
		e.status = http.StatusMethodNotAllowed
		return nil, e
	}
	client, err := p.launcher(r)
	if err != nil {
		return nil, err
	}
	asked, err := readLaunchRequest(w, r)
	if err != nil {
		return nil, err
	}
	answer, err := p.newLaunch(r.Context(), client, asked)
	var o *oauthError
	if err != nil && !errors.As(err, &o) {
		return nil, err
	}
	e := Event{Kind: EventLaunch, OK: err == nil, Client: client.ID, User: asked.User, Patient: asked.Patient}
	if err != nil {
		e.Reason = o.Code
	}
	p.tell(r.Context(), e)
	if err != nil {
		return nil, err
	}
	p.writeJSON(w, http.StatusCreated, answer)
	return nil, nil
}

// launcher finds the trusted client that asks.
func (p *Provider) launcher(r *http.Request) (*account.Client, error) {
	client, err := p.caller(r, nil)
	if err == nil && !client.Launch {
		return nil, &oauthError{Code: "unauthorized_client", Description: "the client isn't registered to launch apps", status: http.StatusForbidden}
	}
	return client, err
}

// readLaunchRequest reads the body strictly: a misspelt member would be a
// context that silently isn't there.
func readLaunchRequest(w http.ResponseWriter, r *http.Request) (*launchRequest, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return nil, refuse("invalid_request", "the body can't be read, or is too long")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var asked launchRequest
	if err := d.Decode(&asked); err != nil {
		return nil, refuse("invalid_request", "the body is a JSON object with patient, encounter, fhirContext, intent, "+
			"need_patient_banner, smart_style_url, tenant, client_id and user, as far as they apply")
	}
	if d.More() {
		return nil, refuse("invalid_request", "there is more behind the JSON object")
	}
	return &asked, asked.check()
}

var logicalID = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)

func (c *LaunchContext) check() error {
	c.Patient = strings.TrimPrefix(c.Patient, "Patient/")
	c.Encounter = strings.TrimPrefix(c.Encounter, "Encounter/")
	if c.Patient != "" && !logicalID.MatchString(c.Patient) {
		return refuse("invalid_request", "patient is the logical id of a Patient")
	}
	if c.Encounter != "" && !logicalID.MatchString(c.Encounter) {
		return refuse("invalid_request", "encounter is the logical id of an Encounter")
	}
	if u, err := url.Parse(c.SmartStyleURL); c.SmartStyleURL != "" && (err != nil || !u.IsAbs() || u.Host == "") {
		return refuse("invalid_request", "smart_style_url is an absolute URL")
	}
	for _, item := range c.FHIRContext {
		if err := checkContextItem(item); err != nil {
			return err
		}
	}
	return nil
}

var relative = regexp.MustCompile(`^([A-Z][A-Za-z]{1,63})/[A-Za-z0-9.-]{1,64}(/_history/[A-Za-z0-9.-]{1,64})?$`)

// contextItem is a member of fhirContext
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#fhircontext-exp).
type contextItem struct {
	Reference  string          `json:"reference"`
	Canonical  string          `json:"canonical"`
	Identifier json.RawMessage `json:"identifier"`
	Type       string          `json:"type"`
	Role       *string         `json:"role"`
}

func checkContextItem(data json.RawMessage) error {
	var item contextItem
	if json.Unmarshal(data, &item) != nil || bytes.TrimSpace(data)[0] != '{' {
		return refuse("invalid_request", "fhirContext is an array of objects")
	}
	if item.Reference == "" && item.Canonical == "" && !bytes.HasPrefix(item.Identifier, []byte("{")) {
		return refuse("invalid_request", "each fhirContext object has a reference, a canonical or an identifier")
	}
	kind := relative.FindStringSubmatch(item.Reference)
	if item.Reference != "" && kind == nil {
		return refuse("invalid_request", "a fhirContext reference is relative, as in CarePlan/123")
	}
	if item.Role != nil && *item.Role == "" {
		return refuse("invalid_request", "a fhirContext role isn't empty")
	}
	launched := item.Role == nil || *item.Role == "launch"
	if kind != nil && launched && (kind[1] == "Patient" || kind[1] == "Encounter") {
		return refuse("invalid_request", "a Patient or Encounter is in fhirContext only with a role other than launch")
	}
	return nil
}

func (p *Provider) newLaunch(ctx context.Context, by *account.Client, asked *launchRequest) (*launchAnswer, error) {
	id, until := newSecret(), p.now().Add(launchLife).UTC()
	answer := &launchAnswer{Launch: id, ExpiresIn: int(launchLife.Seconds())}
	if asked.ClientID != "" {
		app, err := p.o.Accounts.Client(ctx, asked.ClientID)
		if errors.Is(err, account.ErrUnknown) {
			return nil, refuse("invalid_request", "client_id names no client")
		}
		if err != nil {
			return nil, err
		}
		if app.LaunchURI != "" {
			answer.LaunchURL = withQuery(app.LaunchURI, url.Values{"iss": {p.audience}, "launch": {id}})
		}
	}
	kept := launch{By: by.ID, For: asked.ClientID, User: account.UserID(asked.User), Context: asked.LaunchContext, Until: until}
	// The record outlives the launch: a request that came in time uses it up.
	return answer, p.launches.Put(ctx, hashOf(id), kept, until.Add(pendingLife), 0)
}

// withQuery adds parameters to a URL and leaves those that it has as they are.
func withQuery(to string, add url.Values) string {
	u, err := url.Parse(to)
	if err != nil {
		return to // it was checked when the client was made
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += add.Encode()
	return u.String()
}

// readLaunch gives a request the context of the launch that it names.
func (p *Provider) readLaunch(ctx context.Context, kept *pending, form url.Values) error {
	if !form.Has("launch") {
		return nil
	}
	asked := strings.Fields(form.Get("scope"))
	if !slices.Contains(asked, "launch") {
		return refuse("invalid_scope", "a request with launch asks for the scope launch")
	}
	key := hashOf(form.Get("launch"))
	row, err := p.launches.Get(ctx, key)
	if err != nil {
		return err
	}
	l := row.Value
	if row.Version == 0 || !p.now().Before(l.Until) || l.For != "" && l.For != kept.Client {
		return refuse("invalid_request", "launch is unknown, expired or used already: open the app anew from where it was launched")
	}
	kept.Launch, kept.User, kept.Context = key, l.User, &l.Context
	return nil
}
