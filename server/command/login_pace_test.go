package command

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// TestStrangersAreHeldToAPace where what they ask for is written down, each
// address for itself.
func TestStrangersAreHeldToAPace(t *testing.T) {
	through := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	h := paced(through, func(w http.ResponseWriter, _ *http.Request, status int, text string) { http.Error(w, text, status) })
	ask := func(method, path, address string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
		r.RemoteAddr = address
		h.ServeHTTP(w, r)
		return w
	}
	for path, row := range map[string]struct {
		method string
		burst  int
	}{"/auth/authorize": {"GET", paceOfAuthorize.Burst}, "/auth/signin": {"POST", paceOfSignIn.Burst}} {
		t.Run(path, func(t *testing.T) {
			through, refused := 0, 0
			for n := range 10 * row.burst {
				answer := ask(row.method, path, "192.0.2.1:"+strconv.Itoa(1000+n))
				switch answer.Code {
				case http.StatusTeapot:
					through++
				case http.StatusTooManyRequests:
					refused++
					if wait, err := strconv.Atoi(answer.Header().Get("Retry-After")); err != nil || wait < 1 {
						t.Fatalf("%s: Retry-After %q", path, answer.Header().Get("Retry-After"))
					}
				default:
					t.Fatalf("%s: %d", path, answer.Code)
				}
			}
			if through < row.burst || refused < row.burst {
				t.Errorf("%s: %d let through and %d refused", path, through, refused)
			}
			if got := ask(row.method, path, "192.0.2.2:1").Code; got != http.StatusTeapot {
				t.Errorf("%s: another address gets %d", path, got)
			}
		})
	}
	for _, other := range []string{"/auth/token", "/auth/style.css", "/auth/signin"} {
		t.Run(other, func(t *testing.T) {
			if got := ask("GET", other, "192.0.2.1:1").Code; got != http.StatusTeapot {
				t.Errorf("%s: %d", other, got)
			}
		})
	}
}
