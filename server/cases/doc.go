// Package cases is what the case API does, in Go types: it lists, shows and makes
// cases, and takes the actions of package casemodel. HTTP and JSON are not its
// matter, so that pages use it too.
//
// A case isn't stored: it is assembled from the FHIR resources that belong to
// it, and each action is one transaction of the resources that it changes,
// through the same engine that answers FHIR. So whatever Access and the Guards
// say there holds here.
//
// The nouns:
//
//   - An Overview is a case in short; the parts that it only counts have pages.
//   - A View is a case as its caller sees it, with what else a client needs to
//     go on: the actions that the caller's roles may take.
//   - An Answer is one of these with the ETag of the case.
//   - The table of actions says which argument each takes; requests are read,
//     and the OpenAPI document is made, from it and from casemodel's types.
//   - An Edit changes a case by hand. Its draft is the case as its author sees it
//     and would have it; what differs is laid onto the whole case, and judged.
//
// Where to look: list.go, overview.go, view.go and part_page.go show; create.go,
// act.go, team.go and edit*.go change. action.go is the table of actions. The rooms
// below: problem makes errors, form reads requests, assembly loads cases and knows
// their callers, rules is the Guard, membership says what belongs to a case, change
// stores, file reads and writes files of cases, openapi describes it all.
//
// Not here: routes, headers and JSON (package server), what the rules are (package
// casemodel), how parts become resources (package mapping).
package cases
