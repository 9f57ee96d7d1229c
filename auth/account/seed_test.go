package account_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"caseway/auth"
	"caseway/auth/account"
)

const seed = `
users:
  - id: alice
    name: Alice Example
    role: patient
    patient: a
    password: correct horse
  - id: carl
    role: caregiver
    relatedPerson: [r1, RelatedPerson/r2]
    passwordHash: $argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$HASH
clients:
  - id: app
    redirectUris: http://127.0.0.1:9000/app/
    scopes: launch/patient openid fhirUser patient/*.rs
  - id: portal
    name: Portal
    secret: s3cret
    redirectUris: [https://portal.example.org/cb]
    scopes: [openid, launch, "user/*.rs"]
    launch: true
  - id: payer
    jwksUrl: https://payer.example.org/jwks.json
    scopes: system/*.rs
    organization: Organization/7
`

func sow(t *testing.T, s *account.Store, text string) {
	t.Helper()
	parsed, err := account.ParseSeed([]byte(text))
	must(t, err)
	must(t, s.Sow(t.Context(), parsed))
}

// aHash is the form of a hash; no password belongs to it.
const aHash = "Y2FzZXdheS1jYXNld2F5LWNhc2V3YXktMDE"

func withHash() string { return strings.Replace(seed, "HASH", aHash, 1) }

func TestASeedMakesUsersAndClients(t *testing.T) {
	s, _ := open(t)
	sow(t, s, withHash())
	_, err := s.SignIn(t.Context(), "alice", "correct horse")
	must(t, err)
	carl, err := s.User(t.Context(), "carl")
	must(t, err)
	if carl.Role != auth.Caregiver || strings.Join(carl.RelatedPersons(), " ") != "RelatedPerson/r1 RelatedPerson/r2" || carl.Name != "carl" {
		t.Errorf("carl is %+v", carl)
	}
	_, err = s.CheckSecret(t.Context(), "portal", "s3cret")
	must(t, err)
	for id, kind := range map[string]account.Kind{
		"app": account.Public, "portal": account.ConfidentialSymmetric, "payer": account.ConfidentialAsymmetric,
	} {
		t.Run(id, func(t *testing.T) {
			c, err := s.Client(t.Context(), id)
			must(t, err)
			if c.Kind != kind || len(c.Grants) == 0 {
				t.Errorf("%s is %+v", id, c)
			}
		})
	}
	if c, err := s.Client(t.Context(), "payer"); err != nil || c.Organization != "7" || !c.May(account.GrantClientCredentials) {
		t.Errorf("payer is %+v, %v", c, err)
	}
}

func TestASeedSownAgainChangesWhatItNamesButNoPassword(t *testing.T) {
	s, _ := open(t)
	sow(t, s, withHash())
	must(t, s.SetPassword(t.Context(), "alice", "her own choice"))
	must(t, s.AddUser(t.Context(), account.User{ID: "bob", Role: auth.Staff}, "correct horse"))
	before, err := s.Client(t.Context(), "portal")
	must(t, err)
	changed := strings.NewReplacer("s3cret", "n3wer", "Alice Example", "Alice Renamed", "patient: a", "patient: b").Replace(withHash())
	sow(t, s, changed)
	u, err := s.SignIn(t.Context(), "alice", "her own choice")
	must(t, err)
	if u.Name != "Alice Renamed" || u.FHIRUser != "Patient/b" {
		t.Errorf("alice is %+v", u)
	}
	_, err = s.CheckSecret(t.Context(), "portal", "s3cret")
	want(t, err, account.ErrCredentials)
	after, err := s.CheckSecret(t.Context(), "portal", "n3wer")
	must(t, err)
	if !after.Created.Equal(before.Created) {
		t.Error("the client was created anew")
	}
	_, err = s.User(t.Context(), "bob")
	must(t, err)
}

// TestTheExampleInTheDocuments: what the page of logins shows is a seed.
func TestTheExampleInTheDocuments(t *testing.T) {
	text, err := os.ReadFile("../../docs/operate/login.md")
	must(t, err)
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	s, _ := open(t)
	sow(t, s, example)
	if c, err := s.Client(t.Context(), "ehr"); err != nil || !c.Launch {
		t.Errorf("ehr: %+v, %v", c, err)
	}
}

func TestASeedSownBySeveralAtOnce(t *testing.T) {
	s, _ := open(t)
	parsed, err := account.ParseSeed([]byte(withHash()))
	must(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := s.Sow(t.Context(), parsed); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if users, err := s.Users(t.Context()); len(users) != 2 || err != nil {
		t.Errorf("%d users, %v", len(users), err)
	}
}

func TestASeedWithAMistakeSaysWhere(t *testing.T) {
	user := "users:\n  - id: alice\n    role: patient\n    patient: a\n    password: correct horse\n"
	for name, c := range map[string]struct{ text, says string }{
		"unknown key":             {user + "    pasword: x\n", "[6:5]"},
		"unknown section":         {"user: []\n", "[1:1]"},
		"key twice":               {user + "    id: bob\n", "[6:5]"},
		"no YAML":                 {"users: [", "[1:"},
		"wrong type":              {"users: yes\n", "[1:8]"},
		"no password":             {strings.Replace(user, "    password: correct horse\n", "", 1), "users[0] alice: a user has either"},
		"both passwords":          {user + "    passwordHash: x\n", "users[0] alice: a user has either"},
		"hash of another kind":    {strings.Replace(user, "password: correct horse", "passwordHash: $2y$10$abcdefgh", 1), "argon2id"},
		"role":                    {strings.Replace(user, "role: patient", "role: boss", 1), "role"},
		"two links":               {user + "    practitioner: p\n", "one of them only"},
		"user twice":              {user + strings.TrimPrefix(user, "users:\n"), "twice"},
		"client without anything": {"clients:\n  - id: app\n", "clients[0] app"},
		"client twice":            {"clients:\n  - {id: a, redirectUris: 'https://a.example.org/', scopes: openid}\n  - {id: a, redirectUris: 'https://a.example.org/', scopes: openid}\n", "twice"},
		"scope":                   {"clients:\n  - {id: a, redirectUris: 'https://a.example.org/', scopes: patient/Foo}\n", "scopes"},
		"public with a secret":    {"clients:\n  - {id: a, kind: public, secret: x, redirectUris: 'https://a.example.org/', scopes: openid}\n", "secret"},
		"keys":                    {"clients:\n  - {id: a, jwks: {keys: []}, scopes: system/*.rs}\n", "JWKS"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := account.ParseSeed([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v, want %q", name, err, c.says)
				return
			}
			if strings.Contains(err.Error(), "correct horse") {
				t.Errorf("%s: the password is in the error: %v", name, err)
			}
		})
	}
}
