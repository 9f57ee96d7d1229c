package scope

import (
	"fmt"
	"slices"
	"strings"

	"caseway/fhir/definition"
)

// mostScopes and longestText bound what one request can ask for.
const (
	mostScopes  = 200
	longestText = 16 << 10 // bytes
)

// others are the scopes that aren't about resources
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html).
var others = []string{
	"openid", "fhirUser", "profile", "offline_access", "online_access",
	"launch", "launch/patient", "launch/encounter",
}

// Others lists the scopes that aren't about resources.
func Others() []string { return slices.Clone(others) }

// Error says which scopes of a text aren't understood.
type Error struct {
	Scopes []string // as they were sent, made printable and cut; why is in the same place of Why
	Why    []string
}

func (e *Error) Error() string {
	parts := make([]string, len(e.Scopes))
	for i, s := range e.Scopes {
		parts[i] = s + ": " + e.Why[i]
	}
	return "scopes that aren't understood: " + strings.Join(parts, "; ")
}

func (e *Error) add(text, why string) {
	if len(e.Scopes) < 10 {
		e.Scopes = append(e.Scopes, printable(text))
		e.Why = append(e.Why, why)
	}
}

// printable is a text as an OAuth error description may show it (RFC 6749,
// section 4.1.2.1).
func printable(text string) string {
	const longest = 100
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, text)
}

// Parse reads scopes with spaces between them, of version 1 and 2 of SMART's
// scope language and mixed. Where some aren't understood, the error is an
// *Error that names them, and the Set has the others: whoever must refuse does
// so, and whoever may grant less takes the Set.
func Parse(text string) (Set, error) {
	if len(text) > longestText {
		return Set{}, &Error{Scopes: []string{printable(text)}, Why: []string{"the text is too long"}}
	}
	var set Set
	var wrong Error
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' })
	if len(words) > mostScopes {
		return Set{}, &Error{Scopes: []string{"scope"}, Why: []string{fmt.Sprintf("at most %d scopes can be asked for at once", mostScopes)}}
	}
	for _, word := range words {
		if slices.Contains(others, word) {
			set.Others = append(set.Others, word)
			continue
		}
		s, why := parseResource(word)
		if why != "" {
			wrong.add(word, why)
			continue
		}
		set.Resources = append(set.Resources, s)
	}
	set.normalise()
	if wrong.Scopes != nil {
		return set, &wrong
	}
	return set, nil
}

// parseResource reads a resource scope, or says what is wrong with it.
func parseResource(word string) (s Scope, why string) {
	text, query, narrowed := strings.Cut(word, "?")
	context, rest, ok := strings.Cut(text, "/")
	if !ok {
		return s, "there is no such scope"
	}
	s.Context = Context(context)
	if s.Context != Patient && s.Context != User && s.Context != System {
		return s, "a resource scope begins with patient/, user/ or system/"
	}
	typ, letters, ok := strings.Cut(rest, ".")
	if !ok {
		return s, "behind the resource type come a dot and permissions, such as .rs"
	}
	if s.Type = typ; typ != Any && !definition.R4().IsResourceType(typ) {
		return s, "there is no such resource type"
	}
	if s.Permissions, ok = parsePermissions(letters, narrowed); !ok {
		return s, "permissions are letters of cruds in this order, or read, write or * without search parameters"
	}
	if narrowed {
		s.Query, why = normalQuery(query)
	}
	return s, why
}

// Any as a Scope's Type stands for all resource types.
const Any = "*"

// letters are the permissions in the order in which they are written.
const letters = "cruds"

// version1 gives what the permissions of version 1 stand for
// (section "Scopes for requesting FHIR Resources" of version 2, on the
// translation of the old ones).
var version1 = map[string]Permissions{
	"read":  Read | Search,
	"write": Create | Update | Delete,
	"*":     Create | Read | Update | Delete | Search,
}

func parsePermissions(text string, narrowed bool) (p Permissions, ok bool) {
	if old, known := version1[text]; known {
		return old, !narrowed
	}
	next := 0
	for i := range len(text) {
		at := strings.IndexByte(letters[next:], text[i])
		if at < 0 {
			return 0, false
		}
		next += at + 1
		p |= 1 << (next - 1)
	}
	return p, p != 0
}

// String writes permissions as letters in their order.
func (p Permissions) String() string {
	var b strings.Builder
	for i := range len(letters) {
		if p&(1<<i) != 0 {
			b.WriteByte(letters[i])
		}
	}
	return b.String()
}
