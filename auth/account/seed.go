package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"caseway/auth"

	"github.com/goccy/go-yaml"
)

// Seed is the users and clients that a file names, for automation.
type Seed struct {
	Users   []SeedUser   `yaml:"users"`
	Clients []SeedClient `yaml:"clients"`
}

// SeedUser is a user in a seed. What it is linked to are logical ids, with or
// without the type. The password, in words or as its hash, counts only when the
// user is created; it may be shorter than what people may choose.
type SeedUser struct {
	ID            string `yaml:"id"`
	Name          string `yaml:"name"`
	Role          string `yaml:"role"`
	Patient       string `yaml:"patient"`
	Practitioner  string `yaml:"practitioner"`
	RelatedPerson Words  `yaml:"relatedPerson"`
	Organization  string `yaml:"organization"`
	Password      string `yaml:"password"`
	PasswordHash  string `yaml:"passwordHash"`
	Locked        bool   `yaml:"locked"`
}

// SeedClient is a client in a seed. Its kind follows from what it has: a
// secret, a JWKS, or neither (public).
type SeedClient struct {
	ID             string `yaml:"id"`
	Name           string `yaml:"name"`
	Kind           string `yaml:"kind"`
	Secret         string `yaml:"secret"`
	SecretHash     string `yaml:"secretHash"`
	JWKS           any    `yaml:"jwks"` // a mapping, or its JSON as text
	JWKSURL        string `yaml:"jwksUrl"`
	RedirectURIs   Words  `yaml:"redirectUris"`
	LaunchURI      string `yaml:"launchUri"`
	PostLogoutURIs Words  `yaml:"postLogoutUris"`
	Scopes         Words  `yaml:"scopes"`
	Grants         Words  `yaml:"grants"`
	Launch         bool   `yaml:"launch"`
	Organization   string `yaml:"organization"`
	Origins        Words  `yaml:"origins"`
}

// Words is a list, or a text of words with spaces between them.
type Words []string

// UnmarshalYAML takes both forms.
func (w *Words) UnmarshalYAML(read func(any) error) error {
	var text string
	if read(&text) == nil {
		*w = strings.Fields(text)
		return nil
	}
	var list []string
	if err := read(&list); err != nil {
		return err
	}
	*w = list
	return nil
}

// ParseSeed reads a seed. What it doesn't know, and what has no sense, it
// refuses with line and column, without showing values.
func ParseSeed(data []byte) (*Seed, error) {
	var seed Seed
	if err := yaml.UnmarshalWithOptions(data, &seed, yaml.Strict()); err != nil {
		return nil, errors.New(strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	for i := range seed.Users {
		if _, err := seed.Users[i].user(); err != nil {
			return nil, fmt.Errorf("users[%d] %s: %w", i, seed.Users[i].ID, err)
		}
	}
	for i := range seed.Clients {
		if _, err := seed.Clients[i].client(); err != nil {
			return nil, fmt.Errorf("clients[%d] %s: %w", i, seed.Clients[i].ID, err)
		}
	}
	return &seed, seed.checkTwice()
}

func (s *Seed) checkTwice() error {
	seen := map[string]bool{}
	for _, u := range s.Users {
		if id := UserID(u.ID); seen[id] {
			return fmt.Errorf("users: %s is there twice", id)
		}
		seen[UserID(u.ID)] = true
	}
	clear(seen)
	for _, c := range s.Clients {
		if seen[c.ID] {
			return fmt.Errorf("clients: %s is there twice", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

// user gives the user that a seed describes.
func (s *SeedUser) user() (storedUser, error) {
	u := storedUser{Password: s.PasswordHash, User: User{
		ID: UserID(s.ID), Name: s.Name, Role: auth.Role(s.Role), Locked: s.Locked,
		Organization: strings.TrimPrefix(s.Organization, "Organization/"),
	}}
	links, err := s.links()
	if err != nil {
		return u, err
	}
	if len(links) > 0 {
		u.FHIRUser, u.Represents = links[0], links[1:]
	}
	if u.Name == "" {
		u.Name = u.ID
	}
	if (s.Password == "") == (s.PasswordHash == "") {
		return u, errors.New("a user has either a password or its passwordHash")
	}
	if s.PasswordHash != "" {
		if _, err := parseHash(s.PasswordHash); err != nil {
			return u, err
		}
	}
	if len(s.Password) > maxPassword {
		return u, fmt.Errorf("a password has at most %d bytes", maxPassword)
	}
	return u, u.Check()
}

// links gives what a user is linked to, as relative references.
func (s *SeedUser) links() ([]string, error) {
	var links []string
	kinds := 0
	for _, l := range []struct {
		of  string
		ids []string
	}{{"Patient", []string{s.Patient}}, {"Practitioner", []string{s.Practitioner}}, {"RelatedPerson", s.RelatedPerson}} {
		before := len(links)
		for _, id := range l.ids {
			if id != "" {
				links = append(links, l.of+"/"+strings.TrimPrefix(id, l.of+"/"))
			}
		}
		if len(links) > before {
			kinds++
		}
	}
	if kinds > 1 {
		return nil, errors.New("a user is linked to a patient, a practitioner or relatedPersons, to one of them only")
	}
	return links, nil
}

// client gives the client that a seed describes, without its secret's hash where
// the secret is in words.
func (s *SeedClient) client() (storedClient, error) {
	c := storedClient{Secret: s.SecretHash, Client: Client{
		ID: s.ID, Name: s.Name, Kind: Kind(s.Kind), JWKSURL: s.JWKSURL, RedirectURIs: s.RedirectURIs,
		LaunchURI: s.LaunchURI, PostLogoutURIs: s.PostLogoutURIs, Scopes: strings.Join(s.Scopes, " "), Grants: s.Grants,
		Launch: s.Launch, Organization: strings.TrimPrefix(s.Organization, "Organization/"), Origins: s.Origins,
	}}
	if c.Name == "" {
		c.Name = c.ID
	}
	var err error
	if c.JWKS, err = s.jwks(); err != nil {
		return c, err
	}
	if s.Secret != "" && s.SecretHash != "" {
		return c, errors.New("a client has either a secret or its secretHash")
	}
	secret := s.Secret != "" || s.SecretHash != ""
	if c.Kind == "" {
		c.Kind = kindOf(secret, c.JWKS != "" || c.JWKSURL != "")
	}
	if secret != (c.Kind == ConfidentialSymmetric) {
		return c, errors.New("a confidential-symmetric client has a secret, and no other has")
	}
	if s.SecretHash != "" {
		if _, err := parseHash(s.SecretHash); err != nil {
			return c, err
		}
	}
	c.fill()
	return c, c.Check()
}

func kindOf(secret, keys bool) Kind {
	switch {
	case secret:
		return ConfidentialSymmetric
	case keys:
		return ConfidentialAsymmetric
	}
	return Public
}

func (s *SeedClient) jwks() (string, error) {
	switch v := s.JWKS.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	data, err := json.Marshal(s.JWKS)
	if err != nil {
		return "", errors.New("a client's jwks is a JSON Web Key Set")
	}
	return string(data), nil
}
