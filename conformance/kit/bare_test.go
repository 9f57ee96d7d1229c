package kit_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"caseway/conformance/kit"
)

// bareVariable names the file that the test binary, started with it set,
// serves from memory by a bare Gin handler: what a read costs at least.
const bareVariable = "CASEWAY_KIT_BARE"

func serveBare(file, listen string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/fhir/:type/:id", func(c *gin.Context) {
		c.Data(http.StatusOK, "application/fhir+json", body)
	})
	return http.ListenAndServe(listen, engine)
}

// startBare runs the bare handler as a process of its own.
func startBare(b *testing.B, body []byte) (host string, pid int) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "body")
	if err := os.WriteFile(file, body, 0o644); err != nil {
		b.Fatal(err)
	}
	port, err := kit.FreePort()
	if err != nil {
		b.Fatal(err)
	}
	host = fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), bareVariable+"="+file, bareVariable+"_LISTEN="+host)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill() // it never ends by itself
		_ = cmd.Wait()
	})
	for range 500 {
		if l, err := dial(host); err == nil {
			l.conn.Close()
			return host, cmd.Process.Pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Fatal("the bare handler doesn't answer")
	return "", 0
}
