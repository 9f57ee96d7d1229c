package kit_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// mongoSite is a server on a database; in turn the server, the database and
// both are killed.
type mongoSite struct {
	sqliteSite
	database *mongotest.Instance
	// tookServer and tookDatabase say what the last kill ended.
	tookServer, tookDatabase bool
}

func (s *mongoSite) kill(t *testing.T, round int) {
	s.tookServer, s.tookDatabase = round%3 != 1, round%3 != 0
	if s.tookDatabase {
		s.database.Kill(t)
	}
	if s.tookServer {
		s.process.Kill()
	}
}

func (s *mongoSite) recover(t *testing.T) {
	if s.tookDatabase {
		s.database.Start(t)
	}
	if s.tookServer {
		s.sqliteSite.recover(t)
	}
	awaitReady(t, s.process)
}

// awaitReady waits until a server that lost its database has found it again by
// itself.
func awaitReady(t *testing.T, p *kit.Process) {
	t.Helper()
	c := kit.NewClient(p.Root)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		answer, err := c.Do(t.Context(), http.MethodGet, "readyz", nil)
		if err == nil && answer.Status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready again after a minute: status %d, %v\n%s", answer.Status, err, p.Output())
		}
	}
}

func TestKilledWhileWritingToMongoDB(t *testing.T) {
	database := mongotest.Own(t, mongotest.Options{})
	s := &mongoSite{database: database, sqliteSite: sqliteSite{launch: kit.Launch{
		Store: database.URI,
		Log:   filepath.Join(t.TempDir(), "server.log"),
	}}}
	s.sqliteSite.recover(t)
	killWhileWriting(t, s, killRounds)
}
