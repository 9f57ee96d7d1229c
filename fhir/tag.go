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

// WithoutTags takes the tags of a system but for those with some codes out of
// the meta.tag of a resource, and what is empty then. Everything else stays as it
// is written. The text is compact JSON that has been decoded before, and isn't
// changed.
func WithoutTags(text []byte, system string, but []string) []byte {
	all := readTags(text)
	goes := func(tag Tag) bool { return tag.System == system && !slices.Contains(but, tag.Code) }
	if !slices.ContainsFunc(all, goes) {
		return text
	}
	meta, _ := memberOf(text, 0, "meta")
	list, _ := memberOf(text, meta.value, "tag")
	var stay []byte
	for i, at := 0, list.value+1; text[at] != ']'; i++ {
		if text[at] == ',' {
			at++
		}
		end := valueEnd(text, at)
		if !goes(all[i]) {
			if stay != nil {
				stay = append(stay, ',')
			}
			stay = append(stay, text[at:end]...)
		}
		at = end
	}
	switch {
	case stay != nil:
		return slices.Concat(text[:list.value+1], stay, text[list.end-1:])
	case list.start == meta.value+1 && text[list.end] == '}':
		return without(text, meta)
	}
	return without(text, list)
}

// without takes out a member, with the comma that parts it from the others.
func without(text []byte, m jsonMember) []byte {
	from, to := m.start, m.end
	if text[to] == ',' {
		to++
	} else if text[from-1] == ',' {
		from--
	}
	return slices.Concat(text[:from], text[to:])
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
