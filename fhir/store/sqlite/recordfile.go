package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/store"
)

// ErrInUse is why Open fails where another process has the store open.
var ErrInUse = errors.New("is in use by another process")

// RecordFile is the records alone of a store that another process has open:
// it keeps nothing of records in memory, so both may write them. Safe for
// concurrent use.
type RecordFile struct {
	mu     sync.Mutex
	conn   *sqlite.Conn
	writer *writer // for its record statements only
}

// recordBusy is how long a record waits for the other process's commit.
const recordBusy = 10 * time.Second

// OpenRecords opens the records of the store at path, which must be there and of
// this schema.
func OpenRecords(path string) (*RecordFile, error) {
	name, err := soleName(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: store %s: %w", path, err)
	}
	c, err := openConn(name, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")
	if err != nil {
		return nil, fmt.Errorf("sqlite: store %s: %w", path, err)
	}
	c.SetBusyTimeout(recordBusy)
	f := &RecordFile{conn: c, writer: &writer{s: &Store{opt: Options{}.withDefaults()}, conn: c}}
	if err := f.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: store %s: %w", path, err), c.Close())
	}
	return f, nil
}

func (f *RecordFile) prepare() error {
	if err := refuseForeign(f.conn); err != nil {
		return err
	}
	version, err := number(f.conn, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if version != schemaVersion {
		return errors.New("it is of another schema: is the server of another version?")
	}
	sql := &f.writer.sql
	return prepare(f.conn, map[**sqlite.Stmt]string{
		&sql.record: recordSQL, &sql.setRecord: setRecordSQL, &sql.delRecord: delRecordSQL,
	})
}

// Records is store.Store's.
func (f *RecordFile) Records(ctx context.Context, kind, prefix, after string, limit int) ([]store.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return (&reader{conn: f.conn, stmts: newStmtCache(f.conn)}).records(kind, prefix, after, limit, time.Now().UnixMilli())
}

// Commit is store.Store's, for record writes alone.
func (f *RecordFile) Commit(ctx context.Context, c store.Commit) ([]store.Version, error) {
	if len(c.Writes)+len(c.Preconditions) > 0 {
		return nil, errors.New("sqlite: a RecordFile commits records alone")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, inTransaction(f.conn, func() error {
		versions, err := f.writer.checkRecords(c.Records)
		if err != nil {
			return err
		}
		return f.writer.writeRecords(c.Records, versions)
	})
}

// Close closes the file.
func (f *RecordFile) Close() error { return f.conn.Close() }
