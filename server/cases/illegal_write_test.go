package cases_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// request is a request of a FHIR client.
type request struct {
	method, path string
	body         any
	headers      []string
}

// doors are the ways in which a FHIR client can make moves: several only as a
// transaction, one also by itself, a change of what is stored also as a patch.
func (k *illegalTry) doors(moves []move) map[string]request {
	k.t.Helper()
	all := map[string]request{}
	var entries []object
	for _, m := range moves {
		r, etag, stored := k.write(m)
		entry := object{"request": object{"method": r.method, "url": strings.TrimPrefix(r.path, "/fhir/")}}
		if etag != "" {
			r.headers = []string{"If-Match", etag}
			entry["request"].(object)["ifMatch"] = etag
		}
		if r.body != nil {
			entry["resource"] = r.body
		}
		entries = append(entries, entry)
		if len(moves) > 1 {
			continue
		}
		all[r.method] = r
		if stored != nil && k.patches {
			headers := append(slices.Clone(r.headers), "Content-Type", "application/json-patch+json")
			all["PATCH"] = request{http.MethodPatch, r.path, difference(stored, r.body.(object)), headers}
		}
	}
	if len(moves) > 0 {
		all["transaction"] = request{http.MethodPost, "/fhir", object{"resourceType": "Bundle", "type": "transaction", "entry": entries}, nil}
	}
	return all
}

// write is a move by itself; stored is what it changes, with its ETag.
func (k *course) write(m move) (r request, etag string, stored object) {
	k.t.Helper()
	switch {
	case m.Post != nil:
		body := k.fill(m.Post).(object)
		return request{method: http.MethodPost, path: "/fhir/" + body["resourceType"].(string), body: body}, "", nil
	case m.Delete != "":
		return request{method: http.MethodDelete, path: "/fhir/" + k.fill(m.Delete).(string)}, "", nil
	}
	path := k.fill(m.Put).(string)
	stored, etag = k.stored(path)
	body := lay(stored, k.fill(m.With).(object)).(object)
	return request{method: http.MethodPut, path: "/fhir/" + path, body: body}, etag, stored
}

// difference is the JSON Patch that makes one resource another, a member at a time.
func difference(from, to object) []object {
	var all []object
	for name := range from {
		if to[name] == nil {
			all = append(all, object{"op": "remove", "path": "/" + name})
		}
	}
	for name, value := range to {
		switch {
		case from[name] == nil:
			all = append(all, object{"op": "add", "path": "/" + name, "value": value})
		case text(from[name]) != text(value):
			all = append(all, object{"op": "replace", "path": "/" + name, "value": value})
		}
	}
	return all
}

// lay lays changes over a value: members of objects one by one, null to take one
// out; of an array the elements with the numbers that a change names, "+" for a
// new last one; of extensions those of Caseway's by the last part of their url.
func lay(stored, change any) any {
	changes, ok := change.(object)
	if !ok {
		return change
	}
	switch now := stored.(type) {
	case []any:
		return layElements(slices.Clone(now), changes)
	case object:
		made := object{}
		for name, value := range now {
			made[name] = value
		}
		for name, value := range changes {
			switch {
			case name == "extension":
				list, _ := made[name].([]any)
				made[name] = layExtensions(slices.Clone(list), value.(object))
			case value == nil:
				delete(made, name)
			default:
				made[name] = lay(made[name], value)
			}
		}
		return made
	}
	return lay(object{}, changes)
}

func layElements(list []any, changes object) []any {
	for at, value := range changes {
		i, err := strconv.Atoi(at)
		switch {
		case at == "+":
			list = append(list, value)
		case err != nil || i >= len(list):
			panic("no element " + at)
		case value == nil:
			list = slices.Delete(list, i, i+1)
		default:
			list[i] = lay(list[i], value)
		}
	}
	return list
}

func layExtensions(list []any, changes object) []any {
	for name, value := range changes {
		at := fhir.CanonicalBase + "/StructureDefinition/" + name
		list = slices.DeleteFunc(list, func(e any) bool { return e.(object)["url"] == at })
		if value != nil {
			made := object{"url": at}
			for member, v := range value.(object) {
				made[member] = v
			}
			list = append(list, made)
		}
	}
	return list
}

// loaded is one instant, so that two words for a day are the same.
var loaded = time.Now()

var word = regexp.MustCompile(`\$[a-z][A-Za-z0-9.-]*`)

// fill puts what words mean into the strings of a value.
func (k *course) fill(v any) any {
	k.t.Helper()
	switch v := v.(type) {
	case string:
		return word.ReplaceAllStringFunc(v, func(w string) string { return k.meaning(w[1:]) })
	case []any:
		made := make([]any, len(v))
		for i := range v {
			made[i] = k.fill(v[i])
		}
		return made
	case object:
		made := object{}
		for name, value := range v {
			made[name] = k.fill(value)
		}
		return made
	}
	return v
}

// meaning gives what a word stands for: the case, a time, or what is found in
// the case by members and numbers (negative ones from the end), a part by its id.
func (k *course) meaning(w string) string {
	k.t.Helper()
	switch w {
	case "case":
		return "EpisodeOfCare/" + k.c.ID
	case "yesterday", "tomorrow", "lastweek":
		days := map[string]int{"yesterday": -1, "tomorrow": 1, "lastweek": -7}[w]
		return string(casemodel.At(loaded.AddDate(0, 0, days)))
	case "tag":
		return k.c.ID
	}
	var v any
	if err := json.Unmarshal([]byte(text(k.c)), &v); err != nil {
		k.t.Fatal(err)
	}
	for _, step := range strings.Split(w, ".") {
		switch now := v.(type) {
		case object:
			v = now[step]
		case []any:
			i, err := strconv.Atoi(step)
			if i < 0 {
				i += len(now)
			}
			if err != nil || i < 0 || i >= len(now) {
				k.t.Fatalf("$%s: there is none", w)
			}
			v = now[i]
		}
	}
	if part, ok := v.(object); ok {
		v = part["id"]
	}
	found, ok := v.(string)
	if !ok {
		k.t.Fatalf("$%s: there is none", w)
	}
	return found
}
