package sqlite

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Settings of connections. The writer's cache holds the inner pages of the
// indexes, where its writes fall at random places. A reader's cache is to keep
// the inner pages of a store of a million resources (4 MB) while the leaves of
// some dozens of searches pass through it; it takes memory as it fills. A memory
// map would need no cache, but counts as often in the process's memory as there
// are readers, and ends the process where a disk fails.
const (
	writerPragmas = `
PRAGMA page_size = 4096;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA temp_store = MEMORY;`
	readerPragmas = `
PRAGMA query_only = ON;
PRAGMA temp_store = MEMORY;`
)

// access is how a store's file is opened, as SQLite reads it behind a file's URI
// (https://sqlite.org/uri.html).
type access string

const (
	// shared lets other programs, such as a backup, use the file too: the index
	// of the log is a file beside it.
	shared access = ""
	// alone keeps the index of the log in memory, where there is no room for it
	// on the disk. All connections of this process share it.
	alone access = "vfs=unix-excl"
	// unchanging reads a file that nobody can write, and that has no log.
	unchanging access = "immutable=1"
)

// openConn opens a connection to a file that exists and prepares it.
func openConn(path, pragmas string) (*sqlite.Conn, error) { return openAs(path, shared, pragmas) }

func openAs(path string, how access, pragmas string) (*sqlite.Conn, error) {
	uri := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: string(how)}
	c, err := sqlite.OpenConn(uri.String(), sqlite.OpenReadWrite|sqlite.OpenURI)
	if err != nil {
		return nil, err
	}
	if err := execEach(c, pragmas); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// connect opens a connection of a store.
func (s *Store) connect(pragmas string) (*sqlite.Conn, error) {
	return openAs(s.path, s.how, fmt.Sprintf("%s PRAGMA cache_size = -%d;", pragmas, s.opt.CacheBytes>>10))
}

// execEach runs statements one by one, outside a transaction, as journal_mode
// needs it.
func execEach(c *sqlite.Conn, statements string) error {
	for statements = strings.TrimSpace(statements); statements != ""; {
		stmt, rest, err := c.PrepareTransient(statements)
		if err != nil {
			return err
		}
		statements = statements[len(statements)-rest:]
		if stmt == nil {
			continue
		}
		for row := true; row && err == nil; {
			row, err = stmt.Step()
		}
		if ferr := stmt.Finalize(); err == nil {
			err = ferr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// requireLog fails where SQLite can't keep a write-ahead log, as on some
// network file systems: without it readers would block the writer.
func requireLog(c *sqlite.Conn) error {
	mode := ""
	err := sqlitex.ExecuteTransient(c, "PRAGMA journal_mode", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error { mode = s.ColumnText(0); return nil },
	})
	if err == nil && mode != "wal" {
		err = fmt.Errorf("this file system can't hold a write-ahead log (journal mode %s)", mode)
	}
	return err
}

// fileSize is a file's size, 0 where there is none.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeType != 0 {
		return 0
	}
	return info.Size()
}

// A statement with a bare parameter behind LIMIT is prepared anew, at ten times
// the cost of a small query, whenever that is bound: SQLite plans by its value.
// So all of them say LIMIT ?+0.

// prepare prepares statements that a connection keeps.
func prepare(c *sqlite.Conn, into map[**sqlite.Stmt]string) error {
	for stmt, query := range into {
		var err error
		if *stmt, err = c.Prepare(query); err != nil {
			return fmt.Errorf("preparing a statement: %w", err)
		}
	}
	return nil
}

// stmtCache has the statements of a connection that stay prepared between uses. The
// connection's own cache clears what is bound, and where SQLite has planned by
// that it then prepares the statement anew, which costs as much as reading many
// rows: so every use binds all parameters.
type stmtCache struct {
	conn  *sqlite.Conn
	stmts map[string]*sqlite.Stmt
}

func newStmtCache(c *sqlite.Conn) *stmtCache { return &stmtCache{c, map[string]*sqlite.Stmt{}} }

// Prepare gives the statement of a query, ready to be bound.
func (k *stmtCache) Prepare(query string) (*sqlite.Stmt, error) {
	if s := k.stmts[query]; s != nil {
		return s, s.Reset()
	}
	s, err := k.conn.Prepare(query)
	if err == nil {
		k.stmts[query] = s
	}
	return s, err
}

// exec runs a statement that gives no rows, and makes it ready for the next time.
func exec(s *sqlite.Stmt) error {
	_, err := s.Step()
	if rerr := s.Reset(); err == nil {
		err = rerr
	}
	return err
}
