package app_test

import (
	"path/filepath"
	"testing"

	"caseway/auth/account"
	"caseway/fhir/store/sqlite"
	"caseway/server/app"
)

func TestRegisterFollowsTheServersURL(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	accounts := account.NewStore(s, nil)
	for _, root := range []string{"http://127.0.0.1:8080", "http://127.0.0.1:8080", "https://care.example"} {
		t.Run(root, func(t *testing.T) {
			if err := app.Register(t.Context(), accounts, root); err != nil {
				t.Fatal(err)
			}
			c, err := accounts.Client(t.Context(), app.ID)
			if err != nil {
				t.Fatal(err)
			}
			if c.Kind != account.Public || len(c.RedirectURIs) != 1 || c.RedirectURIs[0] != root+"/app/" || c.LaunchURI != root+"/app/launch.html" {
				t.Errorf("at %s registered as %+v", root, c)
			}
			if c.Launch || c.May(account.GrantClientCredentials) {
				t.Errorf("the app may do what only trusted clients may: %+v", c)
			}
		})
	}
}
