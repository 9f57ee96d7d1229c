package interaction

import "caseway/fhir"

// Values of Bundle.entry.response.status, which FHIR defines as HTTP's.
const (
	statusOK          = "200 OK"
	statusCreated     = "201 Created"
	statusNoContent   = "204 No Content"
	statusNotModified = "304 Not Modified"
)

var statuses = map[fhir.Kind]string{
	fhir.Internal:         "500 Internal Server Error",
	fhir.Structure:        "400 Bad Request",
	fhir.Invalid:          "400 Bad Request",
	fhir.Unprocessable:    "422 Unprocessable Entity",
	fhir.Login:            "401 Unauthorized",
	fhir.Forbidden:        "403 Forbidden",
	fhir.TooCostly:        "403 Forbidden",
	fhir.NotFound:         "404 Not Found",
	fhir.Gone:             "410 Gone",
	fhir.NotAllowed:       "405 Method Not Allowed",
	fhir.Duplicate:        "409 Conflict",
	fhir.VersionConflict:  "412 Precondition Failed",
	fhir.MultipleMatches:  "412 Precondition Failed",
	fhir.TooLarge:         "413 Request Entity Too Large",
	fhir.NotAcceptable:    "406 Not Acceptable",
	fhir.UnsupportedMedia: "415 Unsupported Media Type",
	fhir.Throttled:        "429 Too Many Requests",
	fhir.Transient:        "503 Service Unavailable",
}

// Status is the Bundle.entry.response.status of an entry that failed with a
// kind. The server's own status codes must agree with it, which its tests check.
func Status(kind fhir.Kind) string { return statuses[kind] }
