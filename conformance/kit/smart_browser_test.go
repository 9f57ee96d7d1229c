package kit_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// password is that of all users in testdata/login/seed.yaml.
const password = "correct horse battery"

// clinic is a server with logins of its own, and the world of testdata/login.
type clinic struct {
	*kit.Process
	chromium context.Context
	shots    string
}

// TestSMARTInTheBrowser goes through what people and the library fhirclient do
// together, on each store.
func TestSMARTInTheBrowser(t *testing.T) {
	shots := artifacts(t)
	browser := startChromium(t)
	for _, s := range []struct {
		name string
		uri  func(*testing.T) string
	}{
		{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "caseway.db") }},
		{"mongodb", func(t *testing.T) string { return mongotest.Server(t).URI }},
	} {
		t.Run(s.name, func(t *testing.T) {
			uri := s.uri(t)
			loadWorld(t, uri)
			c := &clinic{chromium: browser, shots: filepath.Join(shots, s.name+"-")}
			c.Process = startAt(t, uri, "--auth", "embedded", "--auth-seed", filepath.Join("testdata", "login", "seed.yaml"))
			for _, step := range []struct {
				name string
				run  func(*testing.T, *clinic)
			}{
				{"standalone launch with patient picker", standaloneLaunch},
				{"launch of a patient's own", ownLaunch},
				{"launch of a caregiver", caregiverLaunch},
				{"EHR launch", ehrLaunch},
				{"refusal", refusal},
				{"task changed by somebody else", changedTask},
				{"refresh and revocation", refreshAndRevocation},
				{"disconnecting in the app", disconnecting},
				{"mistakes", mistakes},
			} {
				t.Run(step.name, func(t *testing.T) { step.run(t, c) })
			}
		})
	}
}

// loadWorld fills a store before anybody needs a token for it.
func loadWorld(t *testing.T, store string) {
	t.Helper()
	load := exec.CommandContext(t.Context(), binary(t), "load", "--store", store, filepath.Join("testdata", "login", "world.json"))
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("load: %v\n%s", err, out)
	}
}

// startAt runs a server that knows its own URL.
func startAt(t *testing.T, store string, args ...string) *kit.Process {
	t.Helper()
	port, err := kit.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	listen := "127.0.0.1:" + strconv.Itoa(port)
	return start(t, kit.Launch{Store: store, Listen: listen, Args: append(args, "--base-url", "http://"+listen)})
}

func (c *clinic) visit(t *testing.T, name string) *visit {
	t.Helper()
	return newVisit(t, c.chromium, c.shots+name+"-")
}

// signIn fills in the sign-in page.
func (v *visit) signIn(user string) {
	v.t.Helper()
	v.title("Sign in")
	v.fill("#name", user)
	v.fill("#password", password)
	v.press("Sign in")
}

// ready waits until the app shows everything.
func (v *visit) ready() { v.t.Helper(); v.await(`document.body.dataset.ready === "true"`) }

func (v *visit) must(texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		if !v.shows(text) {
			v.t.Errorf("the page doesn't show %q", text)
		}
	}
}

func (v *visit) mustNot(texts ...string) {
	v.t.Helper()
	for _, text := range texts {
		if v.shows(text) {
			v.t.Errorf("the page shows %q", text)
		}
	}
}

// tokenScopes are those of the token that the app holds.
func (v *visit) tokenScopes() map[string]bool {
	all := map[string]bool{}
	for s := range strings.FieldsSeq(v.eval(`FHIR.oauth2.ready().then((c) => c.state.tokenResponse.scope)`)) {
		all[s] = true
	}
	return all
}

func standaloneLaunch(t *testing.T, c *clinic) {
	v := c.visit(t, "standalone")
	v.open(c.Root + "/app/")
	v.await(`!document.getElementById("start").hidden`)
	v.shot("1-start")
	v.follow("Sign in")
	v.title("Sign in")
	v.must("My care")
	v.shot("2-sign-in")
	v.fill("#name", "bea")
	v.fill("#password", "wrong")
	v.press("Sign in")
	v.await(`document.title.startsWith("Error: ")`)
	v.shot("3-wrong-password")
	v.signIn("bea")
	pickPatient(v)
	consentWithoutAppointments(v)
	v.ready()
	v.must("Ann Maria Example", "Living with heart failure", "Weigh yourself each morning", "Bea Staff", "Case manager",
		"Collect your scale from the clinic", "This app may not see this")
	v.mustNot("A new knee for Bob", "Check-up")
	v.shot("7-app")
	v.click(`button[aria-label="Done: Collect your scale from the clinic"]`)
	v.await(`document.getElementById("status").textContent.startsWith("Saved")`)
	v.await(`document.getElementById("tasks").textContent.includes("completed")`)
	v.shot("8-task-done")
	v.calm()
}

func pickPatient(v *visit) {
	v.t.Helper()
	v.title("Choose a patient")
	v.shot("4-picker")
	v.mustNot("Example, Ann", "1980")
	v.press("Search")
	v.await(`document.title.startsWith("Error: ")`)
	v.fill("#name", "oth")
	v.press("Search")
	v.title("Choose a patient")
	v.await(`document.getElementById("found")?.textContent === "1 patient"`)
	v.must("Cy <b>Other</b>")
	v.fill("#name", "exam")
	v.press("Search")
	v.await(`document.getElementById("found")?.textContent === "2 patients"`)
	v.shot("5-picker-found")
	if strings.Contains(v.eval("location.href"), "exam") {
		v.t.Error("what was searched for stands in the URL")
	}
	v.click(`button[name=patient][value=ann]`)
}

func consentWithoutAppointments(v *visit) {
	v.t.Helper()
	v.title("Let My care in?")
	v.must("Ann Maria Example", "See the patient's care plans", "See and change the patient's tasks")
	v.shot("6-consent")
	v.dark()
	v.shot("6-consent-dark")
	v.click(`input[value="patient/Appointment.rs"]`)
	v.press("Allow")
}

func ownLaunch(t *testing.T, c *clinic) {
	v := c.visit(t, "own")
	v.open(c.Root + "/app/launch.html")
	v.title("Sign in")
	v.fill("#name", "ann")
	v.fill("#password", password)
	before := time.Now()
	v.press("Sign in")
	v.title("Let My care in?") // nobody to choose
	asked := time.Now()
	v.must("See your care plans")
	v.shot("1-consent")
	allowed := time.Now()
	v.press("Allow")
	// The library's place, not the library: it would use the code a second time.
	v.await(`JSON.parse(sessionStorage[JSON.parse(sessionStorage.SMART_KEY)]).tokenResponse.access_token.length > 0`)
	t.Logf("from sign-in to consent %v (the password's hash included), from consent to token %v",
		asked.Sub(before).Round(time.Millisecond), time.Since(allowed).Round(time.Millisecond))
	v.ready()
	v.must("Ann Maria Example", "Check-up")
	v.shot("2-app")
	if s := v.tokenScopes(); !s["patient/Appointment.rs"] || s["launch"] {
		t.Errorf("granted %v", s)
	}
	if got := v.eval(`FHIR.oauth2.ready().then((c) => c.request("Patient/bob")).then(() => "seen", (e) => e.status)`); got != "403" && got != "404" {
		t.Errorf("another patient: %s", got)
	}
	v.calm()
}

func caregiverLaunch(t *testing.T, c *clinic) {
	v := c.visit(t, "caregiver")
	v.open(c.Root + "/app/launch.html")
	v.signIn("dan")
	v.title("Choose a patient")
	v.must("Ann Maria Example", "Cy <b>Other</b>")
	v.mustNot("Bob")
	v.shot("1-picker")
	picker := v.eval("location.href")
	// Somebody else's patient, put into the page.
	v.eval(`document.querySelector("button[value=cy]").value = "bob"`)
	v.click(`button[value=bob]`)
	v.title("You can't open this patient's data")
	v.shot("2-not-yours")
	v.open(picker)
	v.title("Choose a patient")
	v.click(`button[value=ann]`)
	v.title("Let My care in?")
	v.press("Allow")
	v.ready()
	v.must("Ann Maria Example")
	v.calm()
}

// launchID asks for an EHR launch as the EHR does.
func launchID(t *testing.T, c *clinic, context string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Root+"/auth/launch", strings.NewReader(context))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth("ehr", "the-secret-of-the-ehr-and-nobody-else")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Launch string `json:"launch"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Launch == "" {
		t.Fatalf("launch: %s, %v", response.Status, err)
	}
	return answer.Launch
}

func ehrLaunch(t *testing.T, c *clinic) {
	v := c.visit(t, "ehr")
	id := launchID(t, c, `{"client_id": "caseway-sample-app", "patient": "ann", "intent": "reconcile", "need_patient_banner": false,
		"fhirContext": [{"reference": "CarePlan/ann-heart"}]}`)
	launch := c.Root + "/app/launch.html?" + url.Values{"iss": {c.Base}, "launch": {id}}.Encode()
	v.open(launch)
	v.signIn("bea")
	v.title("Let My care in?")
	v.must("Ann Maria Example")
	v.shot("1-consent")
	v.press("Allow")
	v.ready()
	v.must("Ann Maria Example", "Check-up")
	told := v.eval(`FHIR.oauth2.ready().then((c) => JSON.stringify([c.patient.id, c.user.fhirUser, c.state.tokenResponse.intent,
		c.state.tokenResponse.need_patient_banner, c.state.tokenResponse.fhirContext[0].reference]))`)
	if want := `["ann","Practitioner/bea","reconcile",false,"CarePlan/ann-heart"]`; told != want {
		t.Errorf("context %s, want %s", told, want)
	}
	v.open(c.Root + "/app/launch.html?iss=https://elsewhere.example/fhir&launch=x")
	v.await(`document.getElementById("status").className === "problem"`)
	v.shot("2-other-server")
	v.calm()
}

func refusal(t *testing.T, c *clinic) {
	v := c.visit(t, "refusal")
	v.open(c.Root + "/app/launch.html")
	v.signIn("ann")
	v.title("Let My care in?")
	v.press("Don't allow")
	v.await(`document.getElementById("status").textContent.startsWith("You haven't allowed")`)
	v.shot("1-app")
	v.eval(`history.back()`)
	v.title("Let My care in?")
	v.eval(`document.querySelector("button[value=allow]").click()`)
	v.title("This request is over")
	v.shot("2-over")
	v.calm()
}

func changedTask(t *testing.T, c *clinic) {
	v := c.visit(t, "changed")
	v.open(c.Root + "/app/launch.html")
	v.signIn("ann")
	v.title("Let My care in?")
	v.press("Allow")
	v.ready()
	// Somebody else is faster.
	if got := v.eval(`FHIR.oauth2.ready().then(async (c) => {
		const task = await c.request("Task/ann-diary");
		await c.request({ url: "Task/ann-diary", method: "PUT", headers: { "Content-Type": "application/fhir+json" },
			body: JSON.stringify({ ...task, description: "Bring your diary and your pills" }) });
		return "changed";
	})`); got != "changed" {
		t.Fatal(got)
	}
	v.click(`button[aria-label="Done: Bring your diary"]`)
	v.await(`document.getElementById("status").textContent.startsWith("Somebody has changed this task")`)
	v.must("Bring your diary and your pills")
	v.shot("1-changed")
	v.click(`button[aria-label="Done: Bring your diary and your pills"]`)
	v.await(`document.getElementById("status").textContent.startsWith("Saved")`)
	v.calm()
}

// offline signs somebody in to the app with offline_access, by the library.
func offline(v *visit, c *clinic, user string) {
	v.t.Helper()
	v.open(c.Root + "/app/")
	v.await(`!document.getElementById("start").hidden`)
	v.eval(`FHIR.oauth2.authorize({ iss: ` + literal(c.Base) + `, clientId: "caseway-sample-app", redirectUri: location.origin + "/app/",
		pkceMode: "required", completeInTarget: true, scope: "launch/patient openid fhirUser offline_access patient/Patient.r patient/Task.rs" })`)
	v.signIn(user)
	v.title("Let My care in?")
	v.must("Stay connected")
}

func refreshAndRevocation(t *testing.T, c *clinic) {
	v := c.visit(t, "revocation")
	offline(v, c, "ann")
	v.shot("1-offline-consent")
	v.press("Allow")
	v.ready()
	refreshed := v.eval(`FHIR.oauth2.ready().then(async (c) => {
		const { access_token: first, refresh_token: old } = c.state.tokenResponse;
		await c.refresh();
		const { access_token: second, refresh_token: rotated } = c.state.tokenResponse;
		const read = await c.request("Patient/ann");
		return [first !== second, old !== rotated, Boolean(rotated), read.id].join();
	})`)
	if refreshed != "true,true,true,ann" {
		t.Errorf("refresh: %s", refreshed)
	}
	token := v.eval(`FHIR.oauth2.ready().then((c) => c.state.tokenResponse.access_token)`)
	v.click(`button[aria-label="Done: Walk every day"]`) // the token has no letter u for tasks
	v.await(`document.getElementById("status").textContent.startsWith("The task wasn't saved: ")`)
	v.mustNot("{", "403")
	v.shot("2-not-saved")
	v.open(c.Root + "/auth/apps")
	v.title("Apps that have access")
	v.must("My care", "See your personal details", "It stays connected when you sign out.")
	v.shot("3-apps")
	v.press("Take access away")
	v.await(`document.querySelector(".notice") !== null`)
	v.must("No app has access")
	v.shot("4-revoked")
	v.open(c.Root + "/app/")
	v.await(`!document.getElementById("start").hidden`)
	v.must("This app can't see your care any more")
	after := v.eval(`fetch(` + literal(c.Base+"/Patient/ann") + `, { headers: { Authorization: "Bearer " + ` + literal(token) + ` } }).then((r) => r.status)`)
	if after != "401" {
		t.Errorf("after revocation: %s", after)
	}
	v.shot("5-app")
	v.open(c.Root + "/auth/signout")
	v.title("Sign out?")
	v.shot("6-sign-out")
	v.press("Sign out")
	v.title("You are signed out")
	v.shot("7-signed-out")
	v.open(c.Root + "/auth/apps")
	v.title("Sign in")
	v.calm()
}

func disconnecting(t *testing.T, c *clinic) {
	v := c.visit(t, "disconnect")
	offline(v, c, "ann")
	v.press("Allow")
	v.ready()
	token := v.eval(`FHIR.oauth2.ready().then((c) => c.state.tokenResponse.access_token)`)
	v.press("Disconnect")
	v.title("Disconnected")
	v.shot("1-app")
	answer, err := kit.NewClient(c.Base).Do(t.Context(), http.MethodGet, "Patient/ann", nil, "Authorization", "Bearer "+token)
	if err != nil || answer.Status != http.StatusUnauthorized {
		t.Errorf("the token still works: %d, %v", answer.Status, err)
	}
	v.calm()
}

// mistakes are what nobody can be sent back to an app with.
func mistakes(t *testing.T, c *clinic) {
	v := c.visit(t, "mistakes")
	v.open(c.Root + "/auth/authorize?client_id=unknown&response_type=code&redirect_uri=https://evil.example/")
	v.title("Your app can't be opened")
	v.shot("1-unknown-app")
	v.open(c.Root + "/auth/consent?request=gone")
	v.title("This request is over")
	v.open(c.Root + "/auth/nothing")
	v.title("There is no such page")
	v.open(c.Root + "/auth/setup?token=wrong")
	v.title("This setup link can't be used any more")
	for range 12 {
		v.open(c.Root + "/auth/signin")
		v.fill("#name", "nobody-at-all")
		v.fill("#password", "wrong")
		v.press("Sign in")
		v.await(`document.title.startsWith("Error: ")`)
		if v.shows("too many attempts") {
			break
		}
	}
	v.must("too many attempts", "Please wait")
	v.shot("2-wait")
	v.calm()
}

// TestSetUpInTheBrowser makes the first administrator by the link that an empty
// store's server prints.
func TestSetUpInTheBrowser(t *testing.T) {
	c := &clinic{chromium: startChromium(t), shots: filepath.Join(artifacts(t), "")}
	c.Process = startAt(t, "sqlite:"+filepath.Join(t.TempDir(), "caseway.db"), "--auth", "embedded")
	link := regexp.MustCompile(`http://\S+/auth/setup\?token=\w+`).FindString(c.Output())
	if link == "" {
		t.Fatalf("no setup link printed:\n%s", c.Output())
	}
	v := newVisit(t, c.chromium, filepath.Join(c.shots, "setup-"))
	v.open(link)
	v.title("Set up the first administrator")
	v.shot("1-form")
	v.fill("#id", "root")
	v.fill("#name", "Rita Root")
	v.fill("#password", password)
	v.fill("#repeat", "another")
	v.press("Set up")
	v.await(`document.title.startsWith("Error: ")`)
	v.shot("2-passwords-differ")
	v.fill("#password", password)
	v.fill("#repeat", password)
	v.press("Set up")
	v.title("Apps that have access")
	v.must("You are the administrator now", "Rita Root")
	v.shot("3-done")
	v.open(link)
	v.title("This setup link can't be used any more")
	v.shot("4-used")
	v.calm()
}
