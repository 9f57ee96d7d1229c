// Package site serves the documents under /docs as one static site, and makes the
// page at /. Pages are made of the embedded Markdown when they are first asked for.
//
// Not here: what somebody must be signed in for.
package site

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"caseway/docs"
)

// policy lets the pages use the server's own style sheet and pictures, and
// nothing else.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed static/style.css
var style []byte

//go:embed static/page.html
var pageHTML string

//go:embed static/start.html
var startHTML string

var (
	pageTemplate  = template.Must(template.New("page").Parse(pageHTML))
	startTemplate = template.Must(template.New("start").Parse(startHTML))
)

// file is something that the site answers with.
type file struct {
	mediaType string
	text      []byte
	etag      string
}

func newFile(mediaType string, text []byte) file {
	sum := sha256.Sum256(text)
	return file{mediaType, text, `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// files are all of the site, by path below /docs.
var files = sync.OnceValues(func() (map[string]file, error) {
	all := map[string]file{"/style.css": newFile("text/css; charset=utf-8", style)}
	documents, err := readDocuments()
	if err != nil {
		return nil, err
	}
	for _, d := range documents {
		var b bytes.Buffer
		if err := pageTemplate.Execute(&b, map[string]any{"Title": d.title, "Sections": menu(documents, d.path), "Body": template.HTML(d.html)}); err != nil { //nolint:gosec // our own documents
			return nil, fmt.Errorf("the page %s: %w", d.path, err)
		}
		all[d.path] = newFile("text/html; charset=utf-8", b.Bytes())
	}
	err = fs.WalkDir(docs.Files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".svg" {
			var text []byte
			if text, err = fs.ReadFile(docs.Files, name); err == nil {
				all["/"+name] = newFile("image/svg+xml", text)
			}
		}
		return err
	})
	return all, err
})

// Handler serves the paths /docs and those below it, to GET and HEAD. It needs no
// login. Safe for concurrent use.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "documents are read by GET", http.StatusMethodNotAllowed)
			return
		}
		all, err := files()
		if err != nil {
			http.Error(w, "the documents can't be shown", http.StatusInternalServerError)
			return
		}
		name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/docs"), "/")
		f, known := all[name]
		if !known {
			missing(w)
			return
		}
		h.Set("ETag", f.etag)
		h.Set("Cache-Control", "no-cache")
		if slices.Contains(strings.Split(strings.ReplaceAll(r.Header.Get("If-None-Match"), " ", ""), ","), f.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", f.mediaType)
		if r.Method == http.MethodGet {
			_, _ = w.Write(f.text)
		}
	})
}

// missing says that there is no such page, and where all are.
func missing(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_ = pageTemplate.Execute(w, map[string]any{
		"Title": "Not found", "Body": template.HTML(`<h1>Not found</h1><p>There is no such page. <a href="/docs">All pages</a></p>`),
	})
}

// Start is what the page at / shows.
type Start struct {
	Version string
	Cases   []Case // a few to look at; none where somebody must sign in first
	Login   bool   // people sign in here
	App     bool   // there is the sample app
}

// Case is a case as the page at / shows it.
type Case struct{ ID, Client, Phase string }

// Page is the page at /, to be sent with Policy.
func (s Start) Page() ([]byte, error) {
	var b bytes.Buffer
	err := startTemplate.Execute(&b, s)
	return b.Bytes(), err
}

// Policy is the Content-Security-Policy of pages.
func Policy() string { return policy }
