package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// mostReadme is how long the README may be, in bytes: a first page.
const mostReadme = 9 << 10

func TestTheReadmeIsAFirstPage(t *testing.T) {
	if n := len(texts(t)["README.md"]); n > mostReadme {
		t.Errorf("got a README of %d bytes, want at most %d: what is longer has a page in docs", n, mostReadme)
	}
}

// parsedDocument is what a Markdown file links to, and what can be linked to in it.
type parsedDocument struct {
	links   []string
	anchors map[string]bool
}

func parseDocument(t *testing.T, source string) parsedDocument {
	t.Helper()
	d := parsedDocument{anchors: map[string]bool{}}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	err := ast.Walk(markdown.Parser().Parse(text.NewReader([]byte(source))), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); ok {
				d.anchors[string(id.([]byte))] = true
			}
		case *ast.Link:
			if entering {
				d.links = append(d.links, string(n.Destination))
			}
		case *ast.Image:
			if entering {
				d.links = append(d.links, string(n.Destination))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestLinksLeadSomewhere: each relative link of a document leads to a file that
// is there, and to a heading of it.
func TestLinksLeadSomewhere(t *testing.T) {
	documents, links := map[string]parsedDocument{}, 0
	for path, source := range texts(t) {
		if strings.HasSuffix(path, ".md") {
			documents[path] = parseDocument(t, source)
		}
	}
	for path, d := range documents {
		for _, link := range d.links {
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(link, "#")
			to := path
			if file != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(path), file))
			}
			if _, err := os.Stat(filepath.Join("..", to)); err != nil {
				t.Errorf("%s links to %s, which isn't there", path, link)
				continue
			}
			if other, known := documents[to]; anchor != "" && (!known || !other.anchors[anchor]) {
				t.Errorf("%s links to %s, which has no such heading", path, link)
			}
		}
	}
	if links < 50 {
		t.Errorf("got %d links, want the documents to have more", links)
	}
}

// named are the files that a document names in code, by their paths.
var named = regexp.MustCompile("`((?:fhir|server|auth|mapping|conformance|docs)/[A-Za-z0-9_./-]+)`")

// TestArchitectureNamesFilesThatAreThere, and packages.
func TestArchitectureNamesFilesThatAreThere(t *testing.T) {
	n := 0
	for _, path := range []string{"docs/architecture.md", "CONTRIBUTING.md"} {
		t.Run(path, func(t *testing.T) {
			for _, m := range named.FindAllStringSubmatch(texts(t)[path], -1) {
				n++
				if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
					t.Errorf("%s names %s, which isn't there", path, m[1])
				}
			}
		})
	}
	if n < 40 {
		t.Errorf("got %d files, want the documents to name more", n)
	}
}
