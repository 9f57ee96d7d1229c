// Package docs holds the documents, so that the binary can show them.
package docs

import "embed"

// Files are the documents as Markdown, and their pictures.
//
//go:embed *.md *.svg apps cases decisions fhir operate
var Files embed.FS
