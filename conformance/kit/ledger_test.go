package kit_test

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// version is what a client was told of one version, or what history shows.
type version struct {
	body    []byte // nil for a tombstone
	deleted bool
}

// resource is what its only writer knows of it: versions[i] is version i+1.
type resource struct {
	key      string // "Patient/1"
	versions []version
}

func (r *resource) current() version { return r.versions[len(r.versions)-1] }

// member is one write of a request.
type member struct {
	key     string // "" for a create, whose id only the server knows
	version int64  // that it makes
	marker  string // unique text in the body; "" for a delete
}

// found is what the server's history shows: the versions of each resource.
type found map[string]map[int64]version

// has reports whether a member of a request took effect, and under which key.
func (f found) has(m member) (key string, ok bool) {
	if m.key != "" {
		v, there := f[m.key][m.version]
		return m.key, there && (m.marker == "" && v.deleted || m.marker != "" && bytes.Contains(v.body, quoted(m.marker)))
	}
	for key, versions := range f {
		if bytes.Contains(versions[1].body, quoted(m.marker)) {
			return key, true
		}
	}
	return "", false
}

func quoted(marker string) []byte { return []byte(`"` + marker + `"`) }

// ledger is what all writers know together.
type ledger struct {
	resources map[string]*resource
}

// adopt settles the requests that were never answered: each happened wholly
// or not at all. Those that did become part of the ledger.
func (l *ledger) adopt(f found, pending [][]member) []string {
	var wrong []string
	for _, members := range pending {
		var keys []string
		for _, m := range members {
			if key, ok := f.has(m); ok {
				keys = append(keys, key)
			}
		}
		switch len(keys) {
		case 0:
		case len(members):
			for i, key := range keys {
				l.add(key, f[key][members[i].version])
			}
		default:
			wrong = append(wrong, fmt.Sprintf("a request of %d writes happened in part: %d of them are there", len(members), len(keys)))
		}
	}
	return wrong
}

func (l *ledger) add(key string, v version) {
	r := l.resources[key]
	if r == nil {
		r = &resource{key: key}
		l.resources[key] = r
	}
	r.versions = append(r.versions, v)
}

// compare lists where history differs from the ledger: what was acknowledged
// and is gone or changed, and what is there and nobody wrote.
func (l *ledger) compare(f found) []string {
	var wrong []string
	for key, r := range l.resources {
		for i, want := range r.versions {
			got, there := f[key][int64(i+1)]
			switch {
			case !there:
				wrong = append(wrong, fmt.Sprintf("%s version %d was acknowledged and is lost", key, i+1))
			case got.deleted != want.deleted || !bytes.Equal(got.body, want.body):
				wrong = append(wrong, fmt.Sprintf("%s version %d isn't what was acknowledged:\n%s\n%s", key, i+1, got.body, want.body))
			}
		}
	}
	for key, versions := range f {
		known := 0
		if r := l.resources[key]; r != nil {
			known = len(r.versions)
		}
		if len(versions) > known {
			wrong = append(wrong, fmt.Sprintf("%s has %d versions, its writer knows of %d", key, len(versions), known))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// keyOf takes "Patient/1" and the version, 0 where there is none, from a URL
// such as http://host/fhir/Patient/1/_history/2.
func keyOf(url string) (key string, number int64) {
	url, _, _ = strings.Cut(url, "?")
	if at := strings.Index(url, "/_history/"); at >= 0 {
		number, _ = strconv.ParseInt(url[at+len("/_history/"):], 10, 64)
		url = url[:at]
	}
	parts := strings.Split(strings.TrimSuffix(url, "/"), "/")
	if len(parts) < 2 {
		return url, number
	}
	return parts[len(parts)-2] + "/" + parts[len(parts)-1], number
}
