package interaction

import "caseway/fhir"

// answer is a response Bundle being written.
type answer struct {
	request BundleRequest
	bundle  *fhir.BundleWriter
	shown   map[string]bool // versions with a fullUrl, which no two entries may share
}

func newAnswer(typ string, r BundleRequest, entries []*entry) *answer {
	const around = 256 // bytes of an entry around its resource
	size := around * len(entries)
	for _, en := range entries {
		size += len(en.answered)
		if en.shows(r.Return) {
			size += len(en.result.Version.JSON)
		}
	}
	return &answer{
		request: r,
		bundle:  fhir.NewBundleWriter(fhir.Bundle{Type: typ}, size),
		shown:   map[string]bool{},
	}
}

// entry writes the answer of an entry that succeeded.
func (a *answer) entry(en *entry) {
	if en.answered != nil {
		a.bundle.Entry(fhir.Entry{Resource: en.answered, Response: &fhir.EntryResponse{Status: statusOK}})
		return
	}
	v := en.result.Version
	version := v.Key.String() + "/_history/" + formatVersionID(v.VersionID)
	response := &fhir.EntryResponse{Status: en.status(), VersionID: v.VersionID, LastModified: v.LastUpdated}
	out := fhir.Entry{Response: response}
	if en.verb == "POST" || en.verb == "PUT" || en.verb == "PATCH" {
		response.Location = a.locate(version)
	}
	if en.shows(a.request.Return) {
		out.Resource = v.JSON
		if !a.shown[version] {
			a.shown[version] = true
			out.FullURL = a.locate(v.Key.String())
		}
	}
	reading := en.verb == "GET" || en.verb == "HEAD"
	issues, asked := en.result.Issues, a.request.Return == ReturnOutcome && !reading
	if !asked {
		issues = fhir.WithoutAdvice(issues)
	}
	if asked || len(issues) > 0 {
		response.Outcome = fhir.Outcome(issues...)
	}
	a.bundle.Entry(out)
}

// failure writes the answer of an entry that failed.
func (a *answer) failure(e *fhir.Error) {
	a.bundle.Entry(fhir.Entry{Response: &fhir.EntryResponse{Status: Status(e.Kind), Outcome: e.Outcome()}})
}

// locate makes a URL of a path under our base.
func (a *answer) locate(path string) string {
	if a.request.Base == "" {
		return path
	}
	return a.request.Base + "/" + path
}

// shows reports whether the answer holds the resource.
func (en *entry) shows(preference Return) bool {
	if en.result.Version.JSON == nil {
		return false
	}
	switch en.verb {
	case "GET":
		return !en.notModified(en.result.Version)
	case "POST", "PUT", "PATCH":
		return preference == ReturnRepresentation
	}
	return false
}

func (en *entry) status() string {
	switch {
	case en.verb == "DELETE":
		return statusNoContent
	case en.result.Created:
		return statusCreated
	case (en.verb == "GET" || en.verb == "HEAD") && en.notModified(en.result.Version):
		return statusNotModified
	}
	return statusOK
}
