package sqlite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/store"
)

// forever is the until of a current version: 9999-12-31T23:59:59.999Z.
const forever = "253402300799999"

// statements are the writer's.
type statements struct {
	begin, commit, rollback      *sqlite.Stmt
	head, there                  *sqlite.Stmt
	insert, displace             *sqlite.Stmt
	setHead, dropHead            *sqlite.Stmt
	addPrefix                    *sqlite.Stmt
	posting                      postingStatements
	setDisplaced, dropDisplaced  *sqlite.Stmt
	setMerged, setCompartments   *sqlite.Stmt
	record, setRecord, delRecord *sqlite.Stmt
	sweep                        *sqlite.Stmt
}

func (q *statements) prepare(c *sqlite.Conn) error {
	if err := prepare(c, q.posting.queries()); err != nil {
		return err
	}
	return prepare(c, map[**sqlite.Stmt]string{
		&q.begin:    "BEGIN IMMEDIATE",
		&q.commit:   "COMMIT",
		&q.rollback: "ROLLBACK",
		&q.head: `SELECT v.seq, v.version, v.method, v.compartments, v.updated, h.generation, h.terms
			FROM version v LEFT JOIN head h ON h.seq = v.seq WHERE v.key = ? ORDER BY v.version DESC LIMIT 1`,
		&q.there: "SELECT version, method FROM version WHERE key = ? ORDER BY version DESC LIMIT 1",
		&q.insert: `INSERT INTO version (seq, type, key, version, updated, until, method, compartments, body)
			VALUES (?, ?, ?, ?, ?, ` + forever + `, ?, ?, ?)`,
		&q.displace:      "UPDATE version SET until = ? WHERE seq = ?",
		&q.setHead:       setHeadSQL,
		&q.dropHead:      "DELETE FROM head WHERE seq = ?",
		&q.addPrefix:     addPrefixSQL,
		&q.setDisplaced:  "INSERT INTO displaced (seq, terms) VALUES (?, ?)",
		&q.dropDisplaced: "DELETE FROM displaced",
		&q.setMerged:     "UPDATE compacted SET seq = ?",

		&q.setCompartments: "UPDATE version SET compartments = ? WHERE seq = ?",
		&q.record:          recordSQL,
		&q.setRecord:       setRecordSQL,
		&q.delRecord:       delRecordSQL,
		&q.sweep: `DELETE FROM record WHERE (kind, key) IN
			(SELECT kind, key FROM record WHERE expires > 0 AND expires <= ? LIMIT ` + strconv.Itoa(mostSwept) + ")",
	})
}

// head is what a write needs to know of the version that it displaces.
type head struct {
	key          string
	seq, version int64 // 0 where there is none
	deleted      bool
	compartments string
	updated      int64
	generation   int64
	encoded      []byte // its index, see encodeIndex
}

// write checks a commit whole, then applies it. One that is refused leaves
// the open transaction as it was.
func (w *writer) write(p *pending) error {
	if p.reindex != nil {
		w.wrote = true
		return w.reindex(p.reindex)
	}
	c := &p.commit
	versions, err := w.check(c)
	if p.refused = nil; refusal(err) {
		p.refused = err
		return nil
	}
	if err != nil {
		return err
	}
	w.wrote = w.wrote || len(c.Writes)+len(c.Records) > 0
	stamp := w.now()
	if p.versions, err = w.writeAll(c.Writes, stamp); err != nil {
		return err
	}
	return w.writeRecords(c.Records, versions)
}

// check reads the heads of what is to be written, and holds the commit's
// writes and preconditions against what is there. It gives the records' versions.
func (w *writer) check(c *store.Commit) ([]int64, error) {
	if err := distinct(c); err != nil {
		return nil, err
	}
	w.heads = w.heads[:0]
	for i := range c.Writes {
		h, err := w.head(c.Writes[i].Key)
		if err != nil {
			return nil, err
		}
		if expect := c.Writes[i].Expect; expect != store.AnyVersion && expect != h.version {
			return nil, &store.Conflict{Kind: store.VersionMismatch, Index: i, Key: c.Writes[i].Key, Current: h.version}
		}
		w.heads = append(w.heads, h)
	}
	for i := range c.Preconditions {
		if err := w.checkPrecondition(i, &c.Preconditions[i]); err != nil {
			return nil, err
		}
	}
	return w.checkRecords(c.Records)
}

// head reads the current version's row of a key.
func (w *writer) head(key fhir.Key) (h head, err error) {
	h.key = key.String()
	q := w.sql.head
	q.BindText(1, h.key)
	row, err := q.Step()
	if row {
		h.seq, h.version = q.ColumnInt64(0), q.ColumnInt64(1)
		h.deleted = methods[q.ColumnInt64(2)] == store.Delete
		h.compartments, h.updated, h.generation = q.ColumnText(3), q.ColumnInt64(4), q.ColumnInt64(5)
		h.encoded = text(q, 6)
	}
	if rerr := q.Reset(); err == nil {
		err = rerr
	}
	return h, err
}

// current is the number of a key's current version, 0 where there is none.
func (w *writer) current(key fhir.Key) (version int64, deleted bool, err error) {
	q := w.sql.there
	q.BindText(1, key.String())
	row, err := q.Step()
	if row {
		version, deleted = q.ColumnInt64(0), methods[q.ColumnInt64(1)] == store.Delete
	}
	if rerr := q.Reset(); err == nil {
		err = rerr
	}
	return version, deleted, err
}

func (w *writer) checkPrecondition(i int, p *store.Precondition) error {
	if p.Criteria == nil {
		version, deleted, err := w.current(p.Exists)
		if err != nil {
			return err
		}
		if version == 0 || deleted {
			return &store.Conflict{Kind: store.TargetMissing, Index: i, Key: p.Exists, Current: version}
		}
		return nil
	}
	if holds, err := w.matchesExactly(p); err != nil || holds {
		return err
	}
	return &store.Conflict{Kind: store.CriteriaChanged, Index: i, Current: -1}
}

// writeAll makes the new versions.
func (w *writer) writeAll(writes []store.Write, stamp int64) ([]store.Version, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	versions := make([]store.Version, len(writes))
	for i := range writes {
		if err := w.writeOne(&writes[i], &w.heads[i], stamp, &versions[i]); err != nil {
			return nil, err
		}
	}
	w.collect()
	return versions, nil
}

func (w *writer) writeOne(x *store.Write, h *head, stamp int64, v *store.Version) error {
	typ, err := w.typeNumber(x.Key.Type)
	if err != nil {
		return err
	}
	*v = store.Version{Key: x.Key, VersionID: h.version + 1, LastUpdated: instant(stamp), Method: x.Method}
	compartments := h.compartments
	if x.Method != store.Delete {
		v.JSON = x.Content.Append(make([]byte, 0, x.Content.Size()), x.Key.ID, v.VersionID, v.LastUpdated)
		compartments = strings.Join(x.Compartments, " ")
	}
	if h.seq > 0 {
		if err := w.displace(h, stamp); err != nil {
			return err
		}
	}
	w.seq++
	q := w.sql.insert
	q.BindInt64(1, w.seq)
	q.BindInt64(2, typ)
	q.BindText(3, h.key)
	q.BindInt64(4, v.VersionID)
	q.BindInt64(5, stamp)
	q.BindInt64(6, int64(slices.Index(methods[:], x.Method)))
	q.BindText(7, compartments)
	bindBody(q, 8, v.JSON)
	if err := exec(q); err != nil {
		return err
	}
	if err := w.remember(w.seq, memberships(compartments)); err != nil || x.Method == store.Delete {
		return err
	}
	h.seq, h.version, h.updated = w.seq, v.VersionID, stamp
	return w.index(typ, h, x.Index, x.Generation)
}

// typeNumber is a type's number, a new one where it is the type's first resource.
func (w *writer) typeNumber(name string) (n int64, err error) {
	if n = w.types[name]; n > 0 {
		return n, nil
	}
	w.types, err = w.types.with(w.conn, name)
	return w.types[name], err
}

// displace ends the current version's time and takes it out of the index.
func (w *writer) displace(h *head, stamp int64) error {
	q := w.sql.displace
	q.BindInt64(1, stamp)
	q.BindInt64(2, h.seq)
	if err := exec(q); err != nil || h.deleted {
		return err
	}
	return w.unindex(h)
}

// bindBody binds JSON as text without copying it into a string first.
func bindBody(q *sqlite.Stmt, param int, json []byte) {
	if json == nil {
		q.BindNull(param)
		return
	}
	q.BindText(param, unsafe.String(unsafe.SliceData(json), len(json)))
}

// distinct refuses a commit that writes something twice, and one whose method
// isn't known.
func distinct(c *store.Commit) error {
	for i := range c.Writes {
		if x := &c.Writes[i]; !slices.Contains(methods[1:], x.Method) || (x.Content == nil) != (x.Method == store.Delete) {
			return fmt.Errorf("%w: write %d: method %q, content %v", errMalformed, i, x.Method, x.Content != nil)
		}
	}
	if len(c.Writes) > 1 {
		seen := make(map[fhir.Key]struct{}, len(c.Writes))
		for i := range c.Writes {
			seen[c.Writes[i].Key] = struct{}{}
		}
		if len(seen) < len(c.Writes) {
			return fmt.Errorf("%w: two writes to one resource", errMalformed)
		}
	}
	if len(c.Records) > 1 {
		seen := make(map[[2]string]struct{}, len(c.Records))
		for i := range c.Records {
			seen[[2]string{c.Records[i].Kind, c.Records[i].Key}] = struct{}{}
		}
		if len(seen) < len(c.Records) {
			return fmt.Errorf("%w: two writes to one record", errMalformed)
		}
	}
	return nil
}
