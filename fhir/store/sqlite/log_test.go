package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// What is in use of the log is what SQLite says, also where the file has older
// frames behind.
func TestLogSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := openConn(path, writerPragmas)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if size := logSize(path + "-wal"); size != 0 {
		t.Errorf("an empty log has %d bytes", size)
	}
	if err := execEach(c, "CREATE TABLE x (a BLOB)"); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 40, 7, 3} {
		for range n {
			if err := execEach(c, "INSERT INTO x VALUES (zeroblob(9000))"); err != nil {
				t.Fatal(err)
			}
		}
		frames := int64(0)
		size := logSize(path + "-wal")
		err := sqlitex.ExecuteTransient(c, "PRAGMA wal_checkpoint(RESTART)", &sqlitex.ExecOptions{
			ResultFunc: func(s *sqlite.Stmt) error { frames = s.ColumnInt64(1); return nil },
		})
		if want := logHeader + frames*(frameHeader+pageSize); err != nil || size != want {
			t.Errorf("after %d rows the log has %d bytes in use, want %d, error %v", n, size, want, err)
		}
	}
}

// The log is begun anew in its file, which stays about as large as its limit.
func TestLogIsBegunAnew(t *testing.T) {
	const limit = 1 << 20
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path, Options{walLimit: limit})
	used, shrank := int64(0), 0
	for i := range 400 {
		commit(t, s, write(fmt.Sprintf("w%d", i), 50_000))
		now := logSize(path + "-wal")
		if now < used {
			shrank++
		}
		used = now
	}
	if size := fileSize(path + "-wal"); shrank < 3 || size < limit || size > 3*limit {
		t.Errorf("begun anew %d times, the file has %d bytes", shrank, size)
	}
}
