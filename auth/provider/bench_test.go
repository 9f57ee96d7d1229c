package provider_test

import "testing"

// BenchmarkVerify is a token that was seen before: its hash, the look-up, and
// once a second the look whether its grant still lives.
func BenchmarkVerify(b *testing.B) {
	h := furnish(b, openSQLite(b))
	h.clock.ticking = true
	token := h.tokens("alice", "openid fhirUser launch/patient patient/*.rs offline_access").is("access_token")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.p.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
