package mongotest

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the server when the thread that started
// it ends, and so with the test binary, however that ends.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
