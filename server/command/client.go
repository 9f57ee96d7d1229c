package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"caseway/auth/account"
)

// Client is the command client.
type Client struct {
	Add    ClientAdd    `cmd:"" help:"Add an application that may ask for tokens; the secret that is made for it is printed once."`
	List   ClientList   `cmd:"" help:"List the clients."`
	Remove ClientRemove `cmd:"" help:"Remove a client; its tokens end."`
}

// ClientAdd is the command client add.
type ClientAdd struct {
	ID            string   `arg:"" help:"The client_id."`
	Store         string   `default:"sqlite:caseway.db" help:"Store of the server, which may be running: sqlite:FILE or a mongodb:// URI."`
	Kind          string   `default:"" enum:",public,confidential-symmetric,confidential-asymmetric" help:"How the client shows who it is: public (PKCE alone), confidential-symmetric (a secret) or confidential-asymmetric (a key set); without it, asymmetric with a key set, otherwise public."`
	Name          string   `help:"Name for people to read."`
	RedirectURI   []string `name:"redirect-uri" sep:"none" help:"Where the browser comes back to, character by character."`
	Scope         []string `sep:"none" help:"Scopes that the client may be granted, with spaces between them."`
	Grant         []string `help:"Grant types: authorization_code, refresh_token, client_credentials; without it, those that the rest asks for."`
	JWKS          string   `name:"jwks" help:"File with the client's public keys, a JSON Web Key Set." placeholder:"FILE"`
	JWKSURL       string   `name:"jwks-url" help:"URL of the client's JSON Web Key Set."`
	SecretStdin   bool     `help:"Take the secret from standard input instead of making one."`
	LaunchURI     string   `name:"launch-uri" help:"Where an EHR launch opens the app."`
	PostLogoutURI []string `name:"post-logout-uri" sep:"none" help:"Where the browser may go after a logout."`
	MayLaunch     bool     `help:"Let the client make launch contexts for apps (POST /auth/launch)."`
	Organization  string   `help:"Logical id of the Organization that the client belongs to, and whose view it has."`
	Origin        []string `sep:"none" help:"Origins of web pages that may call, beside those of redirect URIs."`
}

// Run adds the client.
func (c ClientAdd) Run(ctx context.Context, s Streams) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	secret := ""
	if client.Kind == account.ConfidentialSymmetric {
		secret = account.NewSecret()
	}
	if c.SecretStdin {
		if secret, err = readSecret(s, "secret"); err != nil {
			return err
		}
	}
	err = withAccounts(ctx, c.Store, func(a *account.Store) error { return a.AddClient(ctx, client, secret) })
	if err != nil {
		return named("client", c.ID, err)
	}
	if secret != "" && !c.SecretStdin {
		_, err = fmt.Fprintf(s.Out, "%s: added, a %s client\nclient_secret: %s\nKeep it now: it can't be shown again.\n", c.ID, client.Kind, secret)
		return err
	}
	_, err = fmt.Fprintf(s.Out, "%s: added, a %s client\n", c.ID, client.Kind)
	return err
}

func (c ClientAdd) client() (account.Client, error) {
	client := account.Client{
		ID: c.ID, Name: c.Name, Kind: account.Kind(c.Kind), RedirectURIs: c.RedirectURI, Scopes: strings.Join(c.Scope, " "),
		Grants: c.Grant, JWKSURL: c.JWKSURL, LaunchURI: c.LaunchURI, PostLogoutURIs: c.PostLogoutURI, Launch: c.MayLaunch,
		Organization: strings.TrimPrefix(c.Organization, "Organization/"), Origins: c.Origin,
	}
	if client.Name == "" {
		client.Name = c.ID
	}
	if c.JWKS != "" {
		data, err := os.ReadFile(c.JWKS)
		if err != nil {
			return client, fmt.Errorf("--jwks: %w", err)
		}
		client.JWKS = string(data)
	}
	keys := c.JWKS != "" || c.JWKSURL != ""
	switch {
	case client.Kind == "" && keys && c.SecretStdin:
		return client, errors.New("a client has a secret or a key set")
	case client.Kind == "" && keys:
		client.Kind = account.ConfidentialAsymmetric
	case client.Kind == "" && c.SecretStdin:
		client.Kind = account.ConfidentialSymmetric
	case client.Kind == "":
		client.Kind = account.Public
	}
	return client, nil
}

// ClientList is the command client list.
type ClientList struct {
	Store string `default:"sqlite:caseway.db" help:"Store of the server: sqlite:FILE or a mongodb:// URI."`
}

// Run lists the clients.
func (c ClientList) Run(ctx context.Context, s Streams) error {
	return withAccounts(ctx, c.Store, func(a *account.Store) error {
		clients, err := a.Clients(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tNAME\tKIND\tGRANTS\tSCOPES\tREDIRECT URIS\tMAY LAUNCH\tORGANIZATION")
		for _, k := range clients {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, k.Kind, strings.Join(k.Grants, ","), k.Scopes,
				strings.Join(k.RedirectURIs, " "), yes(k.Launch), k.Organization)
		}
		return w.Flush()
	})
}

// ClientRemove is the command client remove.
type ClientRemove struct {
	ID    string `arg:"" help:"The client_id."`
	Store string `default:"sqlite:caseway.db" help:"Store of the server, which may be running: sqlite:FILE or a mongodb:// URI."`
}

// Run removes the client.
func (c ClientRemove) Run(ctx context.Context, s Streams) error {
	err := withAccounts(ctx, c.Store, func(a *account.Store) error { return a.RemoveClient(ctx, c.ID) })
	if err != nil {
		return named("client", c.ID, err)
	}
	_, err = fmt.Fprintf(s.Out, "%s: removed\n", c.ID)
	return err
}
