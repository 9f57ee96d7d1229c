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
	relink(o, links)
	return o, nil
}

func relink(v any, links map[string]string) {
	switch v := v.(type) {
	case object:
		for name, x := range v {
			if to, linked := links[text(x)]; linked && name == "reference" {
				v[name] = to
				continue
			}
			relink(x, links)
		}
	case []any:
		for _, x := range v {
			relink(x, links)
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
