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

// parseTags reads a list of entity tags; weak and strong ones count alike.
func parseTags(name string, values []string) (entityTags, error) {
	var tags entityTags
	for member := range strings.SplitSeq(strings.Join(values, ","), ",") {
		member = strings.TrimSpace(member)
		if member == "*" {
			tags.any = true
			continue
		}
		text, _ := strings.CutPrefix(member, "W/")
		if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
			return entityTags{}, fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
				name+` holds quoted version ids, such as W/"3", or *`)
		}
		tags.versions = append(tags.versions, versionOf(text[1:len(text)-1]))
	}
	return tags, nil
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
		tags, err := parseTags("If-None-Match", values)
		return err == nil && tags.match(v.VersionID), err
	}
	values := h["If-Modified-Since"]
	if len(values) == 0 {
		return false, nil
	}
	since, err := http.ParseTime(values[0])
	if err != nil {
		return false, fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
			"If-Modified-Since holds an HTTP date, such as Tue, 05 Mar 2024 10:00:00 GMT")
	}
	return !v.LastUpdated.Truncate(time.Second).After(since), nil
}

// ifMatch reads If-Match of a write: the version that must be current, 0
// where the header is absent, or any for *.
func ifMatch(h http.Header) (version int64, anyVersion bool, err error) {
	values := h["If-Match"]
	if len(values) == 0 {
		return 0, false, nil
	}
	tags, err := parseTags("If-Match", values)
	if err != nil {
		return 0, false, err
	}
	if tags.any {
		return 0, true, nil
	}
	if len(tags.versions) != 1 || tags.versions[0] == 0 {
		return 0, false, fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
			`If-Match holds one version id, which is a number, such as W/"3", or *`)
	}
	return tags.versions[0], false, nil
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
