package command

import (
	"fmt"
	"runtime/debug"
)

// Version is the command version.
type Version struct{}

// Run prints the version.
func (Version) Run(s Streams) error {
	_, err := fmt.Fprintln(s.Out, "caseway", versionText())
	return err
}

// versionText is what the linker was told, or the commit that was built.
func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
