package definition

import (
	"slices"

	"golang.org/x/text/currency"
)

// laterCurrencies are codes of ISO 4217 that golang.org/x/text/currency
// doesn't know yet.
var laterCurrencies = []string{"MRU", "SLE", "UYW", "VED", "VES", "XAD", "XCG", "ZWG"}

func isCurrency(code string) bool {
	if len(code) != 3 {
		return false
	}
	for _, c := range code {
		if c < 'A' || c > 'Z' {
			return false // the parser would fold it
		}
	}
	_, err := currency.ParseISO(code)
	return err == nil || slices.Contains(laterCurrencies, code)
}
