package packages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits bound what is read of one package. A zero field takes DefaultLimits'
// value.
type Limits struct {
	Files int   // that are looked at
	File  int64 // bytes of one file
	All   int64 // bytes of all files together, after inflating
}

// DefaultLimits are enough for the largest packages of HL7: 50,000 files, 128 MiB
// for one, 1 GiB for all.
var DefaultLimits = Limits{Files: 50_000, File: 128 << 20, All: 1 << 30}

func (l Limits) orDefault() Limits {
	if l.Files <= 0 {
		l.Files = DefaultLimits.Files
	}
	if l.File <= 0 {
		l.File = DefaultLimits.File
	}
	if l.All <= 0 {
		l.All = DefaultLimits.All
	}
	return l
}

// Package is a FHIR package. Immutable.
type Package struct {
	Name         string
	Version      string
	FHIRVersions []string
	Dependencies map[string]string // name → version as it is written, such as "4.0.1" or "5.0.x"
	Resources    []Resource        // those with a canonical URL, by file name
}

// Resource is one resource of a package.
type Resource struct {
	Type    string
	ID      string
	URL     string // canonical; "" for what has none
	Version string
	File    string // its name in the package, with "#line" for one of several in a file
	JSON    []byte
}

// Open reads a package from a folder or a .tgz file.
func Open(name string, limits Limits) (*Package, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("packages: %w", err)
	}
	r := &reader{limits: limits.orDefault(), index: map[string]Resource{}}
	if info.IsDir() {
		err = r.folder(name)
	} else {
		err = r.archive(name)
	}
	if err != nil {
		return nil, fmt.Errorf("packages: %s: %w", filepath.Base(name), err)
	}
	return r.done(strings.TrimSuffix(filepath.Base(name), ".tgz"))
}

// reader gathers one package.
type reader struct {
	limits   Limits
	files    int
	bytes    int64
	manifest []byte
	index    map[string]Resource // by file, as .index.json says
	found    []file
}

type file struct {
	name string
	data []byte
}

// wanted reports whether a file of the package's own folder is to be read.
func wanted(name string) bool {
	switch ext := path.Ext(name); {
	case name == "package.json" || name == ".index.json":
		return true
	case strings.HasPrefix(name, ".") || strings.Contains(name, "/"):
		return false
	default:
		return ext == ".json" || ext == ".ndjson"
	}
}

// count counts a file and its bytes.
func (r *reader) count(name string, size int64) error {
	r.files++
	r.bytes += size
	switch {
	case r.files > r.limits.Files:
		return fmt.Errorf("has more than %d files", r.limits.Files)
	case size > r.limits.File:
		return fmt.Errorf("%s has more than %d bytes", name, r.limits.File)
	case r.bytes > r.limits.All:
		return fmt.Errorf("has more than %d bytes", r.limits.All)
	}
	return nil
}

// folder reads a folder that holds package/package.json, or package.json and the
// resources themselves.
func (r *reader) folder(name string) error {
	if info, err := os.Stat(filepath.Join(name, "package")); err == nil && info.IsDir() {
		name = filepath.Join(name, "package")
	}
	root, err := os.OpenRoot(name) // links that lead out of the folder can't be opened
	if err != nil {
		return err
	}
	defer root.Close()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || !wanted(e.Name()) {
			continue
		}
		info, err := root.Stat(e.Name())
		if err != nil {
			return err
		}
		if err := r.count(e.Name(), info.Size()); err != nil {
			return err
		}
		data, err := root.ReadFile(e.Name())
		if err != nil {
			return err
		}
		if err := r.keep(e.Name(), data); err != nil {
			return err
		}
	}
	return nil
}

// keep sorts a file in.
func (r *reader) keep(name string, data []byte) error {
	switch {
	case name == "package.json":
		r.manifest = data
	case name == ".index.json":
		return r.readIndex(data)
	case strings.HasSuffix(name, ".ndjson"):
		n := 0
		for line := range bytes.Lines(data) {
			n++
			if line = bytes.TrimSpace(line); len(line) > 0 {
				r.found = append(r.found, file{fmt.Sprintf("%s#%d", name, n), line})
			}
		}
	default:
		if in, listed := r.index[name]; listed && in.Type != "" && in.URL == "" {
			return nil
		}
		r.found = append(r.found, file{name, data})
	}
	return nil
}

func (r *reader) readIndex(data []byte) error {
	var index struct {
		Files []struct{ Filename, ResourceType, ID, URL, Version string }
	}
	if err := json.Unmarshal(data, &index); err != nil {
		return fmt.Errorf(".index.json: %w", err)
	}
	for _, f := range index.Files {
		r.index[f.Filename] = Resource{Type: f.ResourceType, ID: f.ID, URL: f.URL, Version: f.Version}
	}
	return nil
}

// done makes the package of what was read. name serves where the manifest is
// missing, as in folders that people put together.
func (r *reader) done(name string) (*Package, error) {
	p := &Package{Name: name}
	if r.manifest != nil {
		var m struct {
			Name, Version string
			FHIRVersions  []string `json:"fhirVersions"`
			Versions      []string `json:"fhir-version-list"`
			Dependencies  map[string]string
		}
		if err := json.Unmarshal(r.manifest, &m); err != nil {
			return nil, fmt.Errorf("packages: %s: package.json: %w", name, err)
		}
		if m.Name == "" {
			return nil, fmt.Errorf("packages: %s: package.json has no name", name)
		}
		p.Name, p.Version, p.Dependencies = m.Name, m.Version, m.Dependencies
		p.FHIRVersions = append(m.FHIRVersions, m.Versions...)
	}
	slices.SortFunc(r.found, func(a, b file) int { return strings.Compare(a.name, b.name) })
	for _, f := range r.found {
		resource, err := r.resource(f)
		if err != nil {
			return nil, fmt.Errorf("packages: %s: %w", name, err)
		}
		if resource.Type != "" && resource.URL != "" {
			p.Resources = append(p.Resources, resource)
		}
	}
	if r.manifest == nil && len(p.Resources) == 0 {
		return nil, fmt.Errorf("packages: %s is no FHIR package: it has neither package/package.json nor resources", name)
	}
	return p, nil
}

// resource names a file's resource, by the index where it is listed.
func (r *reader) resource(f file) (Resource, error) {
	resource, listed := r.index[f.name]
	if !listed || resource.Type == "" {
		var err error
		if resource, err = head(f.data); err != nil {
			return Resource{}, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	resource.File, resource.JSON = f.name, f.data
	return resource, nil
}

// head reads what names a resource, and no further than that. What is JSON, but no
// object, gives nothing.
func head(data []byte) (r Resource, err error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(bytes.TrimPrefix(data, []byte("\ufeff"))), jsontext.AllowDuplicateNames(true))
	if d.PeekKind() != '{' {
		return r, d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return r, err
	}
	into := map[string]*string{"resourceType": &r.Type, "id": &r.ID, "url": &r.URL, "version": &r.Version}
	for found := 0; found < len(into) && d.PeekKind() != '}'; {
		name, err := d.ReadToken()
		if err != nil {
			return r, err
		}
		to := into[name.String()]
		if to == nil || d.PeekKind() != '"' {
			if err := d.SkipValue(); err != nil {
				return r, err
			}
			continue
		}
		value, err := d.ReadToken()
		if err != nil {
			return r, err
		}
		*to = value.String()
		found++
	}
	return r, nil
}
