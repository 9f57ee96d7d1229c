package sqlite

import (
	"maps"
	"sync/atomic"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// typeNumbers are the numbers of resource types. Never changed in place.
type typeNumbers map[string]int64

func loadTypes(c *sqlite.Conn) (typeNumbers, error) {
	known := typeNumbers{}
	err := sqlitex.ExecuteTransient(c, "SELECT name, id FROM resource_type", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			known[s.ColumnText(0)] = s.ColumnInt64(1)
			return nil
		},
	})
	return known, err
}

// with gives a type a number, in the open transaction.
func (t typeNumbers) with(c *sqlite.Conn, name string) (typeNumbers, error) {
	next := maps.Clone(t)
	next[name] = int64(len(next) + 1)
	err := sqlitex.Execute(c, "INSERT INTO resource_type (id, name) VALUES (?, ?)",
		&sqlitex.ExecOptions{Args: []any{next[name], name}})
	return next, err
}

// committedTypes are the numbers that readers may use.
type committedTypes struct{ now atomic.Pointer[typeNumbers] }

// number is a type's number; 0 where no resource of it was ever written.
func (c *committedTypes) number(name string) int64 { return (*c.now.Load())[name] }

// numberIn is a type's number as the connection's snapshot has it, which may
// know of a type before committedTypes does; 0 where there is none.
func numberIn(c *sqlite.Conn, name string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(c, "SELECT id FROM resource_type WHERE name = ?", &sqlitex.ExecOptions{
		Args:       []any{name},
		ResultFunc: func(s *sqlite.Stmt) error { n = s.ColumnInt64(0); return nil },
	})
	return n, err
}
