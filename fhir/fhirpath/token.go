package fhirpath

// tokenKind is a class of lexical token.
type tokenKind uint8

const (
	endToken tokenKind = iota
	wordToken
	quotedToken // an identifier in backticks
	stringToken
	numberToken
	dateToken
	dateTimeToken
	timeToken
	dollarToken  // $this, $index, $total: text without the $
	percentToken // %name: text without the %
	symbolToken
)

// token is a lexical token: its text is unescaped for strings, identifiers and
// external constants.
type token struct {
	kind   tokenKind
	text   string
	offset int
	end    int
}

func (t token) is(symbol string) bool {
	return t.text == symbol && (t.kind == symbolToken || t.kind == wordToken)
}

// what names the token for an error message.
func (t token) what() string {
	switch t.kind {
	case endToken:
		return "the end"
	case stringToken:
		return "a string"
	case dollarToken:
		return "$" + t.text
	case percentToken:
		return "%" + t.text
	case numberToken:
		return "a number"
	case dateToken, dateTimeToken, timeToken:
		return "a date or time"
	}
	return `"` + t.text + `"`
}
