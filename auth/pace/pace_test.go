package pace_test

import (
	"fmt"
	"testing"
	"time"

	"caseway/auth/pace"
)

func TestTokensAreTakenAndComeBack(t *testing.T) {
	now := time.Now()
	b := pace.New(pace.Limit{Burst: 3, Every: 2 * time.Second}, func() time.Time { return now })
	others := time.Hour
	take := func(caller string, want time.Duration) {
		t.Helper()
		if got := b.Take(caller); got != want {
			t.Errorf("%s waits %v, want %v", caller, got, want)
		}
	}
	for range 3 {
		take("a", 0)
	}
	take("a", 2*time.Second)
	take("a", 2*time.Second)                        // asking in vain costs nothing
	for _, other := range []string{"b", "c", "d"} { // one may share the bucket by chance, hardly all
		others = min(others, b.Take(other))
	}
	if others > 0 {
		t.Error("other callers wait too")
	}
	now = now.Add(time.Second)
	take("a", time.Second)
	now = now.Add(time.Second)
	take("a", 0)
	take("a", 2*time.Second)
	now = now.Add(time.Hour)
	for range 3 {
		take("a", 0)
	}
	take("a", 2*time.Second)
	b.Return("a")
	take("a", 0)
	take("a", 2*time.Second)
}

// TestManyCallersAreHeldToALimitTogether: memory doesn't grow with them.
func TestManyCallersAreHeldToALimitTogether(t *testing.T) {
	now := time.Now()
	b := pace.New(pace.Limit{Burst: 1, Every: time.Minute}, func() time.Time { return now })
	through := 0
	for n := range 100_000 {
		if b.Take(fmt.Sprint(n)) == 0 {
			through++
		}
	}
	if through < 10_000 || through > 20_000 {
		t.Errorf("%d of 100,000 callers were let through", through)
	}
}

func TestAnAddressIsACaller(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7":             "192.0.2.7",
		"192.0.2.7:4711":        "192.0.2.7",
		"::ffff:192.0.2.7":      "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":  "2001:db8:1:2::/64",
		"[2001:db8:1:2::9]:443": "2001:db8:1:2::/64",
		"fe80::1%eth0":          "fe80::/64",
		"":                      "",
		"a name":                "a name",
	} {
		t.Run(address, func(t *testing.T) {
			if got := pace.Caller(address); got != want {
				t.Errorf("%q is %q, want %q", address, got, want)
			}
		})
	}
}
