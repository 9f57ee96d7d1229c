package site

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"caseway/docs"
)

// document is one Markdown file.
type document struct {
	path  string // below /docs, without .md: "" for the first page, "/fhir", "/fhir/search"
	title string
	html  []byte
}

// sections are the folders in the order of the menu, with their headings.
var sections = []struct{ folder, title string }{
	{"", "Caseway"},
	{"operate", "Run it"},
	{"fhir", "FHIR"},
	{"fhir/operations", "Operations"},
	{"cases", "Cases"},
	{"apps", "Apps"},
	{"decisions", "Decisions"},
}

// readDocuments reads all, in the order of their names.
func readDocuments() ([]document, error) {
	var all []document
	err := fs.WalkDir(docs.Files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".md" {
			return err
		}
		source, err := fs.ReadFile(docs.Files, name)
		if err != nil {
			return err
		}
		d, err := newDocument(name, source)
		all = append(all, d)
		return err
	})
	return all, err
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

func newDocument(name string, source []byte) (document, error) {
	d := document{path: pathOf(name), title: name}
	root := markdown.Parser().Parse(text.NewReader(source))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if entering && n.Level == 1 {
				d.title = string(n.Lines().Value(source))
			}
		case *ast.Link:
			if entering {
				n.Destination = []byte(destination(name, string(n.Destination)))
			}
		case *ast.Image:
			if entering {
				n.Destination = []byte("/docs/" + path.Join(path.Dir(name), string(n.Destination)))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return d, err
	}
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, source, root); err != nil {
		return d, fmt.Errorf("the document %s: %w", name, err)
	}
	d.html = b.Bytes()
	return d, nil
}

// pathOf is where a file is shown.
func pathOf(name string) string {
	name = strings.TrimSuffix(name, ".md")
	if name == "index" {
		return ""
	}
	return "/" + strings.TrimSuffix(name, "/index")
}

// destination is where a link of a document leads on the site. What isn't a
// document of the site, such as a file of the source, is left to its name.
func destination(from, link string) string {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "#") || strings.HasPrefix(link, "/") {
		return link
	}
	file, anchor, _ := strings.Cut(link, "#")
	name := path.Join(path.Dir(from), file)
	if strings.HasPrefix(name, "../") || path.Ext(name) != ".md" {
		return "#"
	}
	to := "/docs" + pathOf(name)
	if anchor != "" {
		to += "#" + anchor
	}
	return to
}

// section is a part of the menu.
type section struct {
	Title string
	Pages []entry
}

type entry struct {
	Path, Title string
	Here        bool
}

// menu has all pages; here is the one that it is on.
func menu(all []document, here string) []section {
	var menu []section
	for _, s := range sections {
		m := section{Title: s.title}
		for _, d := range all {
			folder := strings.TrimPrefix(path.Dir("/"+strings.TrimPrefix(d.path, "/")), "/")
			if isIndex := strings.TrimPrefix(d.path, "/") == s.folder; isIndex && s.folder != "" {
				folder = s.folder
			} else if d.path != "" && isFolder(strings.TrimPrefix(d.path, "/")) {
				continue
			}
			if folder != s.folder {
				continue
			}
			at := len(m.Pages)
			if strings.TrimPrefix(d.path, "/") == s.folder { // a folder's own page comes first
				at = 0
			}
			m.Pages = slices.Insert(m.Pages, at, entry{"/docs" + d.path, d.title, d.path == here})
		}
		menu = append(menu, m)
	}
	return menu
}

func isFolder(name string) bool {
	for _, s := range sections {
		if s.folder == name {
			return true
		}
	}
	return false
}
