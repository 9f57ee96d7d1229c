package sqlite

import (
	"fmt"
	"testing"

	"zombiezen.com/go/sqlite"
)

// MakeOld makes a file that says it has an older schema.
func MakeOld(t *testing.T, path string, version int) {
	t.Helper()
	c, err := sqlite.OpenConn(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := execEach(c, fmt.Sprintf("CREATE TABLE version (seq INTEGER); PRAGMA application_id = %d; PRAGMA user_version = %d;", appID, version)); err != nil {
		t.Fatal(err)
	}
}
