package auth_test

import (
	"testing"

	"caseway/auth"
)

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.8.7": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "localhost.example.org": false,
		"127.0.0.1:80": false, "[::1]": false, "127.0.0.1.example.org": false, "LOCALHOST.": false,
	} {
		t.Run(host, func(t *testing.T) {
			if got := auth.IsLoopback(host); got != want {
				t.Errorf("%q: %v", host, got)
			}
		})
	}
}
