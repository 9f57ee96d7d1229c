package kit_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// loginPaths are what the login answers.
var loginPaths = []string{
	"authorize", "token", "introspect", "revoke", "userinfo", "launch", "logout", "jwks", ".well-known/openid-configuration",
	"signin", "patient", "consent", "apps", "setup", "signout",
}

// TestNothingIsLeftOfWhoLeavesTheLogin: clients that break off while they send, or
// wait, or don't read what they asked for, leave nothing behind in the login.
func TestNothingIsLeftOfWhoLeavesTheLogin(t *testing.T) {
	p := startAt(t, "sqlite:"+filepath.Join(t.TempDir(), "caseway.db"), "--auth", "embedded", "--auth-seed", attackSeed(t))
	c := kit.NewClient(p.Root)
	resting := workers(t, c)
	left := 0
	for _, path := range loginPaths {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			for _, way := range []string{"sending the header", "sending the body", "waiting", "not reading"} {
				leaveLogin(t, p.Root, method, "/auth/"+path, way)
				left++
			}
		}
	}
	var now int
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if now = workers(t, c); now <= resting {
			return
		}
	}
	t.Errorf("got %d goroutines after %d clients have left, want the %d from before", now, left, resting)
}

// leaveLogin sends a request as far as it says, and goes.
func leaveLogin(t *testing.T, root, method, path, way string) {
	t.Helper()
	address := strings.TrimPrefix(root, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetLinger(0) // breaks off, instead of saying goodbye
	body := "grant_type=client_credentials&username=x&password=" + strings.Repeat("x", 2000)
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", method, path, address, len(body))
	text := head + body
	switch way {
	case "sending the header":
		text = head[:len(head)/2]
	case "sending the body":
		text = head + body[:len(body)/2]
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("%s %s: got %v, want it sent", method, path, err)
	}
	if way == "not reading" {
		time.Sleep(20 * time.Millisecond) // it is answered
	} else {
		time.Sleep(2 * time.Millisecond)
	}
}

var goroutineCount = regexp.MustCompile(`(?m)^go_goroutines (\d+)$`)

// workers is how many goroutines the server has.
func workers(t *testing.T, c *kit.Client) int {
	t.Helper()
	answer, err := c.Do(t.Context(), http.MethodGet, "metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	found := goroutineCount.FindSubmatch(answer.Body)
	if found == nil {
		t.Fatalf("no go_goroutines in the metrics: %.300s", answer.Body)
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
