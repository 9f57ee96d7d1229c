package search

import (
	"slices"
	"strings"
)

// cacheKey writes a condition in normal form so that two that are written alike
// hold for the same resources; ok is false for what can't be written, such as a
// test, or is too long to be worth it. An untyped chain over types that refer to
// anything asks for the same inner side again and again.
func cacheKey(typ string, e Expr) (text string, ok bool) {
	var b strings.Builder
	b.WriteString(typ)
	ok = writeCacheKey(&b, e)
	return b.String(), ok
}

// longestCacheKey is in bytes.
const longestCacheKey = 10_000

func writeCacheKey(b *strings.Builder, e Expr) bool {
	if b.Len() > longestCacheKey {
		return false
	}
	switch e := e.(type) {
	case Leaf:
		return writeLeaf(b, e)
	case And:
		return writeMembers(b, '&', e)
	case Or:
		return writeMembers(b, '|', e)
	case *orIndex:
		return writeMembers(b, '|', e.members)
	case Not:
		return writeMembers(b, '!', []Expr{e.Expr})
	case *join:
		b.WriteString("\x00." + e.typ + " " + e.param.prefix)
		if e.reverse {
			b.WriteString(" back")
		}
		return writeMembers(b, '.', []Expr{e.where})
	case *contained:
		b.WriteString("\x00#" + e.typ + " " + e.param.prefix)
		return writeMembers(b, '#', []Expr{e.where})
	}
	return false
}

func writeLeaf(b *strings.Builder, l Leaf) bool {
	if l.Test != nil {
		return false
	}
	for _, t := range slices.Concat(l.Exact, []Term{"\x00-", l.From, l.To}) {
		b.WriteString("\x00=")
		b.WriteString(string(t))
	}
	return true
}

func writeMembers(b *strings.Builder, kind byte, members []Expr) bool {
	b.WriteString("\x00" + string(kind) + "(")
	for _, m := range members {
		if !writeCacheKey(b, m) {
			return false
		}
	}
	b.WriteString("\x00)")
	return true
}
