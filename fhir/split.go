package fhir

// Content parts the resource into what a store keeps. What the server sets is
// left out: the logical id, and versionId and lastUpdated of meta with what
// extends them.
func (t *Tree) Content() Content {
	c := Content{Type: t.Type().Name}
	var rest pieces
	for m := range members(t.JSON, 0) {
		switch string(m.name) {
		case "resourceType", "id":
		case "meta":
			c.Meta = metaContent(t.JSON, m.value)
		default:
			rest.add(t.JSON, m)
		}
	}
	c.Rest = rest.join(t.JSON)
	return c
}

func metaContent(text []byte, at int) []byte {
	var kept pieces
	for m := range members(text, at) {
		switch string(m.name) {
		case "versionId", "_versionId", "lastUpdated", "_lastUpdated":
		default:
			kept.add(text, m)
		}
	}
	return kept.join(text)
}

// jsonMember is one member of an object in compact JSON.
type jsonMember struct {
	name              []byte
	start, value, end int // of the name, of the value, behind the value
}

// members gives the members of the object that starts at text[at].
func members(text []byte, at int) func(yield func(jsonMember) bool) {
	return func(yield func(jsonMember) bool) {
		for at++; text[at] != '}'; {
			nameEnd, escaped := stringEnd(text, at)
			m := jsonMember{text[at+1 : nameEnd-1], at, nameEnd + 1, valueEnd(text, nameEnd+1)}
			if escaped {
				m.name = []byte(unquote(text[at:nameEnd]))
			}
			if !yield(m) {
				return
			}
			at = m.end
			if text[at] == ',' {
				at++
			}
		}
	}
}

// pieces are stretches of a text, each a run of members.
type pieces [][2]int

// add appends a member and joins it to the last piece where only a comma
// stands between.
func (p *pieces) add(text []byte, m jsonMember) {
	if n := len(*p); n > 0 && (*p)[n-1][1]+1 == m.start {
		(*p)[n-1][1] = m.end
		return
	}
	*p = append(*p, [2]int{m.start, m.end})
}

// join gives the pieces with commas between; a single one isn't copied.
func (p pieces) join(text []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	joined := text[p[0][0]:p[0][1]:p[0][1]]
	for _, piece := range p[1:] {
		joined = append(append(joined, ','), text[piece[0]:piece[1]]...)
	}
	return joined
}
