package sqlite

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Stale implements store.Store. There are few generations at a time, so the
// first heads of each are taken and the first of those.
func (s *Store) Stale(ctx context.Context, before int64, after search.Place, limit int) (page search.Page, err error) {
	defer s.observe("search", time.Now(), &err)
	err = s.searching(ctx, func(x source) error {
		c := collector{q: &search.Scan{After: after, Limit: limit}, bytes: scanBytes}
		b, err := x.seqRange(c.q)
		if err != nil {
			return err
		}
		seqs, err := x.stale(before, b.after, limit+1)
		if err == nil {
			err = x.heads(&c, seqs, always)
		}
		page = c.page
		return err
	})
	return page, err
}

const (
	generationSQL = "SELECT coalesce(min(generation), ?2) FROM head WHERE generation > ?1 AND generation < ?2"
	staleSQL      = "SELECT seq FROM head WHERE generation = ? AND seq > ? ORDER BY seq LIMIT ?+0"
)

// stale are the sequence numbers of the first heads of older generations.
func (x source) stale(before, after int64, limit int) (seqs []int64, err error) {
	generation, err := x.conn.Prepare(generationSQL)
	if err != nil {
		return nil, err
	}
	some, err := x.conn.Prepare(staleSQL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = some.Reset() }()
	for last := int64(math.MinInt64); ; {
		generation.BindInt64(1, last)
		generation.BindInt64(2, before)
		if last, err = firstNumber(generation); err != nil || last >= before {
			slices.Sort(seqs)
			return seqs[:min(limit, len(seqs))], err
		}
		some.BindInt64(1, last)
		some.BindInt64(2, after)
		some.BindInt64(3, int64(limit))
		for row := true; row; {
			if row, err = some.Step(); err != nil {
				return nil, err
			}
			if row {
				seqs = append(seqs, some.ColumnInt64(0))
			}
		}
		if err := some.Reset(); err != nil {
			return nil, err
		}
	}
}

// reindex is a call of Reindex that waits for the writer.
type reindex struct {
	generation int64
	changes    []store.Reindexed
}

// Reindex implements store.Store. It shares the disk's writes with commits
// that wait.
func (s *Store) Reindex(ctx context.Context, generation int64, changes []store.Reindexed) (err error) {
	defer s.observe("reindex", time.Now(), &err)
	return s.submit(ctx, &pending{reindex: &reindex{generation, changes}})
}

func (w *writer) reindex(r *reindex) error {
	for i := range r.changes {
		c := &r.changes[i]
		h, err := w.head(c.Key)
		if err != nil {
			return err
		}
		if h.version != c.VersionID || h.version == 0 || h.deleted || h.generation > r.generation {
			continue
		}
		if err := w.reindexOne(w.types[c.Key.Type], &h, c.Index, r.generation); err != nil {
			return err
		}
		if err := w.moveTo(&h, strings.Join(c.Compartments, " ")); err != nil {
			return err
		}
	}
	w.collect()
	return nil
}

// reindexOne writes only those entries of the index that aren't there.
func (w *writer) reindexOne(typ int64, h *head, x search.Index, generation int64) error {
	before, err := decodeIndex(h.encoded, true)
	if err != nil {
		return err
	}
	now := sortedTerms(x.Terms)
	dropped, added := without(before, now), without(now, before)
	if h.seq > w.latest.merged {
		w.forget(h.seq, dropped)
		err = w.remember(h.seq, added)
	} else if err = w.dropTerms(h.seq, dropped); err == nil {
		err = w.addTerms(h.seq, added)
	}
	if err != nil {
		return err
	}
	return w.setHead(typ, h, x, generation)
}

// without are the terms of a sorted list that another one doesn't have.
func without(terms, others []search.Term) (rest []search.Term) {
	for _, t := range terms {
		if _, found := slices.BinarySearch(others, t); !found {
			rest = append(rest, t)
		}
	}
	return rest
}
