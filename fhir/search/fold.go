package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// plainLetters writes those letters without their stroke or hook, or as two,
// that no normal form of Unicode takes apart, and leaves out what some languages
// write as a letter and others as an apostrophe. German sharp s is folded with
// case.
var plainLetters = strings.NewReplacer(
	"ø", "o", "ɵ", "o", "ł", "l", "ƚ", "l", "ɫ", "l", "đ", "d", "ð", "d", "ɖ", "d", "ɗ", "d", "ƌ", "d", "ħ", "h", "ŧ", "t", "ƭ", "t",
	"ʈ", "t", "ı", "i", "ɨ", "i", "ɉ", "j", "ŋ", "n", "ɲ", "n", "ƞ", "n", "ƀ", "b", "ɓ", "b", "ƃ", "b", "ƈ", "c", "ȼ", "c", "ƒ", "f",
	"ǥ", "g", "ɠ", "g", "ƙ", "k", "ĸ", "k", "ƥ", "p", "ɍ", "r", "ʉ", "u", "ʋ", "v", "ƴ", "y", "ɏ", "y", "ƶ", "z", "ȥ", "z",
	"æ", "ae", "œ", "oe", "þ", "th",
	"\u02b9", "", "\u02ba", "", "\u02bb", "", "\u02bc", "", "\u02bd", "", "\u02be", "", "\u02bf", "",
)

// fold brings a string to the form in which strings are compared: without
// case, combining marks and punctuation, with single spaces between words
// (https://hl7.org/fhir/R4/search.html#string).
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			s = plainLetters.Replace(lower(norm.NFKD.String(s)))
			break
		}
	}
	b := make([]byte, 0, len(s))
	space := false
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'):
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = true
			continue
		case unicode.Is(unicode.Mn, r) || unicode.IsPunct(r) || unicode.Is(unicode.Cf, r) || r == utf8.MaxRune:
			continue
		}
		if space && len(b) > 0 {
			b = append(b, ' ')
		}
		space = false
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// foldCase takes away case alone, for tokens on strings and contact points.
func foldCase(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return lower(s)
		}
	}
	return strings.ToLower(s)
}

// lower folds case. Folding alone swaps the two cases of Cherokee.
func lower(s string) string { return strings.ToLower(cases.Fold().String(s)) }

// familyNames are the parts of a family name that people search by
// themselves; none where there is only one.
func familyNames(s string) []string {
	if parts := words(s); len(parts) > 1 {
		return parts
	}
	return nil
}

// words are parted by spaces and hyphens.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) })
}

// sounds gives the American Soundex code of each word that has one.
func sounds(s string) []string {
	var codes []string
	for _, word := range words(s) {
		if c := soundex(fold(word)); c != "" {
			codes = append(codes, c)
		}
	}
	return codes
}

// soundexDigits are the digits of the letters a to z; 0 for vowels, which part
// equal digits, and - for h and w, which don't.
const soundexDigits = "01230120022455012623010202"

func soundex(word string) string {
	code := make([]byte, 0, 4)
	var before byte
	for i := range len(word) {
		c := word[i]
		if c < 'a' || c > 'z' {
			continue
		}
		digit := soundexDigits[c-'a']
		switch {
		case len(code) == 0:
			code = append(code, c)
		case c == 'h' || c == 'w':
			continue
		case digit != '0' && digit != before && len(code) < 4:
			code = append(code, digit)
		}
		before = digit
	}
	if len(code) == 0 {
		return ""
	}
	return (string(code) + "000")[:4]
}
