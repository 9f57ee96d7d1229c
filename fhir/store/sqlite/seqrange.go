package sqlite

import (
	"math"
	"strconv"
	"time"

	"caseway/fhir/search"
)

// tieDigits are enough for every sequence number.
const tieDigits = 13

// tie writes a sequence number so that ties order as the numbers do.
func tie(seq int64) string {
	n := strconv.FormatInt(seq, 36)
	return "0000000000000"[:tieDigits-len(n)] + n
}

// seqIn undoes tie.
func seqIn(tie string) (int64, error) {
	seq, err := strconv.ParseInt(tie, 36, 64)
	if err != nil {
		return 0, errPosition
	}
	return seq, nil
}

// seqRange is the range of sequence numbers, which are rowids, that a scan reads;
// both ends are exclusive.
type seqRange struct{ after, until int64 }

// seqRange makes a range of the places and times that bound a scan.
func (x source) seqRange(q *search.Scan) (b seqRange, err error) {
	b = seqRange{after: 0, until: math.MaxInt64}
	low, high := q.After, q.Until
	if q.Descending {
		low, high = high, low
	}
	for _, limit := range []struct {
		place search.Place
		from  time.Time
		upper bool
	}{
		{place: low},
		{place: high, upper: true},
		{from: q.Updated.From},
		{from: q.Updated.To, upper: true},
	} {
		if !limit.from.IsZero() {
			limit.place = search.Place{Updated: ceil(limit.from)}
		} else if limit.place == (search.Place{}) {
			continue
		}
		seq, err := x.seqOf(limit.place)
		switch {
		case err != nil:
			return b, err
		case limit.upper:
			b.until = min(b.until, seq)
		case limit.place.Tie == "":
			b.after = max(b.after, seq-1)
		default:
			b.after = max(b.after, seq)
		}
	}
	return b, nil
}

// seqOf is the sequence number of a search.Place; of one that only has a time, that
// of the first version of this time or a later one.
func (x source) seqOf(p search.Place) (int64, error) {
	if p.Tie != "" {
		return seqIn(p.Tie)
	}
	newest, err := x.conn.Prepare("SELECT coalesce(max(seq), 0) FROM version")
	if err != nil {
		return 0, err
	}
	low, err := firstNumber(newest)
	if err != nil {
		return 0, err
	}
	low++
	s, err := x.conn.Prepare("SELECT updated FROM version WHERE seq = ?")
	if err != nil {
		return 0, err
	}
	// All before from are older, and low and what follows it isn't.
	for from := int64(1); from < low; {
		middle := from + (low-from)/2
		s.BindInt64(1, middle)
		_, err := s.Step()
		updated := s.ColumnInt64(0)
		if rerr := s.Reset(); err == nil {
			err = rerr
		}
		if err != nil {
			return 0, err
		}
		if updated < p.Updated {
			from = middle + 1
		} else {
			low = middle
		}
	}
	return low, nil
}
