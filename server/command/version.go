package command

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// release is the version of this source: of the release that it is, or that it
// comes before.
const release = "0.1.0"

// Version is the command version.
type Version struct{}

// Run prints the version.
func (Version) Run(s Streams) error {
	_, err := fmt.Fprintln(s.Out, "caseway", versionText())
	return err
}

// versionText is the release, and where it isn't built from its tag, behind a plus
// sign what it is built from (https://semver.org/#spec-item-10).
func versionText() string {
	build := version // what the linker was told
	if info, ok := debug.ReadBuildInfo(); build == "" && ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				build = s.Value[:12]
			}
		}
	}
	build = strings.Trim(strings.TrimPrefix(build, "v"+release), "-")
	if build == "" || build == "devel" {
		return release
	}
	return release + "+" + strings.ReplaceAll(build, "-", ".")
}
