package server

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
)

// format is how an answer is to be written.
type format struct {
	contentType []string // as a header value; nil until negotiated
	pretty      bool
	native      bool // the client didn't name FHIR JSON: Binary is answered as it is
	// refused is what is wrong with the format that was asked for where a form may
	// ask for another.
	refused error
}

// The content types of answers, as header values that all answers share.
var (
	fhirJSON        = []string{"application/fhir+json;charset=utf-8"}
	fhirJSONVersion = []string{"application/fhir+json; fhirVersion=4.0; charset=utf-8"}
	plainJSON       = []string{"application/json;charset=utf-8"}
)

var errNotAcceptable = fhir.NewError(fhir.NotAcceptable, fhir.IssueNotSupported,
	"this server answers in FHIR JSON of R4 only: application/fhir+json (fhirVersion=4.0) or application/json; "+
		"XML and Turtle aren't supported yet")

// negotiate decides the format by _format, _pretty and Accept. A refused format
// is told in JSON. What a form may say about it is waited for: see negotiateForm.
func (x *exchange) negotiate() error {
	x.format = format{contentType: fhirJSON, native: true}
	var q query
	if raw := x.c.Request.URL.RawQuery; raw != "" {
		var err error
		if q, err = parseQuery(raw); err != nil {
			return err
		}
	}
	err := x.formatBy(q)
	if x.c.Request.Method == http.MethodPost && strings.HasSuffix(x.route.path, "/_search") {
		x.format.refused = err
		return nil
	}
	return err
}

// negotiateForm is negotiate for the form of a search by POST, whose parameters
// mean the same as those of the URL (https://hl7.org/fhir/R4/http.html#search).
func (x *exchange) negotiateForm(form string) error {
	q, err := parseQuery(form)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(q, func(p parameter) bool { return isFormat(p.name) }) {
		return x.format.refused
	}
	of, err := parseQuery(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	x.format = format{contentType: fhirJSON, native: true}
	return x.formatBy(append(of, q...))
}

func isFormat(name string) bool { return name == "_format" || name == "_pretty" }

func (x *exchange) formatBy(q query) error {
	if err := x.format.setPretty(q); err != nil {
		return err
	}
	name, given, err := q.one("_format")
	switch {
	case err != nil:
		return err
	case given:
		x.format.native = false
		return x.format.named(name)
	}
	return x.accept(x.c.Request.Header["Accept"])
}

// accept reads Accept. A Binary is answered in whatever type it has, which may
// be the one that is asked for, but for FHIR's own types.
func (x *exchange) accept(values []string) error {
	err := x.format.accept(values)
	if err == nil || x.typ == nil || x.typ.name != "Binary" {
		return err
	}
	for _, r := range parseAccept(strings.Join(values, ",")) {
		if r.q > 0 && !strings.HasPrefix(r.name, "application/fhir+") {
			return nil
		}
	}
	return err
}

func (f *format) setPretty(q query) error {
	value, given, err := q.one("_pretty")
	if err != nil || !given {
		return err
	}
	if value != "true" && value != "false" {
		return badParameter("_pretty", "is true or false")
	}
	f.pretty = value == "true"
	return nil
}

// named reads _format (https://hl7.org/fhir/R4/http.html#parameters).
func (f *format) named(name string) error {
	// A plus sign that wasn't escaped arrives as a space.
	ranges := parseAccept(strings.ReplaceAll(name, "application/fhir json", "application/fhir+json"))
	if len(ranges) != 1 {
		return errNotAcceptable
	}
	switch r := ranges[0]; r.name {
	case "json", "text/json", "application/json", "application/fhir+json":
		if !r.r4 {
			return errNotAcceptable
		}
		return nil
	}
	return errNotAcceptable
}

// accept reads Accept (RFC 9110 section 12.5.1).
func (f *format) accept(values []string) error {
	if len(values) == 0 {
		return nil
	}
	if len(values) == 1 {
		switch values[0] { // what nearly everyone sends
		case "*/*", "":
			return nil
		case "application/fhir+json":
			f.native = false
			return nil
		}
	}
	ranges := parseAccept(strings.Join(values, ","))
	specific, generic := quality(ranges, "application/fhir+json"), quality(ranges, "application/json")
	if text := quality(ranges, "text/json"); text > generic {
		generic = text
	}
	for _, r := range ranges {
		if r.name == "application/fhir+json" && r.r4 && r.q > 0 {
			f.native = false
			if r.versioned {
				f.contentType = fhirJSONVersion
			}
		}
	}
	if generic > specific {
		f.contentType = plainJSON
	}
	if specific == 0 && generic == 0 {
		return errNotAcceptable
	}
	return nil
}

// mediaRange is one member of Accept.
type mediaRange struct {
	name      string // lower case, without parameters
	q         float64
	r4        bool // names no FHIR version other than R4's
	versioned bool // names R4 by fhirVersion
}

// parseAccept splits on commas; none of the media types here has a quoted one.
func parseAccept(value string) []mediaRange {
	var ranges []mediaRange
	for member := range strings.SplitSeq(value, ",") {
		name, parameters, _ := strings.Cut(member, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			continue
		}
		r := mediaRange{name: name, q: 1, r4: true}
		for p := range strings.SplitSeq(parameters, ";") {
			r.parameter(p)
		}
		ranges = append(ranges, r)
	}
	return ranges
}

func (r *mediaRange) parameter(p string) {
	name, value, _ := strings.Cut(p, "=")
	value = strings.Trim(strings.TrimSpace(value), `"`)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "q":
		if q, err := strconv.ParseFloat(value, 64); err == nil {
			r.q = q
		}
	case "fhirversion":
		r.r4 = isR4(value)
		r.versioned = r.r4
	}
}

func isR4(version string) bool { return version == "4.0" || version == "4.0.1" }

// quality is what the most specific range that matches name says.
func quality(ranges []mediaRange, name string) float64 {
	q, best := 0.0, 0
	major, _, _ := strings.Cut(name, "/")
	for _, r := range ranges {
		specific := 0
		switch r.name {
		case name:
			specific = 3
		case major + "/*":
			specific = 2
		case "*/*":
			specific = 1
		}
		if specific > 0 && r.r4 && (specific > best || specific == best && r.q > q) {
			q, best = r.q, specific
		}
	}
	return q
}

// contentType is a request's Content-Type.
type contentType struct {
	name string // lower case, without parameters; "" where there is none
	fhir bool   // FHIR JSON, or JSON
	ok   bool   // FHIR JSON of R4 in UTF-8
}

func parseContentType(value string) contentType {
	name, parameters, _ := strings.Cut(value, ";")
	c := contentType{name: strings.ToLower(strings.TrimSpace(name))}
	switch c.name {
	case "application/fhir+json", "application/json", "text/json":
		c.fhir, c.ok = true, true
	}
	for p := range strings.SplitSeq(parameters, ";") {
		key, value, _ := strings.Cut(p, "=")
		value = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "charset":
			c.ok = c.ok && (value == "utf-8" || value == "utf8" || value == "us-ascii")
		case "fhirversion":
			c.ok = c.ok && isR4(value)
		}
	}
	return c
}
