package interaction

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Create stores a new resource under an id that the server assigns
// (https://hl7.org/fhir/R4/http.html#create). With IfNoneExist it is done only
// if nothing matches, exactly once however many ask at the same time; one
// match is the Result instead, with Matched set, and several fail with kind
// MultipleMatches.
func (s *Session) Create(ctx context.Context, r CreateRequest) (Result, error) {
	if err := s.checkType(r.Type); err != nil {
		return Result{}, err
	}
	if err := s.notRepeated(ctx, r.IdempotencyKey); err != nil {
		return Result{}, err
	}
	body, err := s.decode(r.Type, r.Body)
	if err != nil {
		return Result{}, err
	}
	return s.create(ctx, r, body, r.Type)
}

// create stores a decoded body that at names in expressions.
func (s *Session) create(ctx context.Context, r CreateRequest, body *fhir.Tree, at string) (Result, error) {
	criteria, err := s.ifNoneExist(ctx, r)
	if err != nil {
		return Result{}, err
	}
	if err := s.noConditionalReferences(body, at); err != nil {
		return Result{}, err
	}
	d := &draft{
		at: at, what: Create, method: store.Post, body: body,
		key: fhir.Key{Type: r.Type, ID: fhir.NewID(s.clock())},
	}
	warnings, err := s.validate(ctx, []*draft{d})
	if err != nil {
		return Result{}, err
	}
	if criteria == nil {
		// Only what a guard adds can conflict: the id is new.
		var result Result
		err := s.retry(ctx, func() (err error) {
			result, err = s.createPlain(ctx, d, nil, r.IdempotencyKey, warnings)
			return err
		})
		return result, err
	}
	return s.createConditional(ctx, d, criteria, r.IdempotencyKey, warnings)
}

func (s *Session) ifNoneExist(ctx context.Context, r CreateRequest) (*criteria, error) {
	if r.IfNoneExist == "" {
		return nil, nil
	}
	query, err := queryOf(r.Type, r.IfNoneExist)
	if err != nil {
		return nil, err
	}
	return s.criteria(ctx, r.Type, query)
}

// queryOf gives the query part of the condition of a create. By the letter of R4
// nothing else stands there
// (https://hl7.org/fhir/R4/http.html#ccreate), but clients also send the type
// before it, or the whole URL of the search, under whatever name they know this
// server by.
func queryOf(typ, condition string) (string, error) {
	path, query, asks := strings.Cut(condition, "?")
	if !asks || strings.Contains(path, "=") { // the question mark is one of a value
		return condition, nil
	}
	if named := path[strings.LastIndexByte(path, '/')+1:]; path != "" && named != typ {
		return "", fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
			"the condition of a create asks for resources of the type that is created, "+typ+", and not for those of another")
	}
	return query, nil
}

// createPlain creates once what is left of a create when its conditions are
// known.
func (s *Session) createPlain(ctx context.Context, d *draft, p []store.Precondition, idempotencyKey string, warnings []fhir.Issue) (Result, error) {
	if err := s.permit(ctx, []*draft{d}); err != nil {
		return Result{}, err
	}
	admitted, more, err := s.admit(ctx, []*draft{d}, nil)
	if err != nil {
		return Result{}, err
	}
	versions, err := s.commit(ctx, admitted, p, idempotencyKey)
	if err != nil {
		return Result{}, err
	}
	return Result{Version: versions[0], Created: true, Issues: append(warnings, more...)}, nil
}

func (s *Session) createConditional(ctx context.Context, d *draft, c *criteria, idempotencyKey string, warnings []fhir.Issue) (Result, error) {
	release, err := s.locks.take(ctx, c.key)
	if err != nil {
		return Result{}, err
	}
	defer release()
	var result Result
	if c, err = s.asked(ctx, c); err != nil {
		return Result{}, err
	}
	err = s.retry(ctx, func() error {
		found, err := s.matches(ctx, c, 2)
		if err != nil {
			return err
		}
		switch len(found) {
		case 0:
			result, err = s.createPlain(ctx, d, conditionHolds(c, ""), idempotencyKey, warnings)
		case 1:
			result = Result{Version: found[0], Matched: true}
			err = s.decide(ctx, Question{What: Create, Key: found[0].Key, Before: found[0], After: d.body})
		default:
			err = severalMatch("")
		}
		return err
	})
	return result, err
}
