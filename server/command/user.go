package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"caseway/auth"
	"caseway/auth/account"
)

// User is the command user.
type User struct {
	Add      UserAdd      `cmd:"" help:"Add a user; the password is asked for, or read from standard input."`
	List     UserList     `cmd:"" help:"List the users."`
	Password UserPassword `cmd:"" help:"Give a user another password; it is asked for, or read from standard input."`
	Lock     UserLock     `cmd:"" help:"Keep a user from signing in and from using tokens; --unlock ends that."`
}

// UserAdd is the command user add.
type UserAdd struct {
	ID            string   `arg:"" help:"Name to sign in with."`
	Store         string   `default:"sqlite:caseway.db" help:"Store of the server, which may be running: sqlite:FILE or a mongodb:// URI."`
	Role          string   `required:"" enum:"administrator,staff,patient,caregiver" help:"What the user is: administrator, staff, patient or caregiver."`
	Name          string   `help:"Name for people to read."`
	Patient       string   `help:"Logical id of the Patient that the user is."`
	Practitioner  string   `help:"Logical id of the Practitioner that the user is."`
	RelatedPerson []string `help:"Logical id of the RelatedPerson that the user is; one for each patient."`
	Organization  string   `help:"Logical id of the Organization that the user works for, and whose view the user has."`
}

// Run adds the user.
func (c UserAdd) Run(ctx context.Context, s Streams) error {
	u, err := c.user()
	if err != nil {
		return err
	}
	if err := u.Check(); err != nil {
		return err
	}
	password, err := readSecret(s, "password")
	if err != nil {
		return err
	}
	err = withAccounts(ctx, c.Store, func(a *account.Store) error { return a.AddUser(ctx, u, password) })
	if err != nil {
		return named("user", u.ID, err)
	}
	_, err = fmt.Fprintf(s.Out, "%s: added\n", u.ID)
	return err
}

func (c UserAdd) user() (account.User, error) {
	u := account.User{
		ID: account.UserID(c.ID), Name: c.Name, Role: auth.Role(c.Role), Organization: strings.TrimPrefix(c.Organization, "Organization/"),
	}
	if u.Name == "" {
		u.Name = c.ID
	}
	var links []string
	for of, ids := range map[string][]string{"Patient/": {c.Patient}, "Practitioner/": {c.Practitioner}, "RelatedPerson/": c.RelatedPerson} {
		var these []string
		for _, id := range ids {
			if id != "" {
				these = append(these, of+strings.TrimPrefix(id, of))
			}
		}
		if links != nil && these != nil {
			return u, errors.New("a user is a patient, a practitioner or related persons, one of them only")
		}
		links = append(links, these...)
	}
	if len(links) > 0 {
		u.FHIRUser, u.Represents = links[0], links[1:]
	}
	return u, nil
}

// UserList is the command user list.
type UserList struct {
	Store string `default:"sqlite:caseway.db" help:"Store of the server: sqlite:FILE or a mongodb:// URI."`
}

// Run lists the users.
func (c UserList) Run(ctx context.Context, s Streams) error {
	return withAccounts(ctx, c.Store, func(a *account.Store) error {
		users, err := a.Users(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tNAME\tROLE\tIS\tORGANIZATION\tLOCKED")
		for _, u := range users {
			is := strings.Join(append([]string{u.FHIRUser}, u.Represents...), ",")
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", u.ID, u.Name, u.Role, is, u.Organization, yes(u.Locked))
		}
		return w.Flush()
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// UserPassword is the command user password.
type UserPassword struct {
	ID    string `arg:"" help:"Name that the user signs in with."`
	Store string `default:"sqlite:caseway.db" help:"Store of the server, which may be running: sqlite:FILE or a mongodb:// URI."`
}

// Run sets the password.
func (c UserPassword) Run(ctx context.Context, s Streams) error {
	password, err := readSecret(s, "password")
	if err != nil {
		return err
	}
	id := account.UserID(c.ID)
	err = withAccounts(ctx, c.Store, func(a *account.Store) error { return a.SetPassword(ctx, id, password) })
	if err != nil {
		return named("user", id, err)
	}
	_, err = fmt.Fprintf(s.Out, "%s: has another password; sessions of before are over\n", id)
	return err
}

// UserLock is the command user lock.
type UserLock struct {
	ID     string `arg:"" help:"Name that the user signs in with."`
	Store  string `default:"sqlite:caseway.db" help:"Store of the server, which may be running: sqlite:FILE or a mongodb:// URI."`
	Unlock bool   `help:"Let the user sign in again, also after too many wrong passwords."`
}

// Run locks or unlocks the user.
func (c UserLock) Run(ctx context.Context, s Streams) error {
	id := account.UserID(c.ID)
	err := withAccounts(ctx, c.Store, func(a *account.Store) error { return a.Lock(ctx, id, !c.Unlock) })
	if err != nil {
		return named("user", id, err)
	}
	done := "locked"
	if c.Unlock {
		done = "unlocked"
	}
	_, err = fmt.Fprintf(s.Out, "%s: %s\n", id, done)
	return err
}
