package operation

import (
	"bytes"
	"encoding/json"
	"strings"

	"caseway/fhir"
)

// relinked is a resource whose references, the strings of members named reference,
// are what links says of them.
func relinked(resource any, links map[string]string) (object, error) {
	d := json.NewDecoder(bytes.NewReader(encoded(resource)))
	d.UseNumber() // decimals keep their digits
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	eachReference(o, func(reference string) string { return links[reference] })
	return o, nil
}

// eachReference goes through the references in JSON and gives each the text that
// to says, where it says one.
func eachReference(v any, to func(reference string) string) {
	switch v := v.(type) {
	case object:
		for name, x := range v {
			if reference := text(x); name == "reference" && reference != "" {
				if other := to(reference); other != "" {
					v[name] = other
				}
				continue
			}
			eachReference(x, to)
		}
	case []any:
		for _, x := range v {
			eachReference(x, to)
		}
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// keyOf reads a reference to a resource of this server: relative, or absolute below
// our own base, of one version or of none.
func (c call) keyOf(reference string) (fhir.Key, bool) {
	reference, _, _ = strings.Cut(strings.TrimPrefix(reference, c.Base+"/"), "/_history/")
	return fhir.ParseKey(reference)
}
