package kit_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// copyRows inserts every row of one file into a new one, in transactions of 8
// resources each with their share of all tables' rows.
func copyRows(b *testing.B, from, to string, resources int64) rate {
	b.Helper()
	source := open(b, from, sqlite.OpenReadOnly)
	defer source.Close()
	target := open(b, to, sqlite.OpenReadWrite|sqlite.OpenCreate)
	defer target.Close()
	script(b, target, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
	tables := schemaOf(b, source, target)
	groups := resources/clients + 1
	started := time.Now()
	cpu := cpuOf(b, os.Getpid())
	for range groups {
		script(b, target, "BEGIN IMMEDIATE")
		for _, t := range tables {
			t.copy(b, int(t.rows/groups)+1)
		}
		script(b, target, "COMMIT")
	}
	return rate{resources, time.Since(started), cpuOf(b, os.Getpid()) - cpu}
}

func open(b *testing.B, path string, flags sqlite.OpenFlags) *sqlite.Conn {
	b.Helper()
	conn, err := sqlite.OpenConn(path, flags)
	if err != nil {
		b.Fatal(err)
	}
	return conn
}

func script(b *testing.B, conn *sqlite.Conn, text string) {
	b.Helper()
	for _, one := range strings.Split(strings.TrimSuffix(text, ";"), ";") {
		if err := sqlitex.ExecuteTransient(conn, one, nil); err != nil {
			b.Fatalf("%s: %v", one, err)
		}
	}
}

// table is one whose rows are on their way to another file.
type table struct {
	rows   int64
	read   *sqlite.Stmt
	insert *sqlite.Stmt
	ended  bool // all rows are read
}

// schemaOf makes source's tables and indexes in target.
func schemaOf(b *testing.B, source, target *sqlite.Conn) []*table {
	b.Helper()
	var tables []*table
	var names []string
	err := sqlitex.ExecuteTransient(source, "SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			if s.ColumnText(1) == "table" {
				names = append(names, s.ColumnText(0))
			}
			return sqlitex.ExecuteTransient(target, s.ColumnText(2), nil)
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		t := &table{read: source.Prep("SELECT * FROM " + name)}
		marks := strings.TrimSuffix(strings.Repeat("?,", t.read.ColumnCount()), ",")
		t.insert = target.Prep("INSERT INTO " + name + " VALUES (" + marks + ")")
		t.rows = count(b, source, name)
		tables = append(tables, t)
	}
	return tables
}

func count(b *testing.B, conn *sqlite.Conn, name string) (n int64) {
	b.Helper()
	err := sqlitex.ExecuteTransient(conn, "SELECT count(*) FROM "+name, &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error { n = s.ColumnInt64(0); return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// copy moves up to n rows.
func (t *table) copy(b *testing.B, n int) {
	b.Helper()
	for range n {
		if t.ended {
			return
		}
		more, err := t.read.Step()
		if err != nil {
			b.Fatal(err)
		}
		if !more {
			t.ended = true
			return
		}
		for i := range t.read.ColumnCount() {
			bind(t.insert, i+1, t.read, i)
		}
		if _, err := t.insert.Step(); err != nil {
			b.Fatal(err)
		}
		if err := t.insert.Reset(); err != nil {
			b.Fatal(err)
		}
	}
}

func bind(to *sqlite.Stmt, at int, from *sqlite.Stmt, column int) {
	switch from.ColumnType(column) {
	case sqlite.TypeInteger:
		to.BindInt64(at, from.ColumnInt64(column))
	case sqlite.TypeFloat:
		to.BindFloat(at, from.ColumnFloat(column))
	case sqlite.TypeText:
		to.BindText(at, from.ColumnText(column))
	case sqlite.TypeBlob:
		blob := make([]byte, from.ColumnLen(column))
		from.ColumnBytes(column, blob)
		to.BindBytes(at, blob)
	default:
		to.BindNull(at)
	}
}
