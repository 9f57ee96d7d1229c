package sqlite

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/store"
)

// defaultPageBytes bounds a page of history that names no bound.
const defaultPageBytes = 32 << 20

// History returns a page. It reads as much of an index as the page holds,
// but for Count, which reads all that match, and for AtFrom, which passes
// over what had been displaced by then.
func (s *Store) History(ctx context.Context, q store.HistoryQuery) (page store.HistoryPage, err error) {
	defer s.observe("history", time.Now(), &err)
	r, err := s.reader(ctx)
	if err != nil {
		return page, err
	}
	defer s.readers.put(r)
	sel := selection{HistoryQuery: q, typ: s.types.number(q.Type)}
	if q.Compartments != nil {
		err = s.searchingBy(ctx, r, func(x source) error { return r.historyIn(&sel, &page, x) })
		return page, err
	}
	err = r.snapshot(ctx, func() error { return r.history(&sel, &page) })
	return page, err
}

func (r *reader) history(sel *selection, page *store.HistoryPage) (err error) {
	if page.Settled, err = r.settled(); err != nil {
		return err
	}
	if sel.Type != "" && sel.typ == 0 {
		// The answer is complete up to settled: a type's first commit may
		// have become visible since.
		if sel.typ, err = numberIn(r.conn, sel.Type); err != nil {
			return err
		}
	}
	if sel.nothing() {
		return nil
	}
	rows, err := sel.rows(r.conn)
	if err != nil {
		return err
	}
	if err := r.fill(sel, page, rows); err != nil || !sel.Count {
		return err
	}
	page.Total, err = sel.count(r.conn)
	return err
}

// fill reads the versions of a page, of which rows are all and one more.
func (r *reader) fill(sel *selection, page *store.HistoryPage, rows []versionRow) (err error) {
	bytes := sel.LimitBytes
	if bytes == 0 {
		bytes = defaultPageBytes
	}
	cut := false
	page.Versions, cut, err = r.fetch(rows[:min(sel.Limit, len(rows))], bytes, sel.Room)
	page.More = len(rows) > sel.Limit || cut
	return err
}

// selection is a history query on its way to SQL.
type selection struct {
	store.HistoryQuery
	typ int64
}

// nothing reports a query that can't match: of a type that was never
// written, or of no keys.
func (q *selection) nothing() bool {
	return q.Type != "" && q.typ == 0 || q.Keys != nil && len(q.Keys) == 0
}

// where is the condition, the same for the page and the count, which differ
// in the position that they start behind. One upper bound in the order of the
// index serves both AtTo and After, so that SQLite starts at the right place.
func (q *selection) where() string {
	var b strings.Builder
	b.WriteString(" WHERE (updated, key, version) < (:updated, :key, :version) AND updated >= :since")
	if !q.AtFrom.IsZero() {
		b.WriteString(" AND until > :from")
	}
	switch {
	case q.Keys != nil:
		b.WriteString(" AND key IN (SELECT value FROM json_each(:keys))")
	case q.ID != "":
		b.WriteString(" AND key = :instance")
	case q.Type != "":
		b.WriteString(" AND type = :type")
	}
	return b.String()
}

// pageSQL asks for a page in the order of history. Within one resource that
// is the order of versions, since lastUpdated never falls.
func (q *selection) pageSQL() string {
	order := "updated DESC, key DESC, version DESC"
	if q.ID != "" && q.Keys == nil {
		order = "version DESC"
	}
	return "SELECT seq FROM version" + q.where() + " ORDER BY " + order + " LIMIT :limit+0"
}

// rows are those of a page and one more, if there is one.
func (q *selection) rows(c *sqlite.Conn) (found []versionRow, err error) {
	stmt, err := c.Prepare(q.pageSQL())
	if err != nil {
		return nil, err
	}
	after := store.HistoryPosition{LastUpdated: q.AtTo}
	if q.After.VersionID > 0 && (q.AtTo.IsZero() || q.After.LastUpdated.Before(q.AtTo)) {
		after = q.After
	}
	if err := q.bind(stmt, after); err != nil {
		return nil, err
	}
	stmt.SetInt64(":limit", int64(q.Limit)+1)
	for {
		row, err := stmt.Step()
		if err != nil || !row {
			return found, err
		}
		found = append(found, versionRow{seq: stmt.ColumnInt64(0)})
	}
}

// count counts all that match.
func (q *selection) count(c *sqlite.Conn) (n int64, err error) {
	stmt, err := c.Prepare("SELECT count(*) FROM version" + q.where())
	if err != nil {
		return 0, err
	}
	if err := q.bind(stmt, store.HistoryPosition{LastUpdated: q.AtTo}); err != nil {
		return 0, err
	}
	_, err = stmt.Step()
	n = stmt.ColumnInt64(0)
	if rerr := stmt.Reset(); err == nil {
		err = rerr
	}
	return n, err
}

// bind binds where's parameters. A position without a key lies before all
// keys of its instant; the zero position behind everything.
func (q *selection) bind(stmt *sqlite.Stmt, behind store.HistoryPosition) error {
	upper, key := int64(math.MaxInt64), ""
	if !behind.LastUpdated.IsZero() {
		upper = ceil(behind.LastUpdated)
	}
	if behind.VersionID > 0 {
		key = behind.Key.String()
	}
	stmt.SetInt64(":updated", upper)
	stmt.SetText(":key", key)
	stmt.SetInt64(":version", behind.VersionID)
	stmt.SetInt64(":since", ceil(q.Since))
	if !q.AtFrom.IsZero() {
		stmt.SetInt64(":from", q.AtFrom.UnixMilli())
	}
	switch {
	case q.Keys != nil:
		list, err := json.Marshal(q.keys())
		stmt.SetText(":keys", string(list))
		return err
	case q.ID != "":
		stmt.SetText(":instance", fhir.Key{Type: q.Type, ID: q.ID}.String())
	case q.Type != "":
		stmt.SetInt64(":type", q.typ)
	}
	return nil
}

// keys are the keys of the list that are of the query's type and id.
func (q *selection) keys() []string {
	keys := []string{}
	for _, k := range q.Keys {
		if (q.Type == "" || k.Type == q.Type) && (q.ID == "" || k.ID == q.ID) {
			keys = append(keys, k.String())
		}
	}
	return keys
}

// ceil is a time as a stamp, rounded up; 0 for the zero time.
func ceil(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	ms := t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) > 0 {
		ms++
	}
	return ms
}
