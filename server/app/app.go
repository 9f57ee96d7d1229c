// Package app serves the sample SMART app under /app: a patient sees own care
// plans, team, tasks and appointments, and completes a task. It is what a
// third party would write, against the standard client library, and has no more
// rights than any other client.
//
// Not here: its registration as a client, which the embedded authorization
// server does with what Client says.
package app

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed static
var static embed.FS

// policy lets the pages run their own scripts and ask their own server, and
// nothing else: no inline script or style, no frame around them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ID is the client id under which the app is registered.
const ID = "caseway-sample-app"

// Name is what people see where they let the app in.
const Name = "My care"

// Scopes are all that the app may ask for, in a standalone and in an EHR launch
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html).
func Scopes() []string {
	return []string{
		"launch", "launch/patient", "openid", "fhirUser", "online_access", "offline_access",
		"patient/Patient.r", "patient/CarePlan.rs", "patient/CareTeam.rs", "patient/Task.rus", "patient/Appointment.rs",
	}
}

// RedirectURI is where the app receives its codes on a server under root, a URL
// without a closing slash.
func RedirectURI(root string) string { return root + "/app/" }

// LaunchURI is where an EHR starts the app on a server under root.
func LaunchURI(root string) string { return root + "/app/launch.html" }

// Handler serves the app's files for paths under /app. It answers GET and HEAD
// only.
func Handler() http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	serve := http.StripPrefix("/app", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // a code stands in the URL for a moment
		h.Set("Cache-Control", "no-cache")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "This page can only be read.", http.StatusMethodNotAllowed)
		case r.URL.Path == "/app":
			redirect(w, r)
		case strings.HasSuffix(r.URL.Path, "/") && r.URL.Path != "/app/":
			http.NotFound(w, r) // no listings of folders
		default:
			serve.ServeHTTP(w, r)
		}
	})
}

// redirect adds the slash that the page's relative links need, and keeps the
// query.
func redirect(w http.ResponseWriter, r *http.Request) {
	target := "/app/"
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, target, http.StatusMovedPermanently)
}
