package mongo

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// defaultDatabase is used where a URI names none.
const defaultDatabase = "caseway"

// target is what a URI says.
type target struct {
	client   *options.ClientOptions
	database string
	hosts    string   // for error texts
	user     string   // for error texts
	secrets  []string // never to be shown
}

// parseURI reads a URI and refuses settings that break the store's promises.
func parseURI(uri string) (*target, error) {
	cs, err := connstring.ParseAndValidate(uri)
	if err != nil {
		t := &target{secrets: secretsIn(uri)}
		return nil, t.redact("read the URI", err)
	}
	t := &target{
		client: options.Client().ApplyURI(uri), database: cs.Database, hosts: strings.Join(cs.Hosts, ","),
		user: cs.Username, secrets: secretsIn(uri),
	}
	if cs.Password != "" {
		t.secrets = append(t.secrets, cs.Password)
	}
	if t.database == "" {
		t.database = defaultDatabase
	}
	if err := t.client.Validate(); err != nil {
		return nil, t.redact("read the URI", err)
	}
	if err := refuseWeak(t.client); err != nil {
		return nil, err
	}
	t.complete()
	return t, nil
}

// complete sets what the URI leaves open.
func (t *target) complete() {
	t.client.SetReadPreference(readpref.Primary())
	if t.client.ServerSelectionTimeout == nil {
		t.client.SetServerSelectionTimeout(selectTimeout)
	}
	if t.client.ConnectTimeout == nil {
		t.client.SetConnectTimeout(selectTimeout)
	}
	if t.client.AppName == nil {
		t.client.SetAppName("caseway")
	}
}

// refuseWeak refuses what would show stale reads or lose acknowledged writes.
func refuseWeak(c *options.ClientOptions) error {
	if rp := c.ReadPreference; rp != nil && rp.Mode() != readpref.PrimaryMode {
		return errors.New("mongo: the URI asks for reads from secondaries (readPreference): " +
			"they lag behind, so only readPreference=primary works")
	}
	if rc := c.ReadConcern; rc != nil && rc.Level != readconcern.Majority().Level {
		return errors.New("mongo: the URI asks for a weaker read concern (readConcernLevel): only majority works")
	}
	if err := refuseWeakWrites(c.WriteConcern); err != nil {
		return err
	}
	if slices.Contains(c.Compressors, "zlib") {
		return errors.New("mongo: the URI asks for compression with zlib, which costs more time than it saves: " +
			"only zstd, snappy or none work (compressors)")
	}
	return nil
}

func refuseWeakWrites(wc *writeconcern.WriteConcern) error {
	if wc == nil {
		return nil
	}
	if wc.W != nil && wc.W != "majority" {
		return errors.New("mongo: the URI asks for a weaker write concern (w): only w=majority works")
	}
	if wc.Journal != nil && !*wc.Journal {
		return errors.New("mongo: the URI asks for writes without journal (journal): only journal=true works")
	}
	return nil
}

// secretsIn finds the password where a URI may not be readable at all:
// everything between the user's colon and the last at sign, whole and in parts.
func secretsIn(uri string) []string {
	_, rest, _ := strings.Cut(uri, "://")
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return nil
	}
	_, password, _ := strings.Cut(rest[:at], ":")
	parts := regexp.MustCompile(`[@:/?]`).Split(password, -1)
	return slices.DeleteFunc(append(parts, password), func(s string) bool { return s == "" })
}

// redact makes an error for people out of one that may show secrets.
func (t *target) redact(doing string, err error) error {
	if isLoginRefused(err) {
		return fmt.Errorf("mongo: %s: the server %s refused the login of user %q: wrong user name, password or authSource",
			doing, t.hosts, t.user)
	}
	text := err.Error()
	for _, s := range t.secrets {
		if strings.Contains(text, s) {
			return fmt.Errorf("mongo: %s: the error's text holds the password and isn't shown; "+
				"characters such as @ : / in a password must be percent-encoded in a URI", doing)
		}
	}
	return fmt.Errorf("mongo: %s: %w", doing, err)
}
