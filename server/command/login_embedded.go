package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"

	"caseway/auth"
	"caseway/auth/access"
	"caseway/auth/account"
	"caseway/auth/login"
	"caseway/auth/provider"
	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/server"
	"caseway/server/app"
	"caseway/server/audit"
)

// embeddedLogin is the authorization server with its pages.
func (s Serve) embeddedLogin(
	ctx context.Context, root string, data store.Store, d deciders, log *slog.Logger,
) (*server.Login, error) {
	accounts := account.NewStore(data, nil)
	if err := passing(log, "the seed of users and clients")(s.seedAccounts(ctx, accounts)); err != nil {
		return nil, err
	}
	if err := passing(log, "the sample app")(app.Register(ctx, accounts, root)); err != nil {
		return nil, fmt.Errorf("registering the sample app: %w", err)
	}
	at, err := url.Parse(root)
	if err != nil {
		return nil, err
	}
	pages := &login.Pages{Root: at, Accounts: accounts, Engine: d.caller(), Log: log}
	issuer, err := provider.New(provider.Options{
		Store: data, Accounts: accounts, BaseURL: root, Log: log, Trouble: pages.Trouble, Audit: bearWitness(d.recorder, root),
		MaySee: maySee(d.caller()), Usable: func(set scope.Set) error { return access.Check(d.engine.Registry(), set) },
	})
	if err != nil {
		return nil, err
	}
	pages.Provider = issuer
	if err := passing(log, "signing in")(issuer.Prepare(ctx)); err != nil {
		return nil, err
	}
	smart := issuer.SMARTConfiguration()
	if err := passing(log, "the first administrator")(offerSetup(ctx, accounts, root, log)); err != nil {
		return nil, err
	}
	return &server.Login{
		Verifier: issuer, Handler: loginHandler(issuer, pages), Proxied: s.proxied(),
		SMART: func(context.Context) (auth.Metadata, error) { return smart, nil },
		IsOrigin: func(ctx context.Context, origin string) bool {
			known, err := accounts.OriginAllowed(ctx, origin)
			return known && err == nil
		},
	}, nil
}

// maySee lets a user put in context whom the user can read.
func maySee(engine *interaction.Session) func(context.Context, *auth.Principal, string) (bool, error) {
	return func(ctx context.Context, who *auth.Principal, patient string) (bool, error) {
		_, err := engine.Read(auth.With(ctx, who), fhir.Key{Type: "Patient", ID: patient})
		var refusal *fhir.Error
		if errors.As(err, &refusal) && refusal.Kind != fhir.Transient {
			return false, nil
		}
		return err == nil, err
	}
}

// loginHandler divides /auth between the endpoints and the pages, and holds
// strangers to a pace.
func loginHandler(issuer *provider.Provider, pages *login.Pages) http.Handler {
	endpoints, rest := issuer.Handler(), pages.Handler()
	divided := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(provider.Paths(), r.URL.Path) {
			endpoints.ServeHTTP(w, r)
			return
		}
		rest.ServeHTTP(w, r)
	})
	return paced(divided, pages.Trouble)
}

// seedAccounts brings users and clients up to date with --auth-seed.
func (s Serve) seedAccounts(ctx context.Context, accounts *account.Store) error {
	if s.AuthSeed == "" {
		return nil
	}
	text, err := os.ReadFile(s.AuthSeed)
	if err != nil {
		return fmt.Errorf("--auth-seed: %w", err)
	}
	seed, err := account.ParseSeed(text)
	if err != nil {
		return fmt.Errorf("--auth-seed: %w", err)
	}
	if err := accounts.Sow(ctx, seed); err != nil {
		return fmt.Errorf("--auth-seed: %w", err)
	}
	return nil
}

// offerSetup says where the first administrator is made, as long as there are
// no users. The link works once and for a day.
func offerSetup(ctx context.Context, accounts *account.Store, root string, log *slog.Logger) error {
	token, err := accounts.OfferSetup(ctx)
	if err != nil {
		return fmt.Errorf("offering the setup of the first administrator: %w", err)
	}
	if token != "" {
		log.Warn("there are no users yet: open this link, which works once, to make the first administrator",
			"link", root+"/auth/setup?token="+url.QueryEscape(token))
	}
	return nil
}

// bearWitness makes AuditEvents of what happens at the authorization server.
func bearWitness(r *audit.Recorder, root string) func(context.Context, provider.Event) {
	if r == nil {
		return nil
	}
	return func(ctx context.Context, e provider.Event) {
		who := &auth.Principal{Issuer: root + "/auth", Subject: e.User, Client: e.Client, Patient: e.Patient}
		if e.User == "" {
			who.Subject = e.Client
		}
		r.Login(ctx, audit.Login{What: string(e.Kind), OK: e.OK, Reason: e.Reason, Who: who})
	}
}
