package account

import (
	"context"
	"reflect"
	"time"

	"caseway/auth/record"
)

// Sow makes users and clients be as a seed says: those that are missing are
// created, the others changed. What the seed doesn't name stays, and so do the
// passwords of users that are there. Several processes may do it at once.
func (s *Store) Sow(ctx context.Context, seed *Seed) error {
	for i := range seed.Users {
		if err := s.seedUser(ctx, &seed.Users[i]); err != nil {
			return err
		}
	}
	for i := range seed.Clients {
		if err := s.seedClient(ctx, &seed.Clients[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) seedUser(ctx context.Context, from *SeedUser) error {
	u, err := from.user()
	if err != nil {
		return err
	}
	return s.users.Change(ctx, u.ID, func(row *record.Row[storedUser]) (bool, error) {
		if row.Version == 0 {
			if u.Password == "" {
				u.Password = forPassword.hash(from.Password)
			}
			u.Created = s.now().UTC().Truncate(time.Millisecond)
			u.PasswordSet = u.Created
			row.Value = u
			return true, nil
		}
		before := row.Value
		row.Value.User = u.User
		row.Value.Created, row.Value.PasswordSet = before.Created, before.PasswordSet
		return !reflect.DeepEqual(before, row.Value), nil
	})
}

func (s *Store) seedClient(ctx context.Context, from *SeedClient) error {
	c, err := from.client()
	if err != nil {
		return err
	}
	return s.clients.Change(ctx, c.ID, func(row *record.Row[storedClient]) (bool, error) {
		before := row.Value
		if from.Secret != "" {
			c.Secret = before.Secret
			if !s.secrets.match(before.Secret, from.Secret) {
				c.Secret = forSecret.hash(from.Secret)
			}
		}
		c.Created = before.Created
		if row.Version == 0 {
			c.Created = s.now().UTC().Truncate(time.Millisecond)
		}
		row.Value = c
		return row.Version == 0 || !reflect.DeepEqual(before, c), nil
	})
}
