package definition

import "bytes"

// Extensions gives the StructureDefinitions of R4's extensions as JSON, by
// canonical URL. They have differentials and no prose. Each call makes the list
// anew; the texts belong to the Set.
func (s *Set) Extensions() map[string][]byte {
	list := make(map[string][]byte, 400)
	for line := range readLines("data/extension.ndjson") {
		_, rest, _ := bytes.Cut(line, []byte(`"url":"`))
		url, _, _ := bytes.Cut(rest, []byte{'"'})
		list[string(url)] = bytes.TrimSpace(line)
	}
	return list
}
