package operation

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/validate"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/problem"
)

// Session is the engine as callers of operations have it.
// *interaction.Session is one.
type Session interface {
	Operate(ctx context.Context, what interaction.Name, key fhir.Key) (store.Version, error)
	Read(ctx context.Context, key fhir.Key) (store.Version, error)
	Find(ctx context.Context, r interaction.SearchRequest) (interaction.Page, error)
	Commit(ctx context.Context, c interaction.Change) (interaction.Committed, error)
	Valid(ctx context.Context, resource *fhir.Tree) error
	EverythingText(ctx context.Context, r interaction.EverythingRequest) (fhir.Text, error)
	LastNText(ctx context.Context, r interaction.LastNRequest) (fhir.Text, error)
	ReindexStatus(ctx context.Context, id string) ([]byte, error)
	Reindex(ctx context.Context) ([]byte, error)
}

// Config is what a Service needs.
type Config struct {
	Engine Session
	Cases  *cases.Service // nil: the operations on cases aren't answered
	Schema fhir.Schema
	// Open is set where nobody logs in: then the steps of cases are taken in the
	// role of the case manager.
	Open  bool
	Clock func() time.Time // nil: time.Now
	Gate  *budget.Gate     // for operations on what is large; nil: they don't wait
	// Validator answers $validate; nil: that isn't answered.
	Validator *validate.Validator
}

// Service answers operations. Safe for concurrent use.
type Service struct {
	engine    Session
	cases     *cases.Service
	schema    fhir.Schema
	open      bool
	clock     func() time.Time
	gate      *budget.Gate
	validator *validate.Validator
}

// New makes a Service.
func New(c Config) *Service {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Service{engine: c.Engine, cases: c.Cases, schema: c.Schema, open: c.Open, clock: c.Clock, gate: c.Gate, validator: c.Validator}
}

// Request is a call of an operation.
type Request struct {
	Key  fhir.Key // without an id: the operation is called on the type; the zero key: on the system
	Name string   // without "$"
	// Get is set where a call may change nothing: by GET, and in a transaction.
	Get     bool
	Query   []search.Pair  // of the URL, decoded
	Body    []byte         // a Parameters resource, or nothing; see row.body
	Base    string         // our own FHIR base URL without a closing slash
	Lenient bool           // see interaction.SearchRequest
	Answer  *budget.Answer // what the answer is drawn from; nil: it has no bound
}

// call is a request that has been read and let through.
type call struct {
	Request
	target store.Version // of an operation on a resource
	given  arguments
	pairs  []search.Pair // what is given, for an operation of the engine's
}

// local is a reference that is given, relative where it is below our own base.
func (c call) local(name string) string { return strings.TrimPrefix(c.given.text(name), c.Base+"/") }

// Do answers a call with the JSON of a resource. An operation that isn't there
// fails with kind NotFound, one that writes and is called where nothing may be
// changed with NotAllowed, arguments that don't fit its definition with Invalid,
// a step that the rules of cases stand against with Unprocessable.
func (s *Service) Do(ctx context.Context, r Request) ([]byte, error) {
	text, err := s.DoText(ctx, r)
	if err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// DoText is Do that doesn't put the answer together.
func (s *Service) DoText(ctx context.Context, r Request) (fhir.Text, error) {
	var none fhir.Text
	d := s.find(r.Name, r.Key)
	if d == nil {
		return none, s.Unsupported()
	}
	if d.AffectsState && r.Get {
		err := fhir.NewError(fhir.NotAllowed, fhir.IssueNotSupported, "$"+r.Name+" changes what is stored: it is called by POST, by itself or in a batch")
		err.Allow = []string{http.MethodOptions, http.MethodPost}
		return none, err
	}
	c, err := s.read(ctx, d, r)
	if err != nil {
		return none, err
	}
	leave, err := s.gate.Enter(ctx, int64(len(c.target.JSON))) // decoded it has many times as many bytes
	if err != nil {
		return none, err
	}
	defer leave()
	limited, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	text, err := s.answer(limited, d, c)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && !fhir.Is(err, fhir.TooCostly, fhir.Transient) {
		return none, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "$"+r.Name+" takes too long; ask for less at once").Because(err)
	}
	return text, err
}

// answer does what an operation does.
func (s *Service) answer(ctx context.Context, d *definition, c call) (fhir.Text, error) {
	if page := rows[d.ID].page; page != nil {
		return page(s, ctx, c)
	}
	body, err := rows[d.ID].do(s, ctx, c)
	if err == nil {
		err = c.Answer.Take(len(body))
	}
	return fhir.NewText(body), asFHIR(err)
}

// longest is how long an operation may take.
const longest = 30 * time.Second

// read lets a call through and reads what it gives.
func (s *Service) read(ctx context.Context, d *definition, r Request) (c call, err error) {
	c.Request = r
	if rows[d.ID].engine {
		c.pairs, err = s.readPairs(d, r)
		return c, err
	}
	asked := r.Key
	if asked.Type == "" {
		asked.Type = rows[d.ID].of
	}
	if c.target, err = s.engine.Operate(ctx, interaction.Name("$"+r.Name), asked); err != nil {
		return c, err
	}
	if rows[d.ID].body {
		var wrong []fhir.Issue
		if c.given, wrong = fromQuery(d, r.Query); len(wrong) > 0 {
			err = &fhir.Error{Kind: fhir.Invalid, Issues: wrong}
		}
		return c, err
	}
	c.given, err = s.readArguments(d, r)
	return c, err
}

// kindOf are the kinds of errors for the statuses of the case API.
var kindOf = map[int]fhir.Kind{
	http.StatusBadRequest: fhir.Invalid, http.StatusForbidden: fhir.Forbidden, http.StatusNotFound: fhir.NotFound,
	http.StatusPreconditionFailed: fhir.VersionConflict, http.StatusUnprocessableEntity: fhir.Unprocessable,
}

// parameterOf are the parameters of operations that are members of the case
// API's bodies.
var parameterOf = map[string]string{"/client": "subject", "/referral": "referral", "/argument/model": "model", "/argument/setting": "setting"}

// asFHIR says what the case API refuses in FHIR's words.
func asFHIR(err error) error {
	p, found := (*problem.Problem)(nil), casemodel.Errors(nil)
	if !errors.As(err, &p) {
		if !errors.As(err, &found) {
			return err
		}
		p = problem.Of(err, http.StatusUnprocessableEntity)
	}
	kind, known := kindOf[p.Status]
	if !known {
		return err
	}
	fe := &fhir.Error{Kind: kind}
	for _, f := range p.Errors {
		code, text := fhir.IssueInvalid, f.Detail
		if name := parameterOf[f.Pointer]; name != "" {
			text = "parameter " + name + ": " + text
		}
		if f.Rule != "" {
			code, text = fhir.IssueBusinessRule, f.Rule+": "+f.Detail
		}
		fe.Issues = append(fe.Issues, issue(code, text))
	}
	if len(fe.Issues) == 0 {
		fe.Issues = append(fe.Issues, issue(fhir.IssueInvalid, p.Detail))
	}
	return fe
}

// invalid refuses an argument.
func invalid(name, text string) error {
	return fhir.NewError(fhir.Invalid, fhir.IssueValue, "parameter "+name+" "+text)
}
