package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The Maven artifact with R4 4.0.1, unmodified.
const (
	artifactGroup   = "ca.uhn.hapi.fhir"
	artifactName    = "hapi-fhir-validation-resources-r4"
	artifactVersion = "8.8.1"
	artifactSHA256  = "801cb6de72b4a9bbbf6589dcf1327b4c9626564105233d9e213066f0183ea0b1"
)

// artifactFile finds the artifact in the local Maven repository; where it is
// absent, Maven fetches it.
func artifactFile() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	file := artifactName + "-" + artifactVersion + ".jar"
	path := filepath.Join(home, ".m2", "repository", filepath.FromSlash(strings.ReplaceAll(artifactGroup, ".", "/")), artifactName, artifactVersion, file)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	coordinates := artifactGroup + ":" + artifactName + ":" + artifactVersion
	cmd := exec.Command("mvn", "-q", "-B", "dependency:get", "-Dtransitive=false", "-Dartifact="+coordinates)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("fetch %s: %w\n%s", coordinates, err, out)
	}
	_, err = os.Stat(path)
	return path, err
}

// verify fails unless data is the pinned artifact.
func verify(data []byte) error {
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != artifactSHA256 {
		return fmt.Errorf("the artifact's SHA-256 is %s, not %s", got, artifactSHA256)
	}
	return nil
}
