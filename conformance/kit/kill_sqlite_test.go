package kit_test

import (
	"path/filepath"
	"testing"

	"caseway/conformance/kit"
)

// sqliteSite is a server on a file.
type sqliteSite struct {
	launch  kit.Launch
	process *kit.Process
	caller  *kit.Client
}

func (s *sqliteSite) kill(*testing.T, int) { s.process.Kill() }

func (s *sqliteSite) recover(t *testing.T) {
	s.process = start(t, s.launch)
	s.caller = kit.NewClient(s.process.Base)
}

func (s *sqliteSite) client() *kit.Client { return s.caller }

func TestKilledWhileWritingToSQLite(t *testing.T) {
	dir := t.TempDir()
	s := &sqliteSite{launch: kit.Launch{
		Store: "sqlite:" + filepath.Join(dir, "caseway.db"),
		Log:   filepath.Join(dir, "server.log"),
	}}
	s.recover(t)
	killWhileWriting(t, s, killRounds)
}
