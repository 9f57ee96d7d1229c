package jsonpatch

import (
	"strconv"
	"strings"
)

// parsePointer splits a JSON Pointer (RFC 6901 section 3) into its tokens; the
// empty one, which names the whole document, has none.
func parsePointer(text string) ([]string, bool) {
	if text == "" {
		return nil, true
	}
	if text[0] != '/' {
		return nil, false
	}
	tokens := strings.Split(text[1:], "/")
	for i, t := range tokens {
		if !escapedWell(t) {
			return nil, false
		}
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
	}
	return tokens, true
}

func escapedWell(token string) bool {
	for {
		_, rest, found := strings.Cut(token, "~")
		if !found {
			return true
		}
		if rest == "" || rest[0] != '0' && rest[0] != '1' {
			return false
		}
		token = rest[1:]
	}
}

// index reads a token as an index below n: digits without a leading zero
// (RFC 6901 section 4).
func index(token string, n int) (int, bool) {
	if token == "" || len(token) > 1 && token[0] == '0' || strings.Trim(token, "0123456789") != "" {
		return 0, false
	}
	i, err := strconv.Atoi(token)
	return i, err == nil && i < n
}
