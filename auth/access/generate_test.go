package access_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// reads are requests without a body. $T is a type, $I an id of it, $K a key,
// $P a Patient's key, $S what is secret somewhere or not, $N a small number.
var reads = []string{
	"GET $K", "GET $K", "GET $K/_history/$N", "GET $K/_history", "GET $T/_history?_count=$N", "GET _history?_count=$N", "GET _history",
	"GET $T", "GET $T?_count=$N", "GET $T?_total=accurate&_count=1", "GET $T?_summary=count", "GET $T?_id=$I", "GET $T?_sort=-_lastUpdated&_count=$N",
	"GET $T?_include=*", "GET $T?_revinclude=*", "GET $T?_include=*&_include:iterate=*", "GET $T?identifier=$I",
	"GET Patient?_revinclude=Task:patient&_include:iterate=Task:focus", "GET Task?_include=Task:focus&_include=Task:owner&_include=Task:patient",
	"GET Task?focus:CarePlan.subject=$P", "GET Task?focus:Observation.status=final", "GET CarePlan?subject:Patient.name=$S", "GET Observation?patient.family=$S",
	"GET Patient?_has:Observation:patient:status=final", "GET Patient?_has:Coverage:beneficiary:payor=Organization/organization-0&_total=accurate",
	"GET Practitioner?_has:Task:owner:status=requested", "GET Organization?_has:Task:owner:patient=$P", "GET Organization?_has:Coverage:payor:beneficiary.family=$S",
	"GET Patient?link:Patient.family=$S", "GET Patient?link=$P", "GET Observation?patient=$P&_sort=status", "GET Observation?performer=$P", "GET Coverage?subscriber=$P",
	"GET Observation?patient:not-in=x", "GET Task?status:not=completed&_total=accurate", "GET Task?patient:missing=true", "GET Task?_filter=status%20eq%20requested",
	"GET Task?_filter=patient%20re%20$P%20or%20status%20eq%20accepted", "GET Observation?_list=list-0", "GET Observation?_list=list-1&_total=accurate", "GET _history?_list=list-0",
	"GET ?_type=CarePlan,Task,Observation", "GET ?_id=$I", "GET ?_type=Patient,Group,List,Basic&_total=accurate", "GET ?_lastUpdated=gt2020",
	"GET $P/*", "GET $P/Task", "GET $P/Observation?_include=*", "GET $P/$everything", "GET $P/$everything?_count=$N", "GET EpisodeOfCare/$E/$everything",
	"GET Observation/$lastn?patient=$P&code=c1", "GET Observation/$lastn?subject=$P&category=k&max=3", "GET Task?part-of:below=$K", "GET {new}", "GET {new}/_history",
	"GET Patient?family=$S&_elements=name", "GET $T?_tag=http://x|y", "GET DocumentReference?location=Binary/$B", "GET $T?_sort=identifier&_count=$N",
}

// writes are requests with a body. $R is a resource of type $T.
var writes = []string{
	"POST $T", "POST $T ifNoneExist=identifier=$I", "POST $T ifNoneExist=identifier=$X", "PUT $K", "PUT $K", "PUT $K ifMatch=1", "PUT $K ifMatch=2", "PUT $T/free",
	"PUT $T?identifier=$I", "PUT $T?identifier=$X", "PUT {new}",
}

// patches are requests with a patch, and contents what it changes.
var (
	patches  = []string{"PATCH $K", "PATCH $K", "PATCH $K ifMatch=1", "PATCH $T?identifier=$I", "PATCH $T?identifier=$X", "PATCH $T/never"}
	contents = []string{
		`{}`, `{"status":"final"}`, `{"identifier":[{"value":"x"}]}`, `{"subject":{"reference":"$P"}}`, `{"for":{"reference":"$P"}}`, `{"id":"other"}`,
		`[{"op":"test","path":"/identifier/0/value","value":"$I"}]`, `[{"op":"test","path":"/name/0/family","value":"$S"}]`, `[{"op":"remove","path":"/status"}]`,
		`[{"op":"copy","from":"/identifier","path":"/contained"}]`,
	}
)

var deletions = []string{"DELETE $K", "DELETE $K ifMatch=1", "DELETE $K ifMatch=7", "DELETE $T/never", "DELETE $T?identifier=$I", "DELETE $T?identifier=$X", "DELETE {new}"}

// drawRequest makes any request.
func drawRequest(t *rapid.T, w world) request {
	switch n := rapid.IntRange(0, 19).Draw(t, "request"); {
	case n < 11:
		return request{line: fillIn(t, rapid.SampledFrom(reads).Draw(t, "read"), drawType(t))}
	case n < 14:
		return drawWrite(t, w)
	case n < 15:
		typ := drawType(t)
		return request{
			fillIn(t, rapid.SampledFrom(patches).Draw(t, "patch"), typ), fillIn(t, rapid.SampledFrom(contents).Draw(t, "content"), typ),
		}
	case n < 16:
		return request{line: fillIn(t, rapid.SampledFrom(deletions).Draw(t, "delete"), drawType(t))}
	}
	return drawBundle(t, w)
}

func drawType(t *rapid.T) string { return rapid.SampledFrom(typesOf()).Draw(t, "type") }

func drawWrite(t *rapid.T, w world) request {
	typ := drawType(t)
	line := fillIn(t, rapid.SampledFrom(writes).Draw(t, "write"), typ)
	_, rest, _ := strings.Cut(line, " ")
	target, _, _ := strings.Cut(rest, " ")
	_, id, _ := strings.Cut(target, "/")
	if strings.Contains(target, "?") || target == "{new}" {
		id = ""
	}
	return request{line, drawBody(t, w, typ, id, strings.Contains(line, "{new}"))}
}

// drawBody makes a resource: often the one that is stored, with a change.
func drawBody(t *rapid.T, w world, typ, id string, newest bool) string {
	x := drawThing(t, typ, id)
	for _, y := range w {
		if y.typ == typ && y.id == id && rapid.Bool().Draw(t, "as it was") {
			z := *y.now()
			z.status, x = x.status, &z
		}
	}
	x.secret = "written" // whoever writes knows
	body := x.json()
	switch {
	case newest:
		return strings.Replace(body, `"id":"`+id+`"`, `"id":"{new}"`, 1)
	case id == "":
		return strings.Replace(strings.Replace(body, `"id":"",`, "", 1), `"value":""`, `"value":"`+rapid.SampledFrom([]string{"x", "x", idOf(typ, 0)}).Draw(t, "identifier")+`"`, 1)
	}
	return body
}

// fillIn puts types and ids into a request's line.
func fillIn(t *rapid.T, line, typ string) string {
	id := func(typ string) string {
		n := kinds[typ]
		if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
			n += 5
		}
		return idOf(typ, rapid.IntRange(0, n-1).Draw(t, "id"))
	}
	return strings.NewReplacer(
		"$everything", "$everything", "$lastn", "$lastn",
		"$K", typ+"/"+id(typ), "$T", typ, "$I", id(typ), "$P", "Patient/"+id("Patient"), "$E", id("EpisodeOfCare"), "$B", id("Binary"),
		"$S", rapid.SampledFrom([]string{"secret", "secret0", "s", "written"}).Draw(t, "text"), "$X", "x",
		"$N", fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "number")),
	).Replace(line)
}

// drawBundle makes a batch or a transaction of a few requests.
func drawBundle(t *rapid.T, w world) request {
	kind := rapid.SampledFrom([]string{"batch", "transaction"}).Draw(t, "bundle")
	var entries []string
	for n := range rapid.IntRange(1, 4).Draw(t, "entries") {
		// Entries of a batch happen in any order: only one writes.
		en := drawEntry(t, w, kind == "batch" && n > 0)
		if strings.Contains(en, `"method":"POST"`) && strings.Contains(strings.Join(entries, ""), `"method":"POST"`) {
			continue // ids that are made at once have no order
		}
		entries = append(entries, en)
	}
	return request{"POST /", `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`}
}

func drawEntry(t *rapid.T, w world, reading bool) string {
	kinds := 3
	if reading {
		kinds = 0
	}
	switch rapid.IntRange(0, kinds).Draw(t, "entry") {
	case 0:
		r := fillIn(t, rapid.SampledFrom([]string{"$K", "$K/_history/1", "$T?_id=$I", "$T?_total=accurate", "$P/Task", "$T?_revinclude=*"}).Draw(t, "get"), drawType(t))
		return `{"request":{"method":"GET","url":"` + r + `"}}`
	case 1:
		typ := drawType(t)
		r := fillIn(t, rapid.SampledFrom([]string{"$K", "$T?identifier=$I", "$T/never"}).Draw(t, "delete"), typ)
		return `{"request":{"method":"DELETE","url":"` + r + `"` + ifMatch(t) + `}}`
	case 2:
		// A conditional reference to a patient who may be hidden.
		who := rapid.SampledFrom([]string{"Patient?identifier=patient-0", "Patient?identifier=patient-1", "Patient?family=secret"}).Draw(t, "reference")
		return `{"resource":{"resourceType":"Task","status":"requested","intent":"order","for":{"reference":"` + who + `"}},"request":{"method":"POST","url":"Task"}}`
	}
	r := drawWrite(t, w)
	if strings.Contains(r.line, "{new}") {
		r = request{"POST Task", drawBody(t, w, "Task", "", false)}
	}
	verb, rest, _ := strings.Cut(r.line, " ")
	target, option, _ := strings.Cut(rest, " ")
	more := ""
	if criteria, ok := strings.CutPrefix(option, "ifNoneExist="); ok {
		more = `,"ifNoneExist":"` + criteria + `"`
	} else if n, ok := strings.CutPrefix(option, "ifMatch="); ok {
		more = `,"ifMatch":"W/\"` + n + `\""`
	}
	return `{"resource":` + r.body + `,"request":{"method":"` + verb + `","url":"` + target + `"` + more + `}}`
}

func ifMatch(t *rapid.T) string {
	if rapid.Bool().Draw(t, "if match") {
		return `,"ifMatch":"W/\"1\""`
	}
	return ""
}
