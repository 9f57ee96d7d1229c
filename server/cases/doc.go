// Package cases lets case managers, insurers and their systems work with cases
// over HTTP: it lists, shows and makes them, and takes the actions of package
// casemodel.
//
// A case isn't stored: it is assembled from the FHIR resources that belong to
// it, and each action is one transaction of the resources that it changes,
// through the same engine that answers FHIR. So whatever Access and the Guards
// say there holds here.
//
// The nouns:
//
//   - An overview is a case in short; the parts that it only counts have pages.
//     For these a few elements of a resource are decoded, see briefly.
//   - A view is a case as its caller sees it, with what else a client needs to
//     go on: its ETag and the actions that the caller's roles may take.
//   - A file of cases has one in each line (NDJSON) or row (CSV). An export
//     writes one, an import reads one and reports line by line.
//   - A Problem is an error in the form of RFC 9457, with the names of the
//     rules that stand against an action.
//   - The table of actions says which argument each takes; requests are read,
//     and the OpenAPI document is made, from it and from casemodel's types.
//   - An Edit changes a case by hand. Its draft is the case as its author sees it
//     and would have it; what differs is laid onto the whole case, and judged.
//   - The Guard stamps what an action writes: the tag of the case, and a
//     Provenance that says who did it and why.
//
// Where to look: list.go, overview.go, view.go and part_page.go show; create.go,
// act.go and edit*.go change, with load.go and commit.go on either side.
// guard.go, judge*.go, grant*.go, element.go, evidence.go, attestation.go and
// provenance.go are what the Guard asks. import*.go, export*.go, column*.go,
// csv_*.go, form*.go and row*.go are files of cases. openapi*.go,
// edit_openapi.go, schema.go and describe.go make the OpenAPI document.
// action.go is the table of actions, role.go says in which roles a caller may
// take them, problem.go makes errors.
//
// Not here: routes and headers (package server), what the rules are (package
// casemodel), how parts become resources (package mapping).
package cases
