package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

// appendETag appends a version's weak ETag, W/"3"
// (https://hl7.org/fhir/R4/http.html#versioning).
func appendETag(dst []byte, version int64) []byte {
	dst = append(dst, `W/"`...)
	dst = strconv.AppendInt(dst, version, 10)
	return append(dst, '"')
}

// entityTags is a parsed If-Match or If-None-Match.
type entityTags struct {
	any      bool    // *
	versions []int64 // 0 for a tag that names no version
}

// parseTags reads a list of entity tags (RFC 9110 section 8.8.3); weak and
// strong ones count alike.
func parseTags(name string, values []string) (entityTags, error) {
	var tags entityTags
	for rest := strings.Join(values, ","); ; {
		rest = strings.TrimLeft(rest, ", \t")
		if rest == "" {
			break
		}
		if rest[0] == '*' {
			tags.any, rest = true, rest[1:]
		} else {
			text, after, ok := cutTag(rest)
			if !ok {
				return entityTags{}, badTags(name)
			}
			tags.versions, rest = append(tags.versions, versionOf(text)), after
		}
		if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ',' {
			return entityTags{}, badTags(name)
		}
	}
	if !tags.any && len(tags.versions) == 0 {
		return entityTags{}, badTags(name)
	}
	return tags, nil
}

// cutTag cuts the first of a list of tags, which may hold commas, to its text.
func cutTag(list string) (text, after string, ok bool) {
	list, quoted := strings.CutPrefix(strings.TrimPrefix(list, "W/"), `"`)
	text, after, closed := strings.Cut(list, `"`)
	return text, after, quoted && closed
}

func badTags(name string) error {
	return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, name+` holds quoted version ids, such as W/"3", or *`)
}

// versionOf reads a version id; 0 for what can't be one.
func versionOf(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != text {
		return 0
	}
	return n
}

func (t entityTags) match(version int64) bool {
	if t.any {
		return true
	}
	for _, v := range t.versions {
		if v == version {
			return true
		}
	}
	return false
}

// notModified decides a conditional read
// (https://hl7.org/fhir/R4/http.html#cread): If-None-Match, and only without
// it If-Modified-Since, to the second.
func notModified(h http.Header, v store.Version) (bool, error) {
	if values := h["If-None-Match"]; len(values) > 0 {
		if n := versionOf(values[0]); n != 0 && len(values) == 1 {
			return n == v.VersionID, nil // some clients send meta.versionId as it is
		}
		tags, err := parseTags("If-None-Match", values)
		return err == nil && tags.match(v.VersionID), err
	}
	values := h["If-Modified-Since"]
	if len(values) == 0 {
		return false, nil
	}
	since, err := http.ParseTime(values[0])
	if err != nil || len(values) > 1 {
		return false, nil // RFC 9110 section 13.1.3 has it ignored: the answer is whole either way
	}
	return !v.LastUpdated.Truncate(time.Second).After(since), nil
}

// ifMatch reads If-Match of a write; the zero value where it is absent.
func ifMatch(h http.Header) (entityTags, error) {
	values := h["If-Match"]
	if len(values) == 0 {
		return entityTags{}, nil
	}
	return parseTags("If-Match", values)
}

// absent reports whether there is no precondition.
func (t entityTags) absent() bool { return !t.any && len(t.versions) == 0 }

// one gives the version that must be current where the tags name just one.
func (t entityTags) one() (version int64, ok bool) {
	if t.any || len(t.versions) != 1 || t.versions[0] == 0 {
		return 0, false
	}
	return t.versions[0], true
}

// refusePreconditions refuses conditional headers that a write can't keep:
// to pass over one would do what the client wanted prevented.
func refusePreconditions(h http.Header, names ...string) error {
	for _, name := range names {
		if len(h[name]) > 0 {
			return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
				name+" isn't supported on this interaction")
		}
	}
	return nil
}
