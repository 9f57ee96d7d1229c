package command

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/validate"
)

// file validates one file: a resource, or one in each line.
func (c *checker) file(ctx context.Context, path string) (o outcome) {
	data, err := readResources(path)
	if err != nil {
		o.err = err
		return o
	}
	if filepath.Ext(strings.TrimSuffix(path, ".gz")) == ".json" {
		c.resource(ctx, &o, path, 0, data)
		return o
	}
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if ctx.Err() != nil {
			return o
		}
		if len(bytes.TrimSpace(text)) > 0 {
			c.resource(ctx, &o, path, line, text)
		}
	}
	return o
}

func readResources(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(bufio.NewReader(f)); err != nil {
			return nil, fmt.Errorf("%s: not gzip: %w", path, err)
		}
	}
	data, err := io.ReadAll(io.LimitReader(in, checkedBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(data) > checkedBytes {
		return nil, fmt.Errorf("%s has more than %d bytes", path, checkedBytes)
	}
	return data, nil
}

// resource validates one resource; line is its line in a file of several.
func (c *checker) resource(ctx context.Context, o *outcome, path string, line int, data []byte) {
	tree, found := c.validator.Text(ctx, data, limits, validate.Request{Profiles: c.Profile, Matching: true})
	places := validate.Positions(data, tree, found)
	valid := true
	for i := range found {
		valid = valid && found[i].Severity != fhir.SeverityError
		if line > 0 && places[i].Line > 0 {
			places[i].Line = line
		}
	}
	o.all++
	if !valid {
		o.wrong++
	}
	if c.Format == "json" {
		o.text = c.jsonLine(o.text, path, line, tree, found, places, valid)
		return
	}
	for i := range found {
		if !c.Errors || found[i].Severity == fhir.SeverityError {
			o.text = tableLine(o.text, path, &found[i], places[i])
		}
	}
}

// tableLine is what an editor can jump to: file, line, column, then the issue.
func tableLine(b []byte, path string, i *validate.Issue, at validate.Position) []byte {
	b = append(append(b, path...), ':')
	b = append(strconv.AppendInt(b, int64(max(at.Line, 1)), 10), ':')
	b = strconv.AppendInt(b, int64(max(at.Column, 1)), 10)
	issue := i.Issue()
	b = fmt.Appendf(b, ": %s: %s", i.Severity, issue.Diagnostics())
	if i.Profile != "" {
		b = fmt.Appendf(b, " [%s]", i.Profile)
	}
	return append(b, '\n')
}

// jsonIssue is an issue in a JSON line.
type jsonIssue struct {
	Severity   fhir.Severity `json:"severity"`
	Code       string        `json:"code"`
	Expression string        `json:"expression,omitempty"`
	Line       int           `json:"line,omitempty"`
	Column     int           `json:"column,omitempty"`
	Rule       string        `json:"rule,omitempty"`
	Profile    string        `json:"profile,omitempty"`
	Text       string        `json:"text"`
}

// jsonResource is a JSON line.
type jsonResource struct {
	File   string      `json:"file"`
	Line   int         `json:"line,omitempty"`
	Type   string      `json:"resourceType,omitempty"`
	ID     string      `json:"id,omitempty"`
	Valid  bool        `json:"valid"`
	Issues []jsonIssue `json:"issues"`
}

func (c *checker) jsonLine(b []byte, path string, line int, tree *fhir.Tree, found []validate.Issue, places []validate.Position, valid bool) []byte {
	r := jsonResource{File: path, Line: line, Valid: valid, Issues: []jsonIssue{}}
	if tree != nil && tree.Root().Valid() {
		r.Type, r.ID = tree.Type().Name, tree.ID()
	}
	for i, f := range found {
		if !c.Errors || f.Severity == fhir.SeverityError {
			r.Issues = append(r.Issues, jsonIssue{f.Severity, f.Code, f.Expression, places[i].Line, places[i].Column, f.Rule, f.Profile, f.Text})
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings, numbers and booleans alone
	}
	return append(append(b, text...), '\n')
}
