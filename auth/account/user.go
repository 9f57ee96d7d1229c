package account

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"caseway/auth"
	"caseway/auth/record"
)

// User is a person who can sign in.
type User struct {
	// ID is the name to sign in with, in lower case, and the subject of tokens.
	ID   string    `json:"id"`
	Name string    `json:"name"` // for people: "Alice Example"
	Role auth.Role `json:"role"`
	// FHIRUser is the user as a relative reference: a Patient, Practitioner,
	// PractitionerRole, RelatedPerson or Person; "" for none. A user of role
	// patient has a Patient, a caregiver a RelatedPerson.
	FHIRUser string `json:"fhirUser,omitempty"`
	// Represents are further RelatedPerson references of a caregiver, since a
	// RelatedPerson has one patient only.
	Represents []string `json:"represents,omitempty"`
	// Organization is the logical id of the Organization that the user works
	// for, "" for none.
	Organization string `json:"organization,omitempty"`
	// Locked users can't sign in, and none of their tokens work.
	Locked  bool      `json:"locked,omitempty"`
	Created time.Time `json:"created"` // UTC
	// PasswordSet is when the password was last set: sessions and tokens of
	// before are over, but for grants with offline_access.
	PasswordSet time.Time `json:"passwordSet"`
}

// storedUser is a user as kept in records.
type storedUser struct {
	User
	Password string `json:"password"` // hash in PHC form; "" for none: nobody can sign in
}

// Lengths in characters.
const (
	minPassword = 8
	maxName     = 200
)

var (
	userID    = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,99}$`)
	reference = regexp.MustCompile(`^(Patient|Practitioner|PractitionerRole|RelatedPerson|Person)/[A-Za-z0-9.-]{1,64}$`)
	logicalID = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)
)

// UserID gives the ID of a name that someone typed: lower case, without blanks
// around it.
func UserID(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Check says what a user lacks, nil where nothing.
func (u *User) Check() error {
	if !userID.MatchString(u.ID) {
		return errors.New("a user's id is 1 to 100 lower-case letters, digits, dots, hyphens, underscores, @ and +, starting with a letter or digit")
	}
	if utf8.RuneCountInString(u.Name) > maxName {
		return fmt.Errorf("a user's name has at most %d characters", maxName)
	}
	if u.FHIRUser != "" && !reference.MatchString(u.FHIRUser) {
		return errors.New("a user is linked to a Patient, Practitioner, PractitionerRole, RelatedPerson or Person, as in Practitioner/123")
	}
	if u.Organization != "" && !logicalID.MatchString(u.Organization) {
		return errors.New("a user's organization is the logical id of an Organization, as in 123")
	}
	for _, r := range u.Represents {
		if !reference.MatchString(r) || !strings.HasPrefix(r, "RelatedPerson/") {
			return errors.New("a caregiver represents others as a RelatedPerson, as in RelatedPerson/123")
		}
	}
	return u.checkRole()
}

func (u *User) checkRole() error {
	switch u.Role {
	case auth.Administrator, auth.Staff:
	case auth.Patient:
		if !strings.HasPrefix(u.FHIRUser, "Patient/") {
			return errors.New("a user of role patient is linked to a Patient, as in Patient/123")
		}
	case auth.Caregiver:
		if !strings.HasPrefix(u.FHIRUser, "RelatedPerson/") {
			return errors.New("a user of role caregiver is linked to a RelatedPerson, as in RelatedPerson/123")
		}
		return nil
	default:
		return errors.New("a user's role is administrator, staff, patient or caregiver")
	}
	if len(u.Represents) > 0 {
		return errors.New("only a caregiver represents others")
	}
	return nil
}

// RelatedPersons are all that a caregiver is, as relative references.
func (u *User) RelatedPersons() []string {
	if u.Role != auth.Caregiver {
		return nil
	}
	return append([]string{u.FHIRUser}, u.Represents...)
}

func checkPassword(password string) error {
	if utf8.RuneCountInString(password) < minPassword {
		return fmt.Errorf("a password has at least %d characters", minPassword)
	}
	if len(password) > maxPassword {
		return fmt.Errorf("a password has at most %d bytes", maxPassword)
	}
	return nil
}

// Store keeps users and clients in records. Safe for concurrent use.
type Store struct {
	users    record.Table[storedUser]
	clients  record.Table[storedClient]
	attempts record.Table[attempts]
	browsers browsers
	setups   record.Table[setup]
	secrets  checkedSecrets
	origins  originCache
	now      func() time.Time
}

// NewStore keeps users and clients in the records of s. now is the clock; nil:
// time.Now.
func NewStore(s record.Store, now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{
		users:    record.Table[storedUser]{Store: s, Kind: "auth-user"},
		clients:  record.Table[storedClient]{Store: s, Kind: "auth-client"},
		attempts: record.Table[attempts]{Store: s, Kind: "auth-attempt"},
		browsers: browsers{Store: s, Kind: "auth-browser"},
		setups:   record.Table[setup]{Store: s, Kind: "auth-setup"},
		now:      now,
	}
}

// AddUser creates a user with a password. It fails with ErrExists, and with an
// error for people where the user or the password isn't allowed.
func (s *Store) AddUser(ctx context.Context, u User, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	if err := u.Check(); err != nil {
		return err
	}
	return s.createUser(ctx, u, forPassword.hash(password))
}

func (s *Store) createUser(ctx context.Context, u User, hash string) error {
	u.Created = s.now().UTC().Truncate(time.Millisecond)
	u.PasswordSet = u.Created
	err := s.users.Put(ctx, u.ID, storedUser{User: u, Password: hash}, time.Time{}, 0)
	if errors.Is(err, record.ErrConflict) {
		return ErrExists
	}
	return err
}

// User gives a user. It fails with ErrUnknown.
func (s *Store) User(ctx context.Context, id string) (*User, error) {
	row, err := s.user(ctx, id)
	if err != nil {
		return nil, err
	}
	return &row.Value.User, nil
}

func (s *Store) user(ctx context.Context, id string) (record.Row[storedUser], error) {
	if !userID.MatchString(id) {
		return record.Row[storedUser]{}, ErrUnknown
	}
	row, err := s.users.Get(ctx, id)
	if err == nil && row.Version == 0 {
		err = ErrUnknown
	}
	return row, err
}

// Users gives all users by ID.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	rows, err := s.users.List(ctx, "")
	users := make([]User, len(rows))
	for i := range rows {
		users[i] = rows[i].Value.User
	}
	return users, err
}

// changeUser changes a user that is there. It fails with ErrUnknown.
func (s *Store) changeUser(ctx context.Context, id string, change func(*storedUser)) error {
	if !userID.MatchString(id) {
		return ErrUnknown
	}
	return s.users.Change(ctx, id, func(row *record.Row[storedUser]) (bool, error) {
		if row.Version == 0 {
			return false, ErrUnknown
		}
		change(&row.Value)
		return true, row.Value.Check()
	})
}

// SetPassword gives a user another password and forgets failed attempts. It
// fails with ErrUnknown.
func (s *Store) SetPassword(ctx context.Context, id, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash := forPassword.hash(password)
	err := s.changeUser(ctx, id, func(u *storedUser) { u.Password, u.PasswordSet = hash, s.now().UTC() })
	if err != nil {
		return err
	}
	return s.forgetAttempts(ctx, id)
}

// Lock keeps a user from signing in and from using tokens, or ends that. It
// fails with ErrUnknown.
func (s *Store) Lock(ctx context.Context, id string, locked bool) error {
	if err := s.changeUser(ctx, id, func(u *storedUser) { u.Locked = locked }); err != nil {
		return err
	}
	if locked {
		return nil
	}
	return s.forgetAttempts(ctx, id)
}
