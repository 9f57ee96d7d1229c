package provider

// EventKind is what an Event is about.
type EventKind string

// The kinds of events.
const (
	EventSignIn     EventKind = "sign-in"
	EventSignOut    EventKind = "sign-out"
	EventLaunch     EventKind = "launch"     // a launch context was made
	EventConsent    EventKind = "consent"    // a person granted or refused
	EventToken      EventKind = "token"      // tokens were issued or refused
	EventRevocation EventKind = "revocation" // a grant ended, on request or by misuse
)

// Event is something that an AuditEvent is to say. It holds no secrets.
type Event struct {
	Kind    EventKind
	OK      bool
	Reason  string // an OAuth error code or a few words where not OK
	User    string // account.User.ID, as far as known
	Client  string // account.Client.ID, as far as known
	Patient string // logical id in context
	Grant   string // id of the grant
	Scopes  string
}
