//go:build !linux

package mongotest

import "os/exec"

// dieWithParent does nothing here: a server may outlive a test binary that is
// killed.
func dieWithParent(*exec.Cmd) {}
