package packages

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir/fhirtest"
)

// member is a file of an archive that a test makes.
type member struct {
	name string
	body string
	kind byte // tar.TypeReg where it is 0
}

func archiveOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Size: int64(len(m.body)), Mode: 0o644}
		if m.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Typeflag != tar.TypeReg {
			h.Size, h.Linkname = 0, m.body
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(m.body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func save(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "p.tgz")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

var (
	manifest = member{name: "package/package.json", body: `{"name":"a.b","version":"1.2.0","fhirVersions":["4.0.1"],"dependencies":{"hl7.fhir.r4.core":"4.0.1","c.d":"2.0.x"}}`}
	profile  = member{name: "package/StructureDefinition-p.json", body: `{"resourceType":"StructureDefinition","id":"p","url":"http://a.b/p","version":"1.2.0"}`}
)

func TestOpen(t *testing.T) {
	name := save(t, archiveOf(t, manifest, profile,
		member{name: "package/example/Patient-x.json", body: `{"resourceType":"Patient"}`},
		member{name: "package/other.txt", body: "x"},
		member{name: "package/", kind: tar.TypeDir},
		member{name: "package/list.json", body: `[1]`},
	))
	p, err := Open(name, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := &Package{
		Name: "a.b", Version: "1.2.0", FHIRVersions: []string{"4.0.1"}, Dependencies: map[string]string{"hl7.fhir.r4.core": "4.0.1", "c.d": "2.0.x"},
		Resources: []Resource{{Type: "StructureDefinition", ID: "p", URL: "http://a.b/p", Version: "1.2.0", File: "StructureDefinition-p.json", JSON: []byte(profile.body)}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("the package (-want +got):\n%s", diff)
	}
	c := Collect([]*Package{p})
	if len(c.Missing) != 1 || c.Missing[0].String() != "c.d#2.0.x, which a.b#1.2.0 needs" {
		t.Errorf("missing are %v, want c.d#2.0.x", c.Missing)
	}
	if c = Collect([]*Package{p, {Name: "c.d", Version: "2.0.7"}}); len(c.Missing) != 0 {
		t.Errorf("missing are %v, want none: c.d#2.0.7 is given", c.Missing)
	}
}

// The index says what a file holds, so that it needn't be read for that.
func TestIndexNamesResources(t *testing.T) {
	index := member{name: "package/.index.json", body: `{"index-version":1,"files":[{"filename":"StructureDefinition-p.json","resourceType":"StructureDefinition","id":"p","url":"http://a.b/indexed"}]}`}
	p, err := Open(save(t, archiveOf(t, manifest, profile, index)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Resources[0].URL; got != "http://a.b/indexed" {
		t.Errorf("the resource's URL is %s, want the index's", got)
	}
}

func TestHostileArchivesAreRefused(t *testing.T) {
	big := strings.Repeat("0", 1<<20)
	for _, c := range []struct {
		name    string
		members []member
		limits  Limits
		want    string
	}{
		{"path out of it", []member{manifest, {name: "package/../../etc/passwd", body: "x"}}, Limits{}, "leads out"},
		{"absolute path", []member{manifest, {name: "/etc/passwd", body: "x"}}, Limits{}, "leads out"},
		{"path with backslashes", []member{manifest, {name: `package\..\..\x.json`, body: "{}"}}, Limits{}, "leads out"},
		{"symbolic link", []member{manifest, {name: "package/x.json", body: "/etc/passwd", kind: tar.TypeSymlink}}, Limits{}, "link"},
		{"hard link", []member{manifest, {name: "package/x.json", body: "package/package.json", kind: tar.TypeLink}}, Limits{}, "link"},
		{"device", []member{manifest, {name: "package/x.json", kind: tar.TypeChar}}, Limits{}, "device"},
		{"big file", []member{manifest, {name: "package/x.json", body: big}}, Limits{File: 1000}, "more than 1000 bytes"},
		{"big file elsewhere", []member{manifest, {name: "other/x", body: big}}, Limits{All: 5000}, "more than 5000 bytes"},
		{"many files", []member{manifest, profile, {name: "a", body: "x"}, {name: "b", body: "y"}}, Limits{Files: 3}, "more than 3 files"},
		{"no JSON", []member{manifest, {name: "package/x.json", body: "{"}}, Limits{}, "x.json"},
		{"no name", []member{{name: "package/package.json", body: "{}"}}, Limits{}, "no name"},
		{"nothing", nil, Limits{}, "no FHIR package"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(save(t, archiveOf(t, c.members...)), c.limits)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open fails with %v, want %q", err, c.want)
			}
		})
	}
}

func TestFindTakesTheLatestVersion(t *testing.T) {
	of := func(version string) *Package {
		return &Package{Name: "p", Version: version, Resources: []Resource{{Type: "ValueSet", URL: "http://v", Version: version}}}
	}
	c := Collect([]*Package{of("3.1.1"), of("10.0.0"), of("6.1.0")})
	for canonical, want := range map[string]string{"http://v": "10.0.0", "http://v|6.1.0": "6.1.0", "http://v|3.1": "3.1.1"} {
		if got := c.Find("ValueSet", canonical); got == nil || got.Version != want {
			t.Errorf("Find(%s) gives %v, want version %s", canonical, got, want)
		}
	}
	if got := c.Find("ValueSet", "http://v|2.0.0"); got != nil {
		t.Errorf("Find gives %v for a version that isn't there", got)
	}
}

// The archive and the folder of a guide hold the same definitions.
func TestGuide(t *testing.T) {
	dir := filepath.Join(fhirtest.SharedDir(t), "data/ig")
	p, err := Open(filepath.Join(dir, "hl7.fhir.us.core-6.1.0.tgz"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := Open(filepath.Join(dir, "hl7.fhir.us.core-6.1.0"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"StructureDefinition", "ValueSet", "SearchParameter"} {
		a, b := len(Collect([]*Package{p}).All(typ)), len(Collect([]*Package{folder}).All(typ))
		if a == 0 || a != b {
			t.Errorf("%d resources of type %s in the archive, %d in the folder", a, typ, b)
		}
	}
	if p.Name != "hl7.fhir.us.core" || p.Version != "6.1.0" || len(p.Dependencies) == 0 {
		t.Errorf("the package is %s#%s with %d dependencies", p.Name, p.Version, len(p.Dependencies))
	}
}

// FuzzOpen: whatever the bytes, reading ends with a package or an error.
func FuzzOpen(f *testing.F) {
	f.Add(archiveOf(f, manifest, profile))
	f.Add(archiveOf(f, manifest, member{name: "package/../x", body: "y"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reader{limits: Limits{Files: 100, File: 1 << 16, All: 1 << 18}, index: map[string]Resource{}}
		if err := r.gzipped(bytes.NewReader(data)); err != nil {
			return
		}
		p, err := r.done("x")
		if err == nil && p.Name == "" {
			t.Error("a package without a name")
		}
	})
}
