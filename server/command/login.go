package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"caseway/auth"
	"caseway/auth/external"
	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/server"
)

// What --auth may be beside issuers.
const (
	authNone     = "none"
	authEmbedded = "embedded"
)

// Login are the settings of serve that say who may ask, and how that is found out.
type Login struct {
	Auth                []string      `default:"none" placeholder:"none|embedded|ISSUER" help:"Login: none (refused on other addresses than loopback), embedded (users and clients of our own) or the URLs of OpenID providers elsewhere; of several, clients are sent to the first."`
	AuthNoneAnyway      bool          `help:"Listen beyond loopback without a login, in a closed network: whoever reaches the server may read and change everything."`
	AuthSeed            string        `placeholder:"FILE" help:"YAML file with users and clients that --auth embedded makes or brings up to date at each start."`
	AuthAudience        []string      `help:"What the aud of a token of an issuer elsewhere must name, if not the FHIR base URL."`
	AuthPatientClaim    string        `default:"patient" help:"Claim of an issuer elsewhere that holds the patient in context: a name, or a path with dots."`
	AuthFHIRUserClaim   string        `name:"auth-fhir-user-claim" default:"fhirUser" help:"Claim that holds the user as a reference."`
	AuthOrganization    string        `name:"auth-organization-claim" help:"Claim that holds the Organization that the user or client is bound to."`
	AuthRoleClaim       string        `help:"Claim that holds the user's role: administrator, staff, patient or caregiver. Without one it goes by the type of the fhirUser."`
	AuthClockSkew       time.Duration `default:"1m" help:"How far the clock of an issuer elsewhere may be off."`
	IntrospectionClient []string      `name:"auth-introspection-client" help:"Client id under which the first issuer is asked about opaque tokens (RFC 7662), and after a comma that for the second, and so on; an empty one isn't asked. Without any they are refused."`
	IntrospectionSecret []string      `name:"auth-introspection-secret" help:"Secrets of these clients, a comma in one written \\,; better in the environment than on a command line."`
}

// none reports whether there is no login.
func (l Login) none() bool { return slices.Equal(l.Auth, []string{authNone}) }

// embedded reports whether users and clients are our own.
func (l Login) embedded() bool { return slices.Equal(l.Auth, []string{authEmbedded}) }

// check refuses settings that contradict each other.
func (l Login) check() error {
	if len(l.Auth) == 0 {
		return errors.New("--auth is none, embedded or the URL of an issuer")
	}
	if !l.none() && !l.embedded() {
		if slices.Contains(l.Auth, authNone) || slices.Contains(l.Auth, authEmbedded) {
			return errors.New("--auth none and --auth embedded stand alone; several issuers may stand together")
		}
	}
	if l.AuthNoneAnyway && !l.none() {
		return errors.New("--auth-none-anyway goes with --auth none only")
	}
	if l.AuthSeed != "" && !l.embedded() {
		return errors.New("--auth-seed goes with --auth embedded only: an issuer elsewhere has its own users and clients")
	}
	if len(l.IntrospectionClient) != len(l.IntrospectionSecret) || len(l.IntrospectionClient) > len(l.Auth) {
		return errors.New("--auth-introspection-client and --auth-introspection-secret go together: one of each for an issuer")
	}
	if l.AuthClockSkew < 0 || l.AuthClockSkew > time.Hour {
		return errors.New("--auth-clock-skew is between 0 and an hour")
	}
	return nil
}

// name is what the log says at start.
func (l Login) name() string { return strings.Join(l.Auth, ",") }

// root is the URL of the server's root, which issuers and audiences need even
// where no setting says it: what it listens on, under the name of its
// certificate where it has one.
func (s Serve) root(listener net.Listener, certs *tls.Config) (string, error) {
	if s.BaseURL != "" || s.Login.none() {
		return strings.TrimSuffix(s.BaseURL, "/"), nil
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "", err
	}
	switch {
	case s.TLSCert == "" && !s.beyondLoopback():
		return "http://" + net.JoinHostPort(s.listenHost(), port), nil
	}
	certName := nameOn(certs)
	switch {
	case certName == "":
		return "", errors.New("--base-url is needed: the certificate of --tls-cert has no single name that clients could use")
	}
	if port == "443" {
		return "https://" + certName, nil
	}
	return "https://" + net.JoinHostPort(certName, port), nil
}

// nameOn is the one name that a certificate is for; "" where there are several.
func nameOn(certs *tls.Config) string {
	leaf := certs.Certificates[0].Leaf
	if leaf == nil || len(leaf.DNSNames) != 1 || strings.HasPrefix(leaf.DNSNames[0], "*") {
		return ""
	}
	return leaf.DNSNames[0]
}

// login makes what finds out who asks; nil where nobody does.
func (s Serve) login(
	ctx context.Context, root string, data store.Store, d deciders, log *slog.Logger,
) (*server.Login, error) {
	switch {
	case s.Login.none():
		return nil, nil
	case s.Login.embedded():
		return s.embeddedLogin(ctx, root, data, d, log)
	}
	return s.externalLogin(ctx, root, data, log)
}

// externalLogin trusts issuers elsewhere. Their state is kept current until ctx ends.
func (s Serve) externalLogin(ctx context.Context, root string, data store.Store, log *slog.Logger) (*server.Login, error) {
	config := external.Config{
		Issuers: s.Login.Auth, Audiences: s.Login.AuthAudience, Base: fhirBase(root), ClockSkew: s.AuthClockSkew,
		Claims: external.Claims{
			Patient: s.AuthPatientClaim, FHIRUser: s.AuthFHIRUserClaim, Organization: s.AuthOrganization, Role: s.AuthRoleClaim,
		},
		Charges: charges{data}.of, Log: log,
	}
	if len(config.Audiences) == 0 {
		config.Audiences = []string{fhirBase(root)}
	}
	for n, client := range s.IntrospectionClient {
		config.Introspection = append(config.Introspection, external.Introspection{Client: client, Secret: s.IntrospectionSecret[n]})
	}
	verifier, err := external.New(config)
	if err != nil {
		return nil, fmt.Errorf("--auth: %w", err)
	}
	go verifier.Run(ctx)
	return &server.Login{
		Verifier: verifier, Proxied: s.proxied(),
		SMART: func(context.Context) (auth.Metadata, error) {
			m, known := verifier.Metadata()
			if !known {
				return auth.Metadata{}, fhir.NewError(fhir.Transient, fhir.IssueTransient,
					"where to log in isn't known yet: the issuer of tokens doesn't answer")
			}
			return smartOf(m), nil
		},
		Issuers: func() []server.IssuerState {
			var states []server.IssuerState
			for _, i := range verifier.States() {
				states = append(states, server.IssuerState(i))
			}
			return states
		},
	}, nil
}

// proxied reports whether clients may come by way of a proxy on this machine.
func (s Serve) proxied() bool {
	return len(s.TrustedProxies) > 0 || s.BaseURL != "" && isRemote(s.BaseURL) && s.TLSCert == ""
}

// isRemote reports whether a URL names another machine than this.
func isRemote(root string) bool {
	u, err := url.Parse(root)
	return err != nil || !auth.IsLoopback(u.Hostname())
}
