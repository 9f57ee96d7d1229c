package sqlite

import (
	"encoding/binary"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"caseway/fhir/search"
)

// A term in the index is a prefix's number and the rest of the term. Prefixes are
// what many terms begin with: the parameter, and with it the system of a code,
// the type of a reference or the folder of a URL. They make up more than half
// of all terms' bytes. Behind one prefix the rests order as the terms do, so a
// range of terms is a range behind each prefix that lies in it.
//
// The longest prefix of a term that has a number is the one that is used. So a
// number, once given, is never taken back, and where there are too many, further
// prefixes never get one: the two limits may not be raised without rewriting the index.
const (
	maxPrefixes   = 20_000 // beyond those that only name a parameter, or nothing
	maxPrefixSize = 200    // bytes
	prefixKinds   = ":;<=>?"
)

// prefixesOf are the lengths of the prefixes that a term may be cut at: the longer
// one and the one that only names a parameter.
func prefixesOf(term string) (long, short int) {
	if short = strings.IndexAny(term, prefixKinds) + 1; short == 0 || short > maxPrefixSize {
		return 0, 0
	}
	long = short + prefixInValue(term[short:], term[short-1] == '=')
	if long > maxPrefixSize {
		long = short
	}
	return long, short
}

// prefixInValue is how much of a value belongs to the longer prefix.
func prefixInValue(value string, plain bool) int {
	if bar := strings.IndexByte(value, '|'); bar >= 0 || !plain {
		return bar + 1
	}
	if strings.Contains(value, "://") {
		return strings.LastIndexByte(value, '/') + 1
	}
	if value != "" && 'A' <= value[0] && value[0] <= 'Z' {
		return strings.IndexByte(value, '/') + 1
	}
	return 0
}

// prefixes are the numbers that were committed, or are just being committed. Only
// the writer adds to them.
type prefixes struct {
	mu    sync.RWMutex
	ids   map[string]int64
	order []string // sorted; nil where it has to be made anew
}

func loadPrefixes(c *sqlite.Conn) (*prefixes, error) {
	s := &prefixes{ids: map[string]int64{"": 0}}
	err := sqlitex.ExecuteTransient(c, "SELECT text, id FROM prefix", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			s.ids[row.ColumnText(0)] = row.ColumnInt64(1)
			return nil
		},
	})
	return s, err
}

func (s *prefixes) add(fresh map[string]int64) {
	if len(fresh) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.ids, fresh)
	s.order = nil
}

// remove takes back what add added last.
func (s *prefixes) remove(fresh map[string]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for text := range fresh {
		delete(s.ids, text)
	}
	s.order = nil
}

func (s *prefixes) id(text string) (int64, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.ids[text]
	return id, ok
}

func (s *prefixes) count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.ids)
}

// between are the prefixes greater than from and less than to.
func (s *prefixes) between(from, to string) []string {
	s.mu.Lock()
	if s.order == nil {
		s.order = slices.Sorted(maps.Keys(s.ids))
	}
	order := s.order
	s.mu.Unlock()
	i := sort.SearchStrings(order, from)
	j := sort.SearchStrings(order, to)
	if i < len(order) && order[i] == from {
		i++
	}
	return order[i:max(i, j)]
}

// coder writes terms as the index has them.
type coder struct {
	*prefixes
	fresh map[string]int64 // numbers given in the writer's open transaction; nil for readers
}

func (c coder) id(text string) (int64, bool) {
	if id, ok := c.fresh[text]; ok {
		return id, true
	}
	return c.prefixes.id(text)
}

// append appends a term as it is in the index, if it is there at all.
func (c coder) append(to []byte, term string) []byte {
	long, short := prefixesOf(term)
	for _, cut := range [...]int{long, short} {
		if id, ok := c.id(term[:cut]); ok {
			return append(binary.AppendUvarint(to, uint64(id)), term[cut:]...)
		}
	}
	return append(append(to, 0), term...)
}

// span is a half-open range of the index.
type span struct{ from, to []byte }

// spans are the ranges that together hold the terms from one up to another.
func (c coder) spans(from, to search.Term) []span {
	if from >= to {
		return nil
	}
	var all []span
	for i := 0; i <= len(from); i++ {
		if i > 0 && i < len(from) && !strings.ContainsRune(prefixKinds+"|/", rune(from[i-1])) {
			continue
		}
		if id, ok := c.id(string(from[:i])); ok {
			all = append(all, spanOf(id, string(from[:i]), string(from[i:]), string(to)))
		}
	}
	for _, prefix := range c.between(string(from), string(to)) {
		id, _ := c.id(prefix)
		all = append(all, spanOf(id, prefix, "", string(to)))
	}
	for prefix, id := range c.fresh {
		if prefix > string(from) && prefix < string(to) {
			all = append(all, spanOf(id, prefix, "", string(to)))
		}
	}
	return all
}

// spanOf is the part of a range that lies behind a prefix: the rests from one up
// to what of the range's end lies behind the prefix, or all of them.
func spanOf(id int64, prefix, rest, to string) span {
	number := binary.AppendUvarint(nil, uint64(id))
	s := span{from: append(slices.Clone(number), rest...)}
	if end, ok := strings.CutPrefix(to, prefix); ok {
		s.to = append(number, end...)
	} else {
		s.to = append(number, 0xff) // UTF-8 never has this byte
	}
	return s
}
