package kit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// wrote is a version that the server holds.
type wrote struct {
	key      string // Type/id
	at       string // lastUpdated, which the versions of one commit share
	resource object
}

// told are the versions of the case's resources, a list for each commit, oldest
// first, but for who bears witness to what.
func (p *parties) told() [][]wrote {
	p.t.Helper()
	var all []wrote
	for page := "_history?_count=1000"; page != ""; {
		got := p.do("root", "GET", page, nil)
		var b struct {
			Link  []struct{ Relation, URL string }
			Entry []struct{ Resource object }
		}
		if err := json.Unmarshal(got.Body, &b); err != nil || got.Status != http.StatusOK {
			p.t.Fatalf("%s: %d %v", page, got.Status, err)
		}
		page = ""
		for _, l := range b.Link {
			if l.Relation == "next" {
				page = l.URL
			}
		}
		for _, e := range b.Entry {
			meta, _ := e.Resource["meta"].(object)
			typ, _ := e.Resource["resourceType"].(string)
			if meta["tag"] != nil && typ != "Provenance" {
				all = append(all, wrote{typ + "/" + e.Resource["id"].(string), meta["lastUpdated"].(string), e.Resource})
			}
		}
	}
	slices.Reverse(all)
	var commits [][]wrote
	for _, v := range all {
		if n := len(commits); n == 0 || commits[n-1][0].at != v.at {
			commits = append(commits, nil)
		}
		commits[len(commits)-1] = append(commits[len(commits)-1], v)
	}
	return commits
}

// sends are the types of which a FHIR client that doesn't see the whole case
// writes resources for an action. The server writes what follows.
var sends = map[string][]string{
	"choose": {"Task"}, "accept": {"Task"}, "deliver": {"Task"}, "negotiate": {"Contract"}, "decide": {"Claim", "ClaimResponse"},
}

// tellByFHIR takes fay through the story as it happened to pat, each step by FHIR
// and by whose it is, and compares what came of both.
func (p *parties) tellByFHIR() {
	p.t.Helper()
	commits := p.told()
	p.before = map[string]object{}
	if len(commits) != len(p.deeds) {
		p.t.Fatalf("%d commits for %d deeds", len(commits), len(p.deeds))
	}
	ids := map[string]string{"Patient/pat": "Patient/fay", "Coverage/pat": "Coverage/fay"}
	for i, commit := range commits {
		d := p.deeds[i]
		if d.user == "pat" {
			d.user = "fay"
		}
		for _, v := range commit {
			if typ, _, _ := strings.Cut(v.key, "/"); slices.Contains(sends[d.action], typ) && d.user != "hana" && d.user != "drew" {
				p.send(d, v, ids)
			}
		}
		if d.user == "hana" || d.user == "drew" {
			p.sendAll(d, commit, ids)
		}
		for _, v := range commit {
			p.before[v.key] = v.resource
		}
	}
	episode := strings.TrimPrefix(p.path, "/cases/")
	p.same(p.everything("EpisodeOfCare/"+episode), p.everything(ids["EpisodeOfCare/"+episode]))
}

// sendAll writes a commit whole, what is new under ids of the client's own. What
// the server has made meanwhile it changes itself.
func (p *parties) sendAll(d deed, commit []wrote, ids map[string]string) {
	p.t.Helper()
	isNew := map[string]bool{}
	for _, v := range commit {
		if typ, id, _ := strings.Cut(v.key, "/"); ids[v.key] == "" && p.before[v.key] == nil {
			ids[v.key], isNew[v.key] = typ+"/f-"+id, true
		}
	}
	var entries []object
	for _, v := range commit {
		if ids[v.key] == "" {
			continue
		}
		if r := p.next(d, v, ids, isNew[v.key]); r != nil {
			_, r["id"], _ = strings.Cut(ids[v.key], "/")
			entries = append(entries, object{"resource": r, "request": object{"method": "PUT", "url": ids[v.key]}})
		}
	}
	got := p.do(d.user, "POST", "", object{"resourceType": "Bundle", "type": "transaction", "entry": entries})
	if got.Status != http.StatusOK {
		p.t.Fatalf("%s by %s: %d %s", d.action, d.user, got.Status, got.Body)
	}
}

// send writes one resource, unless it is a Task of somebody else, which the
// server makes or takes back.
func (p *parties) send(d deed, v wrote, ids map[string]string) {
	p.t.Helper()
	typ, _, _ := strings.Cut(v.key, "/")
	owner, _ := v.resource["owner"].(object)
	if typ == "Task" && d.user != "fay" && owner["reference"] != string(partyOf[d.user].Ref) {
		return
	}
	known := ids[v.key]
	method, path, want := "POST", typ, http.StatusCreated
	r := p.next(d, v, ids, known == "")
	if known != "" {
		method, path, want = "PUT", known, http.StatusOK
		_, r["id"], _ = strings.Cut(known, "/")
	}
	got := p.do(d.user, method, path, r)
	if got.Status != want {
		p.t.Fatalf("%s by %s: %s %s: %d %s", d.action, d.user, method, path, got.Status, got.Body)
	}
	if known == "" {
		ids[v.key], _, _ = strings.Cut(strings.TrimPrefix(got.Header.Get("Location"), p.Base+"/"), "/_history/")
	}
}

// next is what a client writes: a resource that is new as it was made, one that
// is there as the client finds it, with the elements that the deed changed; nil
// where it changed none. The history of phases is the server's to write.
func (p *parties) next(d deed, v wrote, ids map[string]string, isNew bool) object {
	p.t.Helper()
	was, now := p.before[v.key], retold(v.resource, ids)
	if isNew || was == nil { // or it comes into the case as it was
		return now
	}
	old := retold(was, ids)
	got := p.do(d.user, "GET", ids[v.key], nil)
	var r object
	if err := json.Unmarshal(got.Body, &r); err != nil || got.Status != http.StatusOK {
		p.t.Fatalf("%s reads %s: %d", d.user, ids[v.key], got.Status)
	}
	changed := false
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if name != "meta" && name != "statusHistory" && !reflect.DeepEqual(old[name], now[name]) {
			r[name], changed = now[name], true
		}
	}
	if !changed {
		return nil
	}
	return r
}

// retold is a resource with other ids, and of its meta with the tag of its case.
func retold(r object, ids map[string]string) object {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	all := string(text)
	for from, to := range ids {
		_, old, _ := strings.Cut(from, "/")
		_, id, _ := strings.Cut(to, "/")
		all = strings.ReplaceAll(all, `"`+from+`"`, `"`+to+`"`)
		if anyID.MatchString(`"` + old + `"`) {
			all = strings.ReplaceAll(all, `"`+old+`"`, `"`+id+`"`)
		}
	}
	var other object
	if err := json.Unmarshal([]byte(all), &other); err != nil {
		panic(err)
	}
	other["meta"] = object{"tag": other["meta"].(object)["tag"]}
	delete(other, "id")
	return other
}

// everything is what belongs to a case, by key, but for who bears witness, people
// and organizations.
func (p *parties) everything(episode string) map[string]object {
	p.t.Helper()
	got := p.do("root", "GET", episode+"/$everything", nil)
	var b struct{ Entry []struct{ Resource object } }
	if err := json.Unmarshal(got.Body, &b); err != nil || got.Status != http.StatusOK {
		p.t.Fatalf("%s: %d %v", episode, got.Status, err)
	}
	all := map[string]object{}
	for _, e := range b.Entry {
		typ := e.Resource["resourceType"].(string)
		if !slices.Contains([]string{"Provenance", "Patient", "Practitioner", "Organization", "Device"}, typ) {
			key := typ + "/" + e.Resource["id"].(string)
			delete(e.Resource, "meta")
			delete(e.Resource, "id")
			all[key] = e.Resource
		}
	}
	return all
}

var (
	anyTime = regexp.MustCompile(`"\d{4}-\d\d-\d\d(T[0-9:.]+Z)?"`)
	anyID   = regexp.MustCompile(`"([A-Z][A-Za-z]+)/(f-)?[0-9a-f]{8}-[0-9a-f-]{27}"|"(f-)?[0-9a-f]{8}-[0-9a-f-]{27}"|"(Coverage|Patient)/(pat|fay)"`)
)

// same compares two cases but for ids and times. A resource is known by what it
// says and, over some rounds, by what those say to which it refers.
func (p *parties) same(one, other map[string]object) {
	p.t.Helper()
	a, b := plainly(one), plainly(other)
	for text, n := range a {
		if b[text] != n {
			p.t.Errorf("by the case API there are %d, by FHIR %d of\n%s", n, b[text], text)
		}
	}
	for text, n := range b {
		if a[text] == 0 {
			p.t.Errorf("by FHIR there are %d, by the case API none of\n%s", n, text)
		}
	}
}

// plainly counts what resources say.
func plainly(all map[string]object) map[string]int {
	label := map[string]string{} // by id, as it stands in references
	for key := range all {
		label[key], _, _ = strings.Cut(key, "/")
	}
	var texts map[string]int
	for range 4 {
		next := map[string]string{}
		texts = map[string]int{}
		for key, r := range all {
			body, err := json.Marshal(r)
			if err != nil {
				panic(err)
			}
			text := anyTime.ReplaceAllString(string(body), `"TIME"`)
			text = anyID.ReplaceAllStringFunc(text, func(s string) string {
				if known, ok := label[strings.Trim(s, `"`)]; ok {
					return `"` + known + `"`
				}
				typ, _, _ := strings.Cut(strings.Trim(s, `"`), "/")
				if strings.Contains(typ, "-") {
					typ = "id"
				}
				return `"` + typ + `"`
			})
			next[key] = r["resourceType"].(string) + " " + shortHash(text)
			texts[text]++
		}
		label = next
	}
	return texts
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
