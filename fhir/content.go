package fhir

import (
	"strconv"
	"time"
)

// Content is a resource as a store keeps it, but for what the server sets: the
// logical id, meta.versionId and meta.lastUpdated. Immutable once made.
type Content struct {
	Type string // resource type
	Meta []byte // meta's other members as JSON, `"profile":["…"],"tag":[…]`; empty where there are none
	Rest []byte // the members other than resourceType, id and meta; empty where there are none
}

// Append renders the resource: resourceType, id and meta first, then the
// members in the order in which they were sent.
func (c *Content) Append(dst []byte, id string, version int64, at time.Time) []byte {
	dst = append(dst, `{"resourceType":"`...)
	dst = append(dst, c.Type...)
	dst = append(dst, `","id":"`...)
	dst = append(dst, id...)
	dst = append(dst, `","meta":{"versionId":"`...)
	dst = strconv.AppendInt(dst, version, 10)
	dst = append(dst, `","lastUpdated":"`...)
	dst = AppendInstant(dst, at)
	dst = append(dst, '"')
	if len(c.Meta) > 0 {
		dst = append(dst, ',')
		dst = append(dst, c.Meta...)
	}
	dst = append(dst, '}')
	if len(c.Rest) > 0 {
		dst = append(dst, ',')
		dst = append(dst, c.Rest...)
	}
	return append(dst, '}')
}

// Size is about how many bytes Append adds.
func (c *Content) Size() int { return len(c.Meta) + len(c.Rest) + len(c.Type) + 180 }
