package kit_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// badRequest is a request that no honest client sends, and what it must get.
type badRequest struct {
	name   string
	method string // POST where empty
	path   string // Patient where empty
	header []string
	body   func() []byte // nil: none
	status int
	issue  string // code of an issue in the OperationOutcome
}

func text(s string) func() []byte { return func() []byte { return []byte(s) } }

// repeat makes prefix, n times unit, suffix.
func repeat(prefix, unit string, n int, suffix string) func() []byte {
	return func() []byte { return []byte(prefix + strings.Repeat(unit, n) + suffix) }
}

// nested makes extensions in extensions, n deep, all of them legal.
func nested(n int) func() []byte {
	return func() []byte {
		return []byte(`{"resourceType":"Patient"` + strings.Repeat(`,"extension":[{"url":"http://caseway.example/deep"`, n) + strings.Repeat(`}]`, n) + `}`)
	}
}

// bomb is n bytes of white space inside a resource, gzipped to a thousandth.
func bomb(n int64) func() []byte {
	return func() []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, `{"resourceType":"Patient"`)
		io.CopyN(w, spaces{}, n)
		io.WriteString(w, `}`)
		w.Close()
		return b.Bytes()
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

const million = 1_000_000

var badBodies = []badRequest{
	{name: "empty body", body: text(""), status: 400, issue: "structure"},
	{name: "truncated JSON", body: text(`{"resourceType":"Patient","name":[{"family":"A`), status: 400, issue: "structure"},
	{name: "two values", body: text(`{"resourceType":"Patient"}{"resourceType":"Patient"}`), status: 400, issue: "structure"},
	{name: "not an object", body: text(`[]`), status: 400, issue: "structure"},
	{name: "100 MB", body: repeat(`{"resourceType":"Patient","language":"`, "x", 100<<20, `"}`), status: 413, issue: "too-long"},
	{name: "10,000 deep, legal", body: nested(10_000), status: 400, issue: "structure"},
	{name: "10,000 open arrays", body: repeat(`{"resourceType":"Patient","name":`, "[", 10_000, ""), status: 400, issue: "structure"},
	{name: "a million open objects", body: repeat(``, `{"a":`, million, ""), status: 400, issue: "structure"},
	{name: "invalid UTF-8", body: text("{\"resourceType\":\"Patient\",\"language\":\"\xff\xfe\"}"), status: 400, issue: "structure"},
	{name: "lone surrogate", body: text(`{"resourceType":"Patient","name":[{"family":"\ud800"}]}`), status: 400, issue: "structure"},
	{name: "NUL as it is", body: text("{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"a\x00b\"}]}"), status: 400, issue: "structure"},
	{name: "NUL escaped", body: text(`{"resourceType":"Patient","name":[{"family":"a\u0000b"}]}`), status: 422, issue: "value"},
	{name: "a million empty objects", body: repeat(`{"resourceType":"Patient","name":[{}`, ",{}", million, "]}"), status: 400, issue: "structure"},
	{name: "a million wrong elements", body: repeat(`{"resourceType":"Patient","name":[{"x":1}`, `,{"x":1}`, million, "]}"), status: 400, issue: "structure"},
	{name: "a million bad codes", body: repeat(`{"resourceType":"Patient","link":[{"type":"x"}`, `,{"type":"x"}`, million/2, "]}"), status: 422},
	{name: "duplicate key", body: text(`{"resourceType":"Patient","active":true,"active":false}`), status: 400, issue: "structure"},
	{name: "duplicate key, escaped", body: text(`{"resourceType":"Patient","active":true,"\u0061ctive":false}`), status: 400, issue: "structure"},
	{name: "another resourceType", body: text(`{"resourceType":"Observation","status":"final","code":{"text":"a"}}`), status: 400, issue: "structure"},
	{name: "no resourceType", body: text(`{"active":true}`), status: 400, issue: "structure"},
	{name: "unknown resourceType", body: text(`{"resourceType":"Pateint"}`), status: 400, issue: "structure"},
	{name: "resourceType of the wrong type", body: text(`{"resourceType":["Patient"]}`), status: 400, issue: "structure"},
	{name: "gzip bomb", body: bomb(1 << 30), header: []string{"Content-Encoding", "gzip"}, status: 413, issue: "too-long"},
	{name: "gzip that isn't", body: text(`{"resourceType":"Patient"}`), header: []string{"Content-Encoding", "gzip"}, status: 400, issue: "structure"},
	{name: "unknown coding", body: text(`x`), header: []string{"Content-Encoding", "br"}, status: 415, issue: "not-supported"},
	{name: "XML", body: text(`<Patient xmlns="http://hl7.org/fhir"/>`), header: []string{"Content-Type", "application/fhir+xml"}, status: 415, issue: "not-supported"},
	{name: "XML wanted", method: "GET", path: "Patient/1", header: []string{"Accept", "application/fhir+xml"}, status: 406, issue: "not-supported"},
	{name: "R5 wanted", method: "GET", path: "Patient/1", header: []string{"Accept", "application/fhir+json; fhirVersion=5.0"}, status: 406, issue: "not-supported"},
}

var badBundles = []badRequest{
	{name: "two entries for one resource", path: "", body: transaction(
		`{"resource":{"resourceType":"Patient","id":"twice"},"request":{"method":"PUT","url":"Patient/twice"}}`,
		`{"resource":{"resourceType":"Patient","id":"twice"},"request":{"method":"PUT","url":"Patient/twice"}}`), status: 400},
	{name: "entry without request", path: "", body: transaction(`{"resource":{"resourceType":"Patient"}}`), status: 400},
	{name: "entry without resource", path: "", body: transaction(`{"request":{"method":"POST","url":"Patient"}}`), status: 400},
	{name: "urn that no entry has", path: "", body: transaction(
		`{"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"Task","status":"requested","intent":"order",` +
			`"for":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"}},"request":{"method":"POST","url":"Task"}}`), status: 400},
	{name: "verb that isn't one", path: "", body: transaction(`{"request":{"method":"BREW","url":"Patient/1"}}`), status: 422, issue: "code-invalid"},
	{name: "url of another server", path: "", body: transaction(`{"request":{"method":"DELETE","url":"http://elsewhere.example/Patient/1"}}`), status: 400},
	{name: "one bad member of three", path: "", body: transaction(
		`{"resource":{"resourceType":"Patient","id":"half"},"request":{"method":"PUT","url":"Patient/half"}}`,
		`{"resource":{"resourceType":"Patient","birthDate":"never"},"request":{"method":"POST","url":"Patient"}}`), status: 422, issue: "value"},
	{name: "a bundle that is no request", path: "", body: text(`{"resourceType":"Bundle","type":"searchset"}`), status: 400},
	{name: "a Patient at the base", path: "", body: text(`{"resourceType":"Patient"}`), status: 400},
}

func transaction(entries ...string) func() []byte {
	return text(`{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`)
}

var id65 = strings.Repeat("a", 65)

var badRoutes = []badRequest{
	{name: "id of 65 characters, put", method: "PUT", path: "Patient/" + id65, body: text(`{"resourceType":"Patient","id":"` + id65 + `"}`), status: 400},
	{name: "id of 65 characters, get", method: "GET", path: "Patient/" + id65, status: 404, issue: "not-found"},
	{name: "id with a slash", method: "PUT", path: "Patient/a%2Fb", body: text(`{"resourceType":"Patient","id":"a/b"}`), status: 400},
	{name: "id with dots", method: "GET", path: "Patient/%2e%2e%2f%2e%2e%2fetc", status: 404, issue: "not-found"},
	{name: "id with a line break", method: "GET", path: "Patient/a%0d%0aX-Evil:%201", status: 404},
	{name: "If-Match without quotes", method: "PUT", path: "Patient/known", header: []string{"If-Match", "1"}, body: text(`{"resourceType":"Patient","id":"known"}`), status: 400},
	{name: "If-Match of another server's", method: "DELETE", path: "Patient/known", header: []string{"If-Match", `W/"x"`}, status: 412, issue: "conflict"},
	{name: "If-Match of another version", method: "PUT", path: "Patient/known", header: []string{"If-Match", `W/"99"`}, body: text(`{"resourceType":"Patient","id":"known"}`), status: 412, issue: "conflict"},
	{name: "id in the body only", method: "PUT", path: "Patient/known", body: text(`{"resourceType":"Patient","id":"other"}`), status: 400},
	{name: "no id in the body", method: "PUT", path: "Patient/known", body: text(`{"resourceType":"Patient"}`), status: 400},
	{name: "unknown type", method: "GET", path: "Pateint/1", status: 404, issue: "not-found"},
	{name: "type in lower case", method: "GET", path: "patient/1", status: 404, issue: "not-found"},
	{name: "version that isn't a number", method: "GET", path: "Patient/known/_history/x", status: 404, issue: "not-found"},
	{name: "version beyond numbers", method: "GET", path: "Patient/known/_history/99999999999999999999", status: 404, issue: "not-found"},
	{name: "a time of history twice", method: "GET", path: "Patient/known/_history?_since=2024-01-01T00:00:00Z&_since=2024-01-02T00:00:00Z", status: 400},
	{name: "count that isn't a number", method: "GET", path: "_history?_count=many", status: 400},
	{name: "since that isn't an instant", method: "GET", path: "_history?_since=yesterday", status: 400},
	{name: "a forged cursor", method: "GET", path: "_history?_cursor=AAAA", status: 400},
	{name: "history in another order", method: "GET", path: "_history?_sort=_lastUpdated", status: 400},
	{name: "search by an unknown parameter", method: "GET", path: "Patient?nam=x", status: 400},
	{name: "If-None-Exist of nonsense", header: []string{"If-None-Exist", "%zz"}, body: text(`{"resourceType":"Patient"}`), status: 400},
	{name: "If-None-Exist by an unknown parameter", header: []string{"If-None-Exist", "shoe-size=44"}, body: text(`{"resourceType":"Patient"}`), status: 400},
}

// hold sends bad requests to a server and asks after each whether it still
// answers an honest one.
func hold(t *testing.T, c *kit.Client, rows []badRequest, path string) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if row.method == "" {
				row.method = http.MethodPost
			}
			if row.path == "" {
				row.path = path
			}
			var content []byte
			if row.body != nil {
				content = row.body()
			}
			answer, err := c.Do(t.Context(), row.method, row.path, content, row.header...)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status != row.status {
				t.Errorf("status %d, want %d: %.300s", answer.Status, row.status, answer.Body)
			}
			checkOutcome(t, answer, row.issue)
			stillAnswers(t, c)
		})
	}
}

// checkOutcome holds an error's body to be an OperationOutcome of modest size.
func checkOutcome(t *testing.T, answer kit.Answer, issue string) {
	t.Helper()
	if !bytes.HasPrefix(answer.Body, []byte(`{"resourceType":"OperationOutcome"`)) {
		t.Errorf("not an OperationOutcome: %.300s", answer.Body)
	}
	if issue != "" && !bytes.Contains(answer.Body, []byte(`"code":"`+issue+`"`)) {
		t.Errorf("no issue with code %s: %.300s", issue, answer.Body)
	}
	if len(answer.Body) > 256<<10 {
		t.Errorf("the answer to a bad request has %d bytes", len(answer.Body))
	}
	if answer.Header.Get("X-Evil") != "" {
		t.Error("the request's text became a header of the answer")
	}
}

func stillAnswers(t *testing.T, c *kit.Client) {
	t.Helper()
	answer, err := c.Do(t.Context(), http.MethodGet, "Patient/known", nil)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("an honest read afterwards: status %d, %v", answer.Status, err)
	}
}

// known makes Patient/known.
func known(t *testing.T, c *kit.Client) {
	t.Helper()
	answer, err := c.Do(t.Context(), http.MethodPut, "Patient/known", patient("known", "known"))
	if err != nil || !answer.Acknowledged() {
		t.Fatalf("PUT Patient/known: status %d, %v, %s", answer.Status, err, answer.Body)
	}
}

// maxResident bounds what all the bad input may have cost: a few bodies of 12
// MB with their trees, not 100 MB bodies or inflated bombs.
const maxResident = 512 << 20

func runBadInput(t *testing.T, store string) {
	p := start(t, kit.Launch{Store: store})
	c := kit.NewClient(p.Base)
	known(t, c)
	t.Run("bodies", func(t *testing.T) { hold(t, c, badBodies, "Patient") })
	t.Run("bundles", func(t *testing.T) { hold(t, c, badBundles, "") })
	t.Run("routes", func(t *testing.T) { hold(t, c, badRoutes, "Patient") })
	t.Run("large but legal", func(t *testing.T) { take(t, c) })
	if answer, err := c.Do(t.Context(), http.MethodGet, "Patient/half", nil); err != nil || answer.Status != http.StatusNotFound {
		t.Errorf("a refused transaction left its first member: status %d, %v", answer.Status, err)
	}
	peak, err := kit.PeakResident(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	if peak > maxResident {
		t.Errorf("the server needed %d MB", peak>>20)
	}
	t.Logf("peak resident memory %d MB", peak>>20)
	if err := p.Stop(); err != nil {
		t.Errorf("stop: %v\n%s", err, p.Output())
	}
}

// largeButLegal must be taken and given back as it is.
var largeButLegal = []badRequest{
	{name: "a million given names", body: repeat(`{"resourceType":"Patient","name":[{"given":["A"`, `,"B"`, million, `]}]}`)},
	{name: "a million digits", path: "Observation", body: repeat(`{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":1`, "1", million, "}}")},
	{name: "ten megabytes", path: "Basic", body: repeat(`{"resourceType":"Basic","extension":[{"url":"http://caseway.example/part","valueString":"a"}`,
		`,{"url":"http://caseway.example/part","valueString":"`+strings.Repeat("x", 1_000_000)+`"}`, 10, `],"code":{"text":"large"}}`)},
}

func take(t *testing.T, c *kit.Client) {
	for _, row := range largeButLegal {
		if row.path == "" {
			row.path = "Patient"
		}
		sent := row.body()
		answer, err := c.Do(t.Context(), http.MethodPost, row.path, sent)
		if err != nil || answer.Status != http.StatusCreated {
			t.Errorf("%s: status %d, %v: %.300s", row.name, answer.Status, err, answer.Body)
			continue
		}
		key, _ := keyOf(answer.Header.Get("Location"))
		read, err := c.Do(t.Context(), http.MethodGet, key, nil)
		_, rest, _ := bytes.Cut(sent, []byte(","))
		if err != nil || read.Status != http.StatusOK || !bytes.HasSuffix(read.Body, rest) {
			t.Errorf("%s, read back: status %d, %v, %d bytes", row.name, read.Status, err, len(read.Body))
		}
		stillAnswers(t, c)
	}
}

func TestBadInput(t *testing.T) { onBothStores(t, runBadInput) }

// TestWrongVerbs walks every route with every verb that it doesn't have.
func TestWrongVerbs(t *testing.T) {
	p := start(t, kit.Launch{Store: "sqlite:" + t.TempDir() + "/caseway.db"})
	c := kit.NewClient(p.Root)
	allowed := map[string]string{
		"/fhir":                      "GET HEAD POST",
		"/fhir/metadata":             "GET HEAD",
		"/fhir/_history":             "GET HEAD",
		"/fhir/Patient":              "GET HEAD POST PUT PATCH DELETE",
		"/fhir/_search":              "GET HEAD POST",
		"/fhir/Patient/_search":      "GET HEAD POST",
		"/fhir/Patient/_history":     "GET HEAD",
		"/fhir/Patient/1":            "GET HEAD PUT PATCH DELETE",
		"/fhir/Patient/1/_history":   "GET HEAD",
		"/fhir/Patient/1/_history/1": "GET HEAD",
		"/livez":                     "GET HEAD",
		"/readyz":                    "GET HEAD",
		"/metrics":                   "GET HEAD",
	}
	for path, verbs := range allowed {
		for _, verb := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} {
			t.Run(verb, func(t *testing.T) {
				if strings.Contains(" "+verbs+" ", " "+verb+" ") {
					return
				}
				answer, err := c.Do(t.Context(), verb, p.Root+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if answer.Status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: status %d, want 405", verb, path, answer.Status)
				}
				for _, v := range strings.Fields(verbs) {
					if !strings.Contains(", "+answer.Header.Get("Allow")+",", ", "+v+",") {
						t.Errorf("%s %s: Allow %q lacks %s", verb, path, answer.Header.Get("Allow"), v)
					}
				}
			})
		}
	}
}

func TestUnknownRoutes(t *testing.T) {
	p := start(t, kit.Launch{Store: "sqlite:" + t.TempDir() + "/caseway.db"})
	c := kit.NewClient(p.Base)
	for _, path := range []string{
		p.Root + "/nothing", p.Root + "/fhirx", p.Root + "/fhir/Patient/1/a/b/c", p.Root + "/fhir/Patient/1/_history/1/2",
		p.Root + "/fhir/Patient//1", p.Root + "/fhir/../etc/passwd", p.Root + "/fhir/%00", p.Root + fmt.Sprintf("/fhir/%s", strings.Repeat("a/", 2000)),
	} {
		t.Run(path, func(t *testing.T) {
			answer, err := c.Do(t.Context(), http.MethodGet, path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status != http.StatusNotFound {
				t.Errorf("GET %.60s: status %d, want 404", path, answer.Status)
			}
			checkOutcome(t, answer, "not-found")
		})
	}
}
