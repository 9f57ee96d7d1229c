// Package openapi describes the case API as an OpenAPI document, made of the same
// tables and Go types that answer it.
//
// Where to look: openapi.go has cases and actions, edit_openapi.go edits,
// openapi_file.go files; schema.go makes JSON Schemas of types. The texts of members
// are in data/members.tsv and the worked examples in data/lessons.json, which
// describe.go reads.
package openapi
