package search

import "strings"

// string compares folded text from the start, or as the modifier says
// (https://hl7.org/fhir/R4/search.html#string).
func (c *conditioner) string(value string) (Expr, error) {
	text, err := c.plain(value)
	if err != nil {
		return nil, err
	}
	if c.p.phonetic {
		return c.sounds(text)
	}
	folded := fold(text)
	if c.modifier == "exact" {
		return c.exact(text, folded), nil
	}
	if folded == "" {
		return nil, c.invalid("the value needs a letter or digit; case, accents and punctuation don't count")
	}
	if c.modifier == "contains" {
		return c.among(c.present(), keptString, func(kept string) bool {
			return strings.Contains(fold(kept[1:]), folded)
		}), nil
	}
	return c.startsWith(folded), nil
}

// exact wants the whole string as it is written.
func (c *conditioner) exact(text, folded string) Expr {
	var driver Expr = c.present()
	if folded != "" {
		driver = exactly(c.p.term(valueKind, shorten(folded, longestString)))
	}
	return And{driver, exactly(c.p.kept(keptString, wholeString+text), c.p.kept(keptString, familyString+text))}
}

// uncut is how much of a folded string is in its term in any case: cutting
// goes back to the start of a character.
const uncut = longestString - 3

func (c *conditioner) startsWith(folded string) Expr {
	if len(folded) <= uncut {
		return prefixed(c.p.term(valueKind, folded))
	}
	driver := prefixed(c.p.term(valueKind, strings.ToValidUTF8(folded[:uncut], "")))
	return c.among(driver, keptString, func(kept string) bool {
		for _, s := range keptStrings(kept) {
			if strings.HasPrefix(fold(s), folded) {
				return true
			}
		}
		return false
	})
}

// sounds wants a word like each of the value's.
func (c *conditioner) sounds(text string) (Expr, error) {
	codes := sounds(text)
	if len(codes) == 0 {
		return nil, c.invalid("the value needs a word in Latin letters")
	}
	var all And
	for _, code := range codes {
		all = append(all, exactly(c.p.term(valueKind, code)))
	}
	return all, nil
}
