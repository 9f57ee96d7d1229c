package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseway/auth/account"
	"caseway/fhir/store/sqlite"
)

// said runs something that has a line of input and gives what it prints.
func said(t *testing.T, input string, run func(Streams) error) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(Streams{In: strings.NewReader(input), Out: &out, Err: &out})
	return out.String(), err
}

func TestUsersAreManaged(t *testing.T) {
	uri := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	ctx := t.Context()
	add := UserAdd{ID: "Carl", Store: uri, Role: "caregiver", RelatedPerson: []string{"r1", "RelatedPerson/r2"}}
	for name, c := range map[string]struct {
		add   UserAdd
		input string
	}{
		"no password":    {add, ""},
		"short password": {add, "short\n"},
		"two links":      {UserAdd{ID: "x", Store: uri, Role: "staff", Patient: "p", Practitioner: "q"}, "long enough\n"},
		"no patient":     {UserAdd{ID: "x", Store: uri, Role: "patient"}, "long enough\n"},
		"no store":       {UserAdd{ID: "x", Store: "file", Role: "staff"}, "long enough\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := said(t, c.input, func(s Streams) error { return c.add.Run(ctx, s) }); err == nil {
				t.Errorf("%s: added", name)
			}
		})
	}
	out, err := said(t, "long enough\r\n", func(s Streams) error { return add.Run(ctx, s) })
	if err != nil || out != "carl: added\n" {
		t.Fatalf("%q, %v", out, err)
	}
	if _, err := said(t, "long enough\n", func(s Streams) error { return add.Run(ctx, s) }); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("twice: %v", err)
	}
	if _, err := said(t, "even longer\n", func(s Streams) error { return UserPassword{ID: "carl", Store: uri}.Run(ctx, s) }); err != nil {
		t.Error(err)
	}
	if _, err := said(t, "", func(s Streams) error { return UserLock{ID: "carl", Store: uri}.Run(ctx, s) }); err != nil {
		t.Error(err)
	}
	out, err = said(t, "", func(s Streams) error { return UserList{Store: uri}.Run(ctx, s) })
	if err != nil || !strings.Contains(out, "RelatedPerson/r1,RelatedPerson/r2") || !strings.Contains(out, "yes") || strings.Contains(out, "argon2") {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := said(t, "", func(s Streams) error { return UserLock{ID: "bob", Store: uri}.Run(ctx, s) }); err == nil {
		t.Error("locked nobody")
	}
	err = withAccounts(ctx, uri, func(a *account.Store) error {
		if err := a.Lock(ctx, "carl", false); err != nil {
			return err
		}
		_, err := a.SignIn(ctx, "carl", "even longer")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestClientsAreManagedBesideAServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	open, err := sqlite.Open(t.Context(), path, sqlite.Options{}) // as a server does
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	ctx, uri := t.Context(), "sqlite:"+path
	add := ClientAdd{ID: "portal", Store: uri, Kind: "confidential-symmetric", RedirectURI: []string{"https://a.example.org/cb"}, Scope: []string{"openid user/*.rs"}}
	out, err := said(t, "", func(s Streams) error { return add.Run(ctx, s) })
	_, secret, _ := strings.Cut(out, "client_secret: ")
	secret, _, _ = strings.Cut(secret, "\n")
	if err != nil || secret == "" {
		t.Fatalf("%q, %v", out, err)
	}
	accounts := account.NewStore(open, nil)
	if _, err := accounts.CheckSecret(ctx, "portal", secret); err != nil {
		t.Error(err)
	}
	add.ID, add.SecretStdin, add.Kind = "own", true, ""
	if out, err = said(t, "its own secret\n", func(s Streams) error { return add.Run(ctx, s) }); err != nil || strings.Contains(out, "secret:") {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := accounts.CheckSecret(ctx, "own", "its own secret"); err != nil {
		t.Error(err)
	}
	keys := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(keys, []byte(`{"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]ClientAdd{
		"no keys":          {ID: "x", Store: uri, JWKS: keys, Scope: []string{"system/*.rs"}},
		"no file":          {ID: "x", Store: uri, JWKS: keys + "x", Scope: []string{"system/*.rs"}},
		"keys and secret":  {ID: "x", Store: uri, JWKSURL: "https://a.example.org/jwks", SecretStdin: true, Scope: []string{"system/*.rs"}},
		"nothing to do":    {ID: "x", Store: uri, Scope: []string{"openid"}},
		"there is already": {ID: "own", Store: uri, RedirectURI: []string{"https://a.example.org/cb"}, Scope: []string{"openid"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := said(t, "secret\n", func(s Streams) error { return c.Run(ctx, s) }); err == nil {
				t.Errorf("%s: added", name)
			}
		})
	}
	if out, err = said(t, "", func(s Streams) error { return ClientList{Store: uri}.Run(ctx, s) }); err != nil || strings.Count(out, "\n") != 3 {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := said(t, "", func(s Streams) error { return ClientRemove{ID: "own", Store: uri}.Run(ctx, s) }); err != nil {
		t.Error(err)
	}
	if _, err := said(t, "", func(s Streams) error { return ClientRemove{ID: "own", Store: uri}.Run(ctx, s) }); err == nil {
		t.Error("removed twice")
	}
}
