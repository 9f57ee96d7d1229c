package kit_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// raw sends bytes as they are and returns the answer's text.
func raw(t *testing.T, p *kit.Process, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.Root, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn) // ends with the connection, or by its deadline
	return string(answer)
}

func TestHeaderInjection(t *testing.T) {
	p := start(t, kit.Launch{Store: "sqlite:" + t.TempDir() + "/caseway.db"})
	host := strings.TrimPrefix(p.Root, "http://")
	for _, row := range []struct{ name, request, status string }{
		{"line break in a header", "GET /fhir/metadata HTTP/1.1\r\nHost: " + host + "\r\nX-Request-Id: a\nX-Evil: 1\r\nConnection: close\r\n\r\n", "200"},
		{"carriage return in a header", "GET /fhir/metadata HTTP/1.1\r\nHost: " + host + "\r\nX-Request-Id: a\rX-Evil: 1\r\nConnection: close\r\n\r\n", "400"},
		{"encoded break in a request id", "GET /fhir/metadata HTTP/1.1\r\nHost: " + host + "\r\nX-Request-Id: a%0d%0aX-Evil: 1\r\nConnection: close\r\n\r\n", "200"},
		{"encoded break in the path", "GET /fhir/Patient/a%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n", "404"},
		{"break in an origin", "GET /fhir/metadata HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://a%0d%0aX-Evil: 1\r\nConnection: close\r\n\r\n", "200"},
		{"foreign host", "GET /fhir/metadata HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "403"},
		{"two lengths", "POST /fhir/Patient HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\nContent-Length: 4\r\nConnection: close\r\n\r\n{}  ", "400"},
		{"a header of a megabyte", "GET /fhir/metadata HTTP/1.1\r\nHost: " + host + "\r\nX-Long: " + strings.Repeat("x", 2<<20) + "\r\nConnection: close\r\n\r\n", "431"},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer := raw(t, p, row.request)
			if !strings.HasPrefix(answer, "HTTP/1.1 "+row.status) {
				t.Errorf("answer %.60q, want status %s", answer, row.status)
			}
			head, _, _ := strings.Cut(answer, "\r\n\r\n")
			for _, line := range strings.Split(head, "\r\n") {
				if strings.HasPrefix(line, "X-Evil") {
					t.Errorf("the request made a header of the answer: %q", line)
				}
			}
		})
	}
}

// TestSlowClients has many clients send a byte a second. Honest ones are
// answered meanwhile, and the slow ones are cut off.
func TestSlowClients(t *testing.T) {
	p := start(t, kit.Launch{
		Store: "sqlite:" + t.TempDir() + "/caseway.db",
		Args:  []string{"--header-timeout", "2s", "--read-timeout", "4s"},
	})
	c := kit.NewClient(p.Base)
	known(t, c)
	host := strings.TrimPrefix(p.Root, "http://")
	var wg sync.WaitGroup
	for i := range 60 {
		head := ""
		if i%2 == 0 {
			head = "POST /fhir/Patient HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/fhir+json\r\nContent-Length: 1000000\r\n\r\n"
		}
		wg.Go(func() {
			if err := trickle(host, head); err != nil {
				t.Errorf("slow client %d: %v", i, err)
			}
		})
	}
	for range 100 {
		stillAnswers(t, c)
	}
	wg.Wait()
	stillAnswers(t, c)
}

// trickle sends head and then a byte a second, until the server ends the
// connection.
func trickle(host, head string) error {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer conn.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		io.Copy(io.Discard, conn)
	}()
	if _, err := io.WriteString(conn, head); err != nil {
		return err
	}
	for range 120 {
		select {
		case <-ended:
			return nil
		case <-time.After(time.Second):
		}
		if _, err := conn.Write([]byte("G")); err != nil {
			return nil
		}
	}
	return fmt.Errorf("the server still listens after two minutes")
}

func TestTwoConcurrentDeletes(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string) {
		c := kit.NewClient(start(t, kit.Launch{Store: store}).Base)
		for range 20 {
			known(t, c)
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					answer, err := c.Do(t.Context(), http.MethodDelete, "Patient/known", nil)
					if err != nil || answer.Status != http.StatusNoContent {
						t.Errorf("delete: status %d, %v: %s", answer.Status, err, answer.Body)
					}
				})
			}
			wg.Wait()
			if answer, err := c.Do(t.Context(), http.MethodGet, "Patient/known", nil); err != nil || answer.Status != http.StatusGone {
				t.Errorf("after two deletes: status %d, %v", answer.Status, err)
			}
		}
		f := wholeHistory(t, c)
		if n := len(f["Patient/known"]); n != 40 {
			t.Errorf("20 times made and deleted twice: %d versions, want 40", n)
		}
	})
}

func onBothStores(t *testing.T, run func(t *testing.T, store string)) {
	t.Run("sqlite", func(t *testing.T) { run(t, "sqlite:"+t.TempDir()+"/caseway.db") })
	t.Run("mongodb", func(t *testing.T) { run(t, mongotest.Server(t).URI) })
}

// refusesToStart runs a server that must end by itself with exit code above 0
// and a line that says why.
func refusesToStart(t *testing.T, store, why string) {
	t.Helper()
	p, err := kit.Spawn(kit.Launch{Binary: binary(t), Store: store, Log: filepath.Join(t.TempDir(), "server.log")})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if err := p.Wait(40 * time.Second); err == nil || !strings.HasPrefix(err.Error(), "exit status") {
		t.Errorf("it should have refused to start: %v", err)
	}
	output := p.Output()
	if !strings.Contains(strings.ToLower(output), why) {
		t.Errorf("no word of %q:\n%s", why, output)
	}
	if strings.Contains(output, "goroutine ") {
		t.Errorf("it panicked:\n%s", output)
	}
}

func TestSecondServerOnOneFile(t *testing.T) {
	store := "sqlite:" + t.TempDir() + "/caseway.db"
	c := kit.NewClient(start(t, kit.Launch{Store: store}).Base)
	known(t, c)
	refusesToStart(t, store, "use")
	known(t, c)
}

func TestStoreInAFolderThatIsNotThere(t *testing.T) {
	refusesToStart(t, "sqlite:"+t.TempDir()+"/nowhere/caseway.db", "nowhere")
}

// TestStoreWhereNobodyCanWrite uses a file system that refuses writes to root
// too.
func TestStoreWhereNobodyCanWrite(t *testing.T) {
	refusesToStart(t, "sqlite:/proc/self/caseway.db", "caseway.db")
}

func TestStoreThatIsNoStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "caseway.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	refusesToStart(t, "sqlite:"+path, "not a database")
}

func TestMongoDBWithAWrongPassword(t *testing.T) {
	database := mongotest.Own(t, mongotest.Options{Auth: true})
	uri := strings.Replace(database.URI, mongotest.Password, "wrong-one", 1)
	if uri == database.URI {
		t.Fatalf("no password in the URI of a server with logins")
	}
	refusesToStart(t, uri, "wrong user name, password")
}

// TestNoPasswordInTheLog starts and stops a server whose store has a password.
func TestNoPasswordInTheLog(t *testing.T) {
	database := mongotest.Own(t, mongotest.Options{Auth: true})
	p := start(t, kit.Launch{Store: database.URI})
	known(t, kit.NewClient(p.Base))
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	scan := bufio.NewScanner(strings.NewReader(p.Output()))
	for scan.Scan() {
		if strings.Contains(scan.Text(), mongotest.Password) {
			t.Errorf("the log has the password: %s", scan.Text())
		}
	}
}
