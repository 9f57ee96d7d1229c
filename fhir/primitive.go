package fhir

// Primitive is the lexical rule of one of R4's primitive types
// (https://hl7.org/fhir/R4/datatypes.html).
type Primitive struct {
	Name string // "dateTime"
	// JSON tells how the value is written: '"' for a string, '0' for a
	// number, 't' for a boolean.
	JSON byte
	// Regex is the rule as the StructureDefinition has it, anchored at both
	// ends; "" where there is none.
	Regex string
	// Form says in plain words what a right value looks like.
	Form string
	// Check reports whether text, unescaped, is a right value: it matches
	// Regex and also means something, so that 2024-02-30 is no date. It
	// doesn't allocate in proportion to text.
	Check func(text []byte) bool
}

// PrimitiveOf returns the rule of a primitive type by its name, nil where
// there is none.
func PrimitiveOf(name string) *Primitive { return primitives[name] }

// Parts of the regular expressions that several types share.
const (
	yearRegex  = `([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)`
	monthRegex = `(0[1-9]|1[0-2])`
	dayRegex   = `(0[1-9]|[1-2][0-9]|3[0-1])`
	clockRegex = `([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?`
	zoneRegex  = `(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))`
	textRegex  = `[ \r\n\t\S]+`
	uriRegex   = `\S*`
)

var primitives = byName([]Primitive{
	{"boolean", 't', `true|false`, "true or false", isBoolean},
	{"integer", '0', `-?([0]|([1-9][0-9]*))`, "a whole number from -2147483648 to 2147483647", isInteger},
	{"unsignedInt", '0', `[0]|([1-9][0-9]*)`, "a whole number from 0 to 2147483647", isUnsignedInt},
	{"positiveInt", '0', `[1-9][0-9]*`, "a whole number from 1 to 2147483647", isPositiveInt},
	{"decimal", '0', `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, "a decimal number such as 1.50", isDecimal},
	{"string", '"', textRegex, "text of 1 to 1048576 characters without control characters but tab and line ends", isString},
	{"markdown", '"', textRegex, "text of 1 to 1048576 characters without control characters but tab and line ends", isString},
	{"code", '"', `[^\s]+(\s[^\s]+)*`, "a code: words with single spaces between them, none at the ends", isCode},
	{"id", '"', `[A-Za-z0-9\-\.]{1,64}`, `1 to 64 letters, digits, "-" and "."`, isID[[]byte]},
	{"uri", '"', uriRegex, "a URI without white space", isURI},
	{"url", '"', uriRegex, "a URL without white space", isURI},
	{"canonical", '"', uriRegex, "a canonical URL without white space", isURI},
	{"oid", '"', `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`, "an OID such as urn:oid:1.2.840", isOID},
	{
		"uuid", '"', `urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
		"a UUID in lower case such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520", isUUID,
	},
	{"base64Binary", '"', `(\s*([0-9a-zA-Z\+/=]){4}\s*)+`, "base64, padded with = to a multiple of 4 characters", isBase64},
	{
		"date", '"', yearRegex + `(-` + monthRegex + `(-` + dayRegex + `)?)?`,
		"a date that exists, written YYYY, YYYY-MM or YYYY-MM-DD", isDate,
	},
	{
		"dateTime", '"', yearRegex + `(-` + monthRegex + `(-` + dayRegex + `(T` + clockRegex + zoneRegex + `)?)?)?`,
		"a date that exists, written YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone (Z or +hh:mm)", isDateTime,
	},
	{
		"instant", '"', yearRegex + `-` + monthRegex + `-` + dayRegex + `T` + clockRegex + zoneRegex,
		"a time that exists, written YYYY-MM-DDThh:mm:ss with a time zone (Z or +hh:mm)", isInstant,
	},
	{"time", '"', clockRegex, "a time of day, written hh:mm:ss without a time zone", isTime},
	{"xhtml", '"', ``, `well-formed XHTML: one div with xmlns="http://www.w3.org/1999/xhtml", no scripts, no entities but XML's own`, isXHTML},
})

func byName(list []Primitive) map[string]*Primitive {
	m := make(map[string]*Primitive, len(list))
	for i := range list {
		m[list[i].Name] = &list[i]
	}
	return m
}

func isBoolean(b []byte) bool { return string(b) == "true" || string(b) == "false" }
