package operation

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

// Engine is what operations read and write through.
// *interaction.Engine is one.
type Engine interface {
	Operate(ctx context.Context, what interaction.Name, key fhir.Key) (store.Version, error)
	Read(ctx context.Context, key fhir.Key) (store.Version, error)
	Search(ctx context.Context, r interaction.SearchRequest) ([]byte, error)
	Bundle(ctx context.Context, r interaction.BundleRequest) ([]byte, error)
	Valid(ctx context.Context, resource *fhir.Tree) error
}

// Config is what a Service needs.
type Config struct {
	Engine Engine
	Cases  *cases.Service
	Schema fhir.Schema
	// Open is set where nobody logs in: then the steps of cases are taken in the
	// role of the case manager.
	Open  bool
	Clock func() time.Time // nil: time.Now
}

// Service answers operations. Safe for concurrent use.
type Service struct {
	engine Engine
	cases  *cases.Service
	schema fhir.Schema
	open   bool
	clock  func() time.Time
}

// New makes a Service.
func New(c Config) *Service {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Service{engine: c.Engine, cases: c.Cases, schema: c.Schema, open: c.Open, clock: c.Clock}
}

// Request is a call of an operation.
type Request struct {
	Key  fhir.Key // without an id: the operation is called on the type
	Name string   // without "$"
	Get  bool     // parameters are in Query, else in Body
	// Query are the parameters of the URL, decoded.
	Query []search.Pair
	Body  []byte // a Parameters resource, or nothing
	Base  string // our own FHIR base URL without a closing slash
}

// call is a request that has been read and let through.
type call struct {
	Request
	target store.Version
	given  arguments
}

// local is a reference that is given, relative where it is below our own base.
func (c call) local(name string) string { return strings.TrimPrefix(c.given.text(name), c.Base+"/") }

// run are the operations by name.
var run = map[string]func(*Service, context.Context, call) ([]byte, error){
	"open":              (*Service).openEpisode,
	"close":             (*Service).closeEpisode,
	"apply":             (*Service).apply,
	"reconcile":         (*Service).reconcile,
	"update-care-teams": (*Service).updateCareTeams,
}

// Do answers a call with the JSON of a resource. An operation that the type
// doesn't have fails with kind NotFound, arguments that don't fit its definition
// with kind Invalid, a step that the rules of cases stand against with kind
// Unprocessable.
func (s *Service) Do(ctx context.Context, r Request) ([]byte, error) {
	d := definitionOf(r.Key.Type, r.Name)
	if d == nil || d.Instance != (r.Key.ID != "") {
		return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "$"+r.Name+" isn't an operation of this type")
	}
	target, err := s.engine.Operate(ctx, interaction.Name("$"+r.Name), r.Key)
	if err != nil {
		return nil, err
	}
	given, err := s.read(d, r)
	if err != nil {
		return nil, err
	}
	body, err := run[r.Name](s, ctx, call{r, target, given})
	return body, asFHIR(err)
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
	p, found := (*cases.Problem)(nil), casemodel.Errors(nil)
	if !errors.As(err, &p) {
		if !errors.As(err, &found) {
			return err
		}
		p = cases.ProblemOf(err, http.StatusUnprocessableEntity)
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
