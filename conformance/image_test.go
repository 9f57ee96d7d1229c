package conformance

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestImageNamesWhatExists reads the Dockerfile as far as that goes without an
// engine: what it copies is there and isn't ignored, and it sets the version
// where the Makefile does.
func TestImageNamesWhatExists(t *testing.T) {
	all := texts(t)
	dockerfile, ignored := all["Dockerfile"], all[".dockerignore"]
	for _, m := range regexp.MustCompile(`(?m)^COPY (go\.\S+) (go\.\S+) `).FindAllStringSubmatch(dockerfile, -1) {
		for _, name := range m[1:] {
			if all[name] == "" || !strings.Contains(ignored, "!"+name+"\n") {
				t.Errorf("the Dockerfile copies %s, which isn't there or is ignored", name)
			}
		}
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if (e.IsDir() && containsGo(all, name) || strings.HasSuffix(name, ".go")) && !strings.Contains(ignored, "!"+name+"\n") {
			t.Errorf(".dockerignore leaves out %s, which the build needs", name)
		}
	}
	variable := regexp.MustCompile(`-X (caseway/\S+\.version)=`)
	image, local := variable.FindStringSubmatch(dockerfile), variable.FindStringSubmatch(all["Makefile"])
	if image == nil || local == nil || image[1] != local[1] {
		t.Errorf("the Dockerfile sets the version in %v, the Makefile in %v", image, local)
	}
	for _, want := range []string{"USER 65532", "STOPSIGNAL SIGTERM", "HEALTHCHECK", `"health"`, "VOLUME /data", "FROM scratch"} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(dockerfile, want) {
				t.Errorf("the Dockerfile lacks %s", want)
			}
		})
	}
}

// containsGo reports whether a folder has Go of this module.
func containsGo(all map[string]string, dir string) bool {
	if all[dir+"/go.mod"] != "" || all[dir+"/check/go.mod"] != "" { // a module of its own
		return false
	}
	for path := range all {
		if strings.HasPrefix(path, dir+"/") && strings.HasSuffix(path, ".go") && !strings.HasPrefix(dir, ".") {
			return true
		}
	}
	return false
}

func TestVersionVariableExists(t *testing.T) {
	for path, text := range texts(t) {
		if strings.HasPrefix(path, "server/command/") && regexp.MustCompile(`(?m)^(var\s+|\t)version\s*(string)?\s*=`).MatchString(text) {
			return
		}
	}
	t.Error("server/command has no variable version for the linker to set")
}
