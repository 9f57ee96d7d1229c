package server_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/fhir/store"
)

// leaving is a request that costs much, and whose client doesn't stay.
type leaving struct {
	path, media, body string
}

const fhirType, formType, jsonType = "application/fhir+json", "application/x-www-form-urlencoded", "application/json"

// leavingWays are when a client leaves.
var leavingWays = []string{"sending", "waiting", "receiving"}

// TestNothingIsLeftOfWhoLeaves walks all routes of the server, with clients that
// break off in the middle of sending a request, while it is worked on, and in the
// middle of its answer: nothing of them stays, neither memory nor a connection of
// the store, a lock or work.
func TestNothingIsLeftOfWhoLeaves(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: the walk over all routes takes a minute")
	}
	for name, open := range map[string]func(testing.TB) store.Store{"sqlite": openSQLite, "mongodb": openMongo} {
		t.Run(name, func(t *testing.T) {
			w := newLeaveWorld(t, open(t))
			for _, r := range w.server.Table() {
				if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, r.Method) {
					continue
				}
				requests := leavingRequests(r.Method, r.Path)
				if len(requests) == 0 {
					t.Errorf("no client leaves %s %s: give it a request that costs much", r.Method, r.Path)
				}
				for _, request := range requests {
					w.leaveAll(r.Method, r.Path, request)
				}
			}
			w.awaitIdle()
			w.stillWrites()
			t.Logf("%d clients left; large are answers to %v, costly is %v", w.left, slices.Sorted(maps.Keys(w.large)), slices.Sorted(maps.Keys(w.costly)))
			if len(w.large) < 15 || len(w.costly) == 0 {
				t.Errorf("only %d routes have large answers, and %d are costly", len(w.large), len(w.costly))
			}
		})
	}
}

// costly is from how much CPU on it is told whether work ended with its client.
const costly = 120 * time.Millisecond

// leaveAll leaves a request in each way, and holds what it cost, where that is
// much, to what it costs a client that stays.
func (w *leaveWorld) leaveAll(method, path string, r leaving) {
	w.Helper()
	before := cpu(w.T)
	if w.leave(method, r, "never") > 1<<20 {
		w.large[method+" "+path] = true
	}
	w.awaitRest(fmt.Sprintf("%s %s", method, r.path))
	whole := cpu(w.T) - before
	for _, way := range leavingWays {
		used := w.costOfLeaving(method, r, way)
		if whole <= costly || way != "waiting" {
			continue
		}
		w.costly[method+" "+path] = true
		for range 2 { // a collection of garbage may have come in between
			if used > whole/3*2 {
				used = w.costOfLeaving(method, r, way)
			}
		}
		if used > whole/3*2 {
			w.Errorf("%s %s used %v of CPU for a client that left at once, and %v for one that stayed", method, r.path, used, whole)
		}
	}
}

// costOfLeaving is how much CPU the process used until nothing was left of a
// client that broke off.
func (w *leaveWorld) costOfLeaving(method string, r leaving, way string) time.Duration {
	w.Helper()
	before := cpu(w.T)
	w.leave(method, r, way)
	w.left++
	w.awaitRest(fmt.Sprintf("%s %s, left while %s,", method, r.path, way))
	return cpu(w.T) - before
}

// leave sends a request and breaks off, or never; then it gives the length of the
// answer.
func (w *leaveWorld) leave(method string, r leaving, way string) int64 {
	w.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetLinger(0) // breaks off, instead of saying goodbye
	_ = conn.SetDeadline(time.Now().Add(patience))
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\n", method, r.path)
	body := r.body
	if body != "" {
		head += fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n", r.media, len(body))
	}
	head += "\r\n"
	if way == "sending" {
		if body == "" {
			head = head[:len(head)/2]
		}
		body = body[:len(body)/2]
	}
	if _, err := io.WriteString(conn, head+body); err != nil && way != "sending" {
		w.Fatalf("%s %s: %v", method, r.path, err)
	}
	if way == "sending" || way == "waiting" {
		time.Sleep(3 * time.Millisecond) // for the server to be in the middle of it
		return 0
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		w.Fatalf("%s %s isn't answered: %v", method, r.path, err)
	}
	if answer.StatusCode >= 500 {
		w.Errorf("%s %s is answered with %d", method, r.path, answer.StatusCode)
	}
	if way == "never" {
		n, err := io.Copy(io.Discard, answer.Body)
		if err != nil {
			w.Errorf("%s %s is answered in part: %v", method, r.path, err)
		}
		return n
	}
	return 0
}

// stillWrites writes what requests that were left would have written: whatever
// they locked is free.
func (w *leaveWorld) stillWrites() {
	w.Helper()
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	for _, key := range []string{"Observation/o1", "Patient/p", "EpisodeOfCare/e", "CarePlan/c", "PlanDefinition/heavy"} {
		read, err := client.Get("http://" + w.address + "/fhir/" + key)
		if err != nil {
			w.Fatal(err)
		}
		text, err := io.ReadAll(read.Body)
		read.Body.Close()
		if err != nil {
			w.Fatal(err)
		}
		if read.StatusCode == http.StatusGone { // a client that left had deleted it
			text = []byte(`{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"}}`)
		}
		write, err := http.NewRequest(http.MethodPut, "http://"+w.address+"/fhir/"+key, strings.NewReader(string(text)))
		if err != nil {
			w.Fatal(err)
		}
		write.Header.Set("Content-Type", fhirType)
		answer, err := client.Do(write)
		if err != nil {
			w.Fatalf("PUT %s: %v", key, err)
		}
		answer.Body.Close()
		if answer.StatusCode >= 300 {
			w.Errorf("PUT %s: %d", key, answer.StatusCode)
		}
	}
}

// leavingRequests are requests for a route; none for a route that nobody has
// thought of.
func leavingRequests(method, path string) []leaving {
	switch {
	case strings.Contains(path, "/$"):
		return leavingOperations(method, path)
	case strings.HasPrefix(path, "/fhir"):
		return leavingFHIR(method, path)
	case strings.HasPrefix(path, "/cases"):
		return leavingCases(method, path)
	case path == "/app/*rest":
		return leavingFiles(method, "/app/", "/app/fhirclient/fhir-client.pure.min.js")
	case path == "/docs/*rest":
		return leavingFiles(method, "/docs/architecture", "/docs/nothing")
	case slices.Contains([]string{"/", "/docs", "/livez", "/readyz", "/metrics", "/app"}, path):
		return leavingFiles(method, path)
	}
	return nil
}

// leavingFiles takes no bodies: what is sent is large all the same.
func leavingFiles(method string, paths ...string) (all []leaving) {
	for _, path := range paths {
		r := leaving{path: path}
		if method != http.MethodGet {
			r.media, r.body = formType, strings.Repeat("a=b&", 50_000)
		}
		all = append(all, r)
	}
	return all
}

// leavingFHIR is for interactions: on Observation/o1, and o2 where it is deleted.
func leavingFHIR(method, path string) []leaving {
	const large = 1 << 20
	instance := "o1"
	if method == http.MethodDelete {
		instance = "o2"
	}
	url := strings.NewReplacer(":type", "Observation", ":id", instance, ":vid", "2", ":what", "Task").Replace(path)
	if strings.Contains(path, ":what") {
		url = strings.NewReplacer(":type", "Patient", ":id", "p", ":what", "Observation").Replace(path)
	}
	switch {
	case strings.Contains(strings.NewReplacer(":type", "", ":id", "", ":vid", "", ":what", "").Replace(path), ":"):
		return nil // a place in the path that isn't known here
	case method == http.MethodGet && path == "/fhir":
		return []leaving{{path: "/fhir?_type=Observation,Patient&_count=1000"}}
	case method == http.MethodGet:
		return []leaving{{path: url + "?_count=1000"}}
	case path == "/fhir" && method == http.MethodPost:
		return leavingBundles()
	case strings.HasSuffix(path, "_search"):
		return []leaving{{url, formType, "_count=1000&_type=Observation&code=" + strings.Repeat("x,", 20_000)}, {url, formType, "_count=1000"}}
	case method == http.MethodDelete:
		return []leaving{{path: url}, {url + "?code=nothing", fhirType, largeObservation("o2", large)}}
	case method == http.MethodPatch:
		return []leaving{{url, "application/json-patch+json", `[{"op":"add","path":"/note/-","value":{"text":"` + strings.Repeat("y", large) + `"}}]`}}
	}
	if path == "/fhir/:type" && method == http.MethodPut {
		url += "?identifier=http://example.org|left"
	}
	return []leaving{{url, fhirType, largeObservation(instance, large)}}
}

// leavingBundles are batches and a transaction whose work and answer are large.
func leavingBundles() []leaving {
	bundle := func(typ string, n int, entry string) leaving {
		return leaving{"/fhir", fhirType, `{"resourceType":"Bundle","type":"` + typ + `","entry":[` + entry + strings.Repeat(","+entry, n-1) + `]}`}
	}
	get := func(url string) string { return `{"request":{"method":"GET","url":"` + url + `"}}` }
	return []leaving{
		bundle("batch", 500, get("Observation?_count=1000&_sort=-date")),
		bundle("batch", 2000, get("Observation?_summary=count&code:not=zz&_has:Provenance:target:_id=no&_sort=-date")),
		bundle("batch", 500, get("metadata")),
		bundle("batch", 500, get("Patient/p/$everything")),
		bundle("transaction", 100, get("Observation/_history?_count=100")),
		bundle("transaction", 2000, `{"resource":{"resourceType":"Basic","code":{"text":"`+strings.Repeat("z", 2000)+`"}},"request":{"method":"POST","url":"Basic"}}`),
	}
}

// leavingOn is what operations are called on, by their name.
var leavingOn = map[string][]string{
	"everything": {"Patient/p", "EpisodeOfCare/e", "Patient"}, "lastn": {"Observation"},
	"apply": {"PlanDefinition/heavy", "ActivityDefinition/a", "PlanDefinition", ""}, "reindex": {""}, "reindex-status": {"", "SearchParameter/surety"},
	"reconcile": {"CarePlan", "CarePlan/c"}, "suggest-care-teams": {"CarePlan/c", "CarePlan"}, "create-episode-of-care": {"EpisodeOfCare", ""},
	"open": {"EpisodeOfCare/e", "EpisodeOfCare"}, "close": {"EpisodeOfCare/e", "EpisodeOfCare"}, "is-context-allowed": {"EpisodeOfCare/e", "EpisodeOfCare", ""},
	"update-care-teams": {"EpisodeOfCare/e", "CarePlan/c"}, "validate": {"Patient/p", "Observation"},
}

// manyComponents is a resource that takes long to validate.
func manyComponents() string {
	const component = `{"code":{"coding":[{"system":"http://loinc.org","code":"x"}]},"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"mg"}}`
	return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"component":[` + component + strings.Repeat(","+component, 10_000) + `]}`
}

// leavingOperations gives each operation what it can be called on by the path.
func leavingOperations(method, path string) (all []leaving) {
	_, name, _ := strings.Cut(path, "/$")
	for _, on := range leavingOn[name] {
		shape := map[int]string{0: "/fhir/$", 1: "/fhir/:type/$", 2: "/fhir/:type/:id/$"}[len(strings.FieldsFunc(on, func(r rune) bool { return r == '/' }))]
		if shape+name != path {
			continue
		}
		r := leaving{path: strings.TrimSuffix("/fhir/"+on, "/") + "/$" + name, media: fhirType}
		switch {
		case method == http.MethodGet && name == "lastn":
			r.path += "?patient=p&category=large"
		case method == http.MethodGet && name == "apply":
			r.path += "?subject=Patient/p"
		case method != http.MethodGet:
			subject := map[string]string{"apply": `{"name":"subject","valueString":"Patient/p"},`}[name]
			r.body = `{"resourceType":"Parameters","parameter":[` + subject + `{"name":"unknown","valueString":"` + strings.Repeat("x", 200_000) + `"}]}`
			if name == "everything" || name == "apply" || name == "lastn" || name == "validate" {
				known := map[string]string{
					"everything": `{"name":"_count","valueInteger":1000}`, "apply": strings.TrimSuffix(subject, ","),
					"lastn":    `{"name":"patient","valueString":"p"},{"name":"category","valueString":"large"}`,
					"validate": `{"name":"resource","resource":` + manyComponents() + `}`,
				}[name]
				all = append(all, leaving{r.path, fhirType, `{"resourceType":"Parameters","parameter":[` + known + `]}`})
			}
		}
		all = append(all, r)
	}
	return all
}

// leavingCases is for the case API.
func leavingCases(method, path string) []leaving {
	url := strings.NewReplacer(":id", "e", ":list", "goals", ":type", "Goal", ":part", "g", ":name", "hold").Replace(path)
	text := strings.Repeat("x", 300_000)
	switch {
	case strings.Contains(strings.NewReplacer(":id", "", ":list", "", ":type", "", ":part", "", ":name", "").Replace(path), ":"):
		return nil
	case method == http.MethodGet:
		return []leaving{{path: url}}
	case path == "/cases/import":
		line := `{"client":{"name":"` + strings.Repeat("n", 100) + `"},"adopted":false}` + "\n"
		return []leaving{{url, "application/x-ndjson", strings.Repeat(line, 300)}}
	case method == http.MethodPatch:
		return []leaving{{url, "application/merge-patch+json", `{"description":"` + text + `"}`}}
	}
	return []leaving{{url, jsonType, `{"client":{"id":"Patient/p"},"reason":"` + text + `","description":"` + text + `"}`}}
}
