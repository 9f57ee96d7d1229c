package validate

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"caseway/fhir"
)

// Position is a place in a text: line and column from 1, columns in characters.
// The zero Position is unknown.
type Position struct{ Line, Column int }

// Positions says where in data, of which tree was decoded, each issue is: where
// the value of its element begins, or that of the nearest element around it that
// is there. tree may be nil, which leaves all unknown.
func Positions(data []byte, tree *fhir.Tree, issues []Issue) []Position {
	positions := make([]Position, len(issues))
	if tree == nil || !tree.Root().Valid() {
		return positions
	}
	type wanted struct{ at, issue int }
	list := make([]wanted, len(issues))
	for i := range issues {
		list[i] = wanted{startOf(locate(tree, issues[i].Expression)), i}
	}
	slices.SortFunc(list, func(a, b wanted) int { return a.at - b.at })
	s := scanner{data: bytes.TrimPrefix(data, []byte("\ufeff")), line: 1}
	for _, w := range list {
		positions[w.issue] = s.seek(w.at)
	}
	return positions
}

// startOf is where a node's text begins: of one without a value, its first child
// that has one, else the element around it.
func startOf(n fhir.Node) int {
	if n.HasValue() {
		start, _ := n.Span()
		return start
	}
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.HasValue() {
			start, _ := c.Span()
			return start
		}
	}
	if p := n.Parent(); p.Valid() {
		return startOf(p)
	}
	return 0
}

// locate finds the deepest node on the way that an expression names.
func locate(tree *fhir.Tree, expression string) fhir.Node {
	n := tree.Root()
	_, rest, _ := strings.Cut(expression, ".")
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ".")
		name, index, indexed := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		at, _ := strconv.Atoi(index)
		next := fhir.Node{}
		for c := n.First(); c.Valid(); c = c.Next() {
			if c.Name() == name && (!indexed || c.Index() == at) {
				next = c
				break
			}
		}
		if !next.Valid() {
			return n
		}
		n = next
	}
	return n
}

// scanner goes through a text and counts the bytes that its compact form keeps.
type scanner struct {
	data   []byte
	at     int // next byte
	kept   int // bytes of the compact form before it
	quoted bool
	line   int
	start  int // of the line
}

// seek goes to a byte of the compact form.
func (s *scanner) seek(to int) Position {
	for ; s.at < len(s.data); s.at++ {
		c := s.data[s.at]
		space := !s.quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		if !space && s.kept >= to {
			break
		}
		s.step(c, space)
	}
	return Position{s.line, 1 + utf8.RuneCount(s.data[s.start:s.at])}
}

func (s *scanner) step(c byte, space bool) {
	switch {
	case c == '\n':
		s.line++
		s.start = s.at + 1
	case s.quoted && c == '\\':
		s.at++ // what is escaped
		s.kept++
	case c == '"':
		s.quoted = !s.quoted
	}
	if !space {
		s.kept++
	}
}
