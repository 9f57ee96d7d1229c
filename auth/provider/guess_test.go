package provider_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// TestSecretsAreNotGuessed: after many wrong ones from an address even the right
// one waits, for this client alone, and once it is known to be right again
// nothing stays behind.
func TestSecretsAreNotGuessed(t *testing.T) {
	h := newHouse(t)
	try := func(client, secret string) answer {
		return h.post("/auth/introspect", url.Values{"token": {"x"}}, "Authorization", basic(client, secret))
	}
	for range 200 { // right ones cost nothing
		if a := try("portal", secret); a.status != http.StatusOK {
			t.Fatalf("the right secret: %d %s", a.status, a.text)
		}
	}
	var a answer
	for n := 0; a.status != http.StatusTooManyRequests; n++ {
		if a = try("portal", "guess"+strconv.Itoa(n)); a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests || n > 50 {
			t.Fatalf("guess %d: %d %s", n, a.status, a.text)
		}
	}
	if a = try("portal", secret); a.status != http.StatusTooManyRequests {
		t.Errorf("the right secret right after guesses: %d %s", a.status, a.text)
	}
	wait, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || wait < 1 || wait > 60 {
		t.Fatalf("Retry-After %q", a.header.Get("Retry-After"))
	}
	if a := try("nobody", "x"); a.status != http.StatusUnauthorized {
		t.Errorf("another client: %d %s", a.status, a.text)
	}
	h.clock.move(time.Duration(wait) * time.Second)
	if a := try("portal", secret); a.status != http.StatusOK {
		t.Errorf("the right secret after waiting: %d %s", a.status, a.text)
	}
}
