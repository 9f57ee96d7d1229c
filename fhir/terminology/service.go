package terminology

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// Resolver finds resources. Safe for concurrent use.
type Resolver interface {
	// Resolve returns the current resource of a type, ValueSet or CodeSystem,
	// by its canonical URL, with or without a version, or by a reference such
	// as ValueSet/1; nil where there is none. Access rules are the resolver's.
	Resolve(ctx context.Context, typ, canonical string) (*fhir.Tree, error)
}

// MostCodes bounds an expansion.
const MostCodes = 10_000

// deepest is how many value sets may import one another.
const deepest = 20

// Service implements search.Terminology. Its errors are *fhir.Error of kind
// NotFound for what isn't known, Invalid for what can't be told exactly and
// TooCostly for too many codes; others are the Resolver's. Safe for concurrent
// use.
type Service struct {
	set      *definition.Set
	resolver Resolver // nil: only the definitions
}

// New makes a Service; resolver may be nil.
func New(set *definition.Set, resolver Resolver) *Service {
	return &Service{set: set, resolver: resolver}
}

var _ search.Terminology = (*Service)(nil)

// Expand lists the codes of a value set, each once.
func (s *Service) Expand(ctx context.Context, valueSet string) ([]search.Coding, error) {
	x := &expander{service: s, ctx: ctx, systems: map[string]*hierarchy{}}
	return x.valueSet(valueSet)
}

// Below lists the codes that a code subsumes, itself among them.
func (s *Service) Below(ctx context.Context, code search.Coding) ([]search.Coding, error) {
	return s.related(ctx, code, (*hierarchy).below)
}

// Above lists the codes that subsume a code, itself among them.
func (s *Service) Above(ctx context.Context, code search.Coding) ([]search.Coding, error) {
	return s.related(ctx, code, (*hierarchy).above)
}

func (s *Service) related(ctx context.Context, code search.Coding, of func(*hierarchy, string) []string) ([]search.Coding, error) {
	if code.System == "" {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "a hierarchy of codes belongs to a code system: the value is system|code")
	}
	h, err := s.hierarchy(ctx, code.System)
	if err != nil {
		return nil, err
	}
	if !h.has(code.Code) {
		return nil, nil // what isn't known matches nothing
	}
	codes := of(h, code.Code)
	if len(codes) > MostCodes {
		return nil, tooMany()
	}
	codings := make([]search.Coding, len(codes))
	for i, c := range codes {
		codings[i] = search.Coding{System: code.System, Code: c}
	}
	return codings, nil
}

// find asks the resolver.
func (s *Service) find(ctx context.Context, typ, canonical string) (*fhir.Tree, error) {
	if s.resolver == nil {
		return nil, nil
	}
	tree, err := s.resolver.Resolve(ctx, typ, canonical)
	if err != nil {
		return nil, fmt.Errorf("terminology: finding a %s: %w", typ, err)
	}
	return tree, nil
}

// listed gives the definitions' codes of a value set; ok is false where they
// don't have it.
func (s *Service) listed(url string) (codings []search.Coding, ok bool, err error) {
	set := s.set.CodeSet(url)
	if set == nil {
		return nil, false, nil
	}
	lister, ok := set.(definition.CodingLister)
	if !ok {
		return nil, true, inexact("the value set has a rule for its codes and can't be listed")
	}
	for system, code := range lister.Codings() {
		codings = append(codings, search.Coding{System: system, Code: code})
	}
	return codings, true, nil
}

func inexact(text string) error {
	return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, text)
}

func unknown(what string) error {
	return fhir.NewError(fhir.NotFound, fhir.IssueNotFound, what+" isn't known here; create it as a resource, or name another")
}

func tooMany() error {
	return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, fmt.Sprintf("the value set has more than %d codes", MostCodes))
}

// unique drops what is there again.
func unique(codings []search.Coding) []search.Coding {
	seen := make(map[search.Coding]bool, len(codings))
	return slices.DeleteFunc(codings, func(c search.Coding) bool {
		again := seen[c]
		seen[c] = true
		return again
	})
}

// withoutVersion cuts a canonical's version off.
func withoutVersion(canonical string) string {
	url, _, _ := strings.Cut(canonical, "|")
	return url
}
