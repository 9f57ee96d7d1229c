// Package app serves the sample SMART app under /app: a patient sees own care
// plans, team, tasks and appointments, and completes a task. It is what a
// third party would write, against the standard client library, and has no more
// rights than any other client.
//
// Not here: how it signs people in, which is the embedded authorization server's
// business.
package app

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"caseway/auth/account"
)

//go:embed static
var static embed.FS

// policy lets the pages run their own scripts and ask their own server, and
// nothing else: no inline script or style, no frame around them.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ID is the client id under which the app is registered.
const ID = "caseway-sample-app"

// scopes are all that the app may ask for, in a standalone and in an EHR launch
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html).
var scopes = []string{
	"launch", "launch/patient", "openid", "fhirUser", "online_access", "offline_access",
	"patient/Patient.r", "patient/CarePlan.rs", "patient/CareTeam.rs", "patient/Task.rus", "patient/Appointment.rs",
}

// Register makes the app a public client of the embedded authorization server
// on root, the server's URL without a closing slash, or brings it up to date. It
// is to be called at each start, for root may have changed.
func Register(ctx context.Context, accounts *account.Store, root string) error {
	return accounts.Sow(ctx, &account.Seed{Clients: []account.SeedClient{{
		ID: ID, Name: "My care", Scopes: scopes,
		RedirectURIs: account.Words{root + "/app/"}, LaunchURI: root + "/app/launch.html",
	}}})
}

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
