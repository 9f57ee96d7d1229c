package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Image is a write as a Guard sees it.
type Image struct {
	// At is where the request holds the resource, the beginning of issues'
	// expressions: "Patient", or "Bundle.entry[3].resource"; "" for a write that
	// a Guard added.
	At     string
	Key    fhir.Key
	Method store.Method
	Before store.Version // the zero Version on create
	After  *fhir.Tree    // nil on delete
}

// Pending is a commit on its way to the store, as Guards see it.
type Pending struct {
	// Server reads and searches as the server itself, from which nothing is
	// hidden, to judge a change by what is there and not by what its caller sees.
	// Nothing is written through it: that would be a commit within a commit.
	Server *Session
	// Caller reads and searches as who asks for the commit.
	Caller *Session
	// Note is what the code that commits has to say of it, see Change; nil for a
	// commit that a client's request asks for.
	Note any
	// Images are all writes of the commit, those that Guards added included. A
	// Guard may replace an After.
	Images []Image

	issues []fhir.Issue
}

// Add lets further writes happen in the same commit: the consequences of it, or
// what bears witness to it. They are of resources that aren't among the images,
// each with an id, with Before as it was read and At "". Access isn't asked about
// them. A store without transactions refuses a commit that has any.
func (p *Pending) Add(more ...Image) { p.Images = append(p.Images, more...) }

// Issue tells the caller of something, once. An issue of severity error refuses
// the commit with kind Unprocessable, others are warnings.
func (p *Pending) Issue(issues ...fhir.Issue) {
	for _, is := range issues {
		if !slices.Contains(p.issues, is) {
			p.issues = append(p.issues, is)
		}
	}
}

// Refused reports whether an issue refuses the commit.
func (p *Pending) Refused() bool { return slices.ContainsFunc(p.issues, refuses) }

// refuses reports whether an issue is of severity error.
func refuses(is fhir.Issue) bool { return is.Severity == fhir.SeverityError || is.Severity == "" }

// Guard watches over commits. Safe for concurrent use.
type Guard interface {
	// Check looks at a commit, and adds to it writes and issues. It is called
	// again with a fresh Pending where another commit came in between.
	Check(ctx context.Context, p *Pending) error
}

// guard lets each Guard see a commit.
func (s *Session) guard(ctx context.Context, p *Pending) error {
	p.Caller, p.Server = s, s.server
	for _, g := range s.guards {
		if err := g.Check(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
