package fhir

import "slices"

// Tag is a member of meta.tag.
type Tag struct{ System, Code string }

// Tags lists the codes of a system in the meta.tag of a resource. The text is
// compact JSON that has been decoded before.
func Tags(text []byte, system string) []string {
	var codes []string
	for _, tag := range readTags(text) {
		if tag.System == system && tag.Code != "" {
			codes = append(codes, tag.Code)
		}
	}
	return codes
}

// WithTags adds tags to the meta.tag of a resource, but for those that are
// there. Everything else stays as it is written. The text is compact JSON that
// has been decoded before, and isn't changed.
func WithTags(text []byte, tags ...Tag) []byte {
	there := readTags(text)
	var more []byte
	for _, tag := range tags {
		if slices.Contains(there, tag) {
			continue
		}
		there = append(there, tag)
		if more != nil {
			more = append(more, ',')
		}
		more = tag.append(more)
	}
	if more == nil {
		return text
	}
	at, before, after := tagPlace(text)
	all := make([]byte, 0, len(text)+len(before)+len(more)+len(after))
	all = append(append(all, text[:at]...), before...)
	all = append(append(all, more...), after...)
	return append(all, text[at:]...)
}

func (t Tag) append(b []byte) []byte {
	b = appendString(append(b, `{"system":`...), t.System)
	b = appendString(append(b, `,"code":`...), t.Code)
	return append(b, '}')
}

// tagPlace is where further tags go, and what must stand around them there.
func tagPlace(text []byte) (at int, before, after string) {
	meta, found := memberOf(text, 0, "meta")
	if !found {
		return len(text) - 1, `,"meta":{"tag":[`, `]}`
	}
	if tag, found := memberOf(text, meta.value, "tag"); found {
		return tag.end - 1, ",", ""
	}
	return meta.end - 1, `,"tag":[`, "]"
}

func readTags(text []byte) []Tag {
	meta, found := memberOf(text, 0, "meta")
	if !found {
		return nil
	}
	list, found := memberOf(text, meta.value, "tag")
	if !found {
		return nil
	}
	var tags []Tag
	for at := list.value + 1; text[at] != ']'; {
		if text[at] == ',' {
			at++
		}
		var tag Tag
		for m := range members(text, at) {
			switch string(m.name) {
			case "system":
				tag.System = unquote(text[m.value:m.end])
			case "code":
				tag.Code = unquote(text[m.value:m.end])
			}
		}
		tags = append(tags, tag)
		at = valueEnd(text, at)
	}
	return tags
}

// memberOf finds a member of the object that starts at text[at].
func memberOf(text []byte, at int, name string) (jsonMember, bool) {
	for m := range members(text, at) {
		if string(m.name) == name {
			return m, true
		}
	}
	return jsonMember{}, false
}
