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
func (e *Engine) Create(ctx context.Context, r CreateRequest) (Result, error) {
	if err := e.checkType(r.Type); err != nil {
		return Result{}, err
	}
	if err := e.notRepeated(ctx, r.IdempotencyKey); err != nil {
		return Result{}, err
	}
	body, err := e.decode(r.Type, r.Body)
	if err != nil {
		return Result{}, err
	}
	return e.create(ctx, r, body, r.Type)
}

// create stores a decoded body that at names in expressions.
func (e *Engine) create(ctx context.Context, r CreateRequest, body *fhir.Tree, at string) (Result, error) {
	criteria, err := e.ifNoneExist(ctx, r)
	if err != nil {
		return Result{}, err
	}
	if err := e.noConditionalReferences(body, at); err != nil {
		return Result{}, err
	}
	d := &draft{
		at: at, what: Create, method: store.Post, body: body,
		key: fhir.Key{Type: r.Type, ID: fhir.NewID(e.clock())},
	}
	warnings, err := e.validate(ctx, []*draft{d})
	if err != nil {
		return Result{}, err
	}
	if criteria == nil {
		// Only what a guard adds can conflict: the id is new.
		var result Result
		err := e.retry(ctx, func() (err error) {
			result, err = e.createPlain(ctx, d, nil, r.IdempotencyKey, warnings)
			return err
		})
		return result, err
	}
	return e.createConditional(ctx, d, criteria, r.IdempotencyKey, warnings)
}

func (e *Engine) ifNoneExist(ctx context.Context, r CreateRequest) (*criteria, error) {
	if r.IfNoneExist == "" {
		return nil, nil
	}
	query, err := queryOf(r.Type, r.IfNoneExist)
	if err != nil {
		return nil, err
	}
	return e.criteria(ctx, r.Type, query)
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
func (e *Engine) createPlain(ctx context.Context, d *draft, p []store.Precondition, idempotencyKey string, warnings []fhir.Issue) (Result, error) {
	if err := e.permit(ctx, []*draft{d}); err != nil {
		return Result{}, err
	}
	admitted, more, err := e.admit(ctx, []*draft{d})
	if err != nil {
		return Result{}, err
	}
	versions, err := e.commit(ctx, admitted, p, idempotencyKey)
	if err != nil {
		return Result{}, err
	}
	return Result{Version: versions[0], Created: true, Issues: append(warnings, more...)}, nil
}

func (e *Engine) createConditional(ctx context.Context, d *draft, c *criteria, idempotencyKey string, warnings []fhir.Issue) (Result, error) {
	release, err := e.locks.take(ctx, c.key)
	if err != nil {
		return Result{}, err
	}
	defer release()
	var result Result
	if c, err = e.asked(ctx, c); err != nil {
		return Result{}, err
	}
	err = e.retry(ctx, func() error {
		found, err := e.matches(ctx, c, 2)
		if err != nil {
			return err
		}
		switch len(found) {
		case 0:
			result, err = e.createPlain(ctx, d, conditionHolds(c, ""), idempotencyKey, warnings)
		case 1:
			result = Result{Version: found[0], Matched: true}
			err = e.decide(ctx, Create, found[0].Key, found[0], d.body)
		default:
			err = severalMatch("")
		}
		return err
	})
	return result, err
}
