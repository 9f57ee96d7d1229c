package kit_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// TestDemoWithALogin: a patient of the demo signs in with the password that is
// printed, lets the app in, and sees their own plan.
func TestDemoWithALogin(t *testing.T) {
	shots := artifacts(t)
	browser := startChromium(t)
	cmd := exec.CommandContext(t.Context(), binary(t), "demo", "--auth", "embedded")
	cmd.Env, cmd.Stderr = []string{"TMPDIR=" + t.TempDir()}, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	root, passwords := "", map[string]string{}
	for lines := bufio.NewScanner(out); passwords["admin"] == ""; {
		if !lines.Scan() {
			t.Fatalf("the demo ended: %v", lines.Err())
		}
		words := strings.Fields(lines.Text())
		switch {
		case root == "" && len(words) == 1 && strings.HasSuffix(words[0], "/app/"):
			root = strings.TrimSuffix(words[0], "/app/")
		case root != "" && len(words) > 2 && strings.HasPrefix(lines.Text(), "  ") && !strings.HasPrefix(lines.Text(), "    "):
			passwords[words[0]] = words[1]
		}
	}
	c := &clinic{Process: &kit.Process{Root: root}, chromium: browser, shots: filepath.Join(shots, "demo-")}
	v := c.visit(t, "demo")
	v.open(root + "/app/launch.html")
	v.title("Sign in")
	v.fill("#name", "tomas-reyes")
	v.fill("#password", passwords["tomas-reyes"])
	v.press("Sign in")
	v.title("Let My care in?")
	v.press("Allow")
	v.ready()
	v.must("Tomas Reyes", "Antibiotics at home")
	v.shot("1-app")
	v.calm()
}
