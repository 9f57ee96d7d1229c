package server

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"caseway/fhir/budget"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/fhir/validate"
	"caseway/server/audit"
	"caseway/server/cases"
	"caseway/server/cases/file"
	"caseway/server/operation"
)

// Config is what a Server needs.
type Config struct {
	Engine        *interaction.Session // as clients have it
	Store         store.Store          // asked by /readyz whether it can answer
	ResourceTypes []string
	Version       string // of this software
	Listen        string // address that the server is started on; its host is a name of ours
	// BaseURL is the URL under which clients reach the server's root; "" takes
	// each request's own scheme and host.
	BaseURL        string
	MaxBody        int64          // bytes of a request body after inflating; 0: 12 MiB
	MaxImport      int64          // bytes of a file of cases after inflating; 0: 1 GiB
	Memory         *budget.Memory // what bodies and answers are drawn from; nil: it has no bound
	CORSOrigins    []string
	TrustedProxies []netip.Prefix
	App            http.Handler        // answers /app; nil: nothing does
	Cases          *cases.Config       // of what answers /cases; nil: nothing does
	Validator      *validate.Validator // answers $validate; nil: by the rules of R4 alone
	Login          *Login              // nil: there is none, and everybody may do everything
	Audit          *audit.Recorder     // of what is denied; nil: nobody bears witness
	// IgnoreUnknown passes over search parameters that aren't known, where a
	// client doesn't prefer otherwise; else they are refused.
	IgnoreUnknown bool
	AuditReads    bool         // Audit records what is read and searched, too
	Metrics       *Metrics     // nil: its own
	Log           *slog.Logger // nil: discarded
}

// Server answers HTTP. Safe for concurrent use.
type Server struct {
	engine       *interaction.Session
	store        store.Store
	types        map[string]*resourceType
	unknown      *resourceType // counts requests for types that don't exist
	door         *originCheck
	login        *Login
	cases        *cases.Service
	caseFiles    *file.Service
	version      string
	app          bool // there is the sample app
	operations   *operation.Service
	audit        *audit.Recorder
	auditReads   bool
	isLenient    bool // see Config.IgnoreUnknown
	proxies      proxies
	baseURL      string
	maxBody      int64
	maxImport    int64
	memory       *budget.Memory
	gate         *budget.Gate // for heavy bodies
	metrics      *Metrics
	log          *slog.Logger
	capabilities capabilities
	mux          *gin.Engine
	draining     atomic.Bool
	open         connections
}

// resourceType is a resource type with its counters.
type resourceType struct {
	name   string
	counts typeCounts
}

// defaultMaxBody is 12 MiB, as decoding's limit; files of cases are read in
// pieces and may be longer.
const (
	defaultMaxBody   = 12 << 20
	defaultMaxImport = 1 << 30
)

// patience is how long a heavy request waits for others to be done.
const patience = 20 * time.Second

// New makes a server.
func New(c Config) (*Server, error) {
	if c.Engine == nil || c.Store == nil {
		return nil, errors.New("server: Engine and Store are needed")
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxBody == 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.MaxImport == 0 {
		c.MaxImport = defaultMaxImport
	}
	door, err := newOriginCheck(c)
	if err != nil {
		return nil, err
	}
	s := &Server{
		version: c.Version, app: c.App != nil, engine: c.Engine, store: c.Store, types: make(map[string]*resourceType, len(c.ResourceTypes)),
		unknown: &resourceType{name: "unknown"}, door: door, login: c.Login, audit: c.Audit, auditReads: c.AuditReads, isLenient: c.IgnoreUnknown, proxies: c.TrustedProxies,
		baseURL: strings.TrimSuffix(c.BaseURL, "/"), maxBody: c.MaxBody, maxImport: c.MaxImport, metrics: c.Metrics, log: c.Log,
		memory: c.Memory, gate: budget.NewGate(c.MaxBody, patience),
	}
	if c.Cases != nil {
		s.cases, s.caseFiles = cases.New(*c.Cases), file.New(*c.Cases)
	}
	for _, name := range c.ResourceTypes {
		s.types[name] = &resourceType{name: name}
	}
	s.operations = newOperations(c, s.cases)
	s.capabilities.claim(c, s.baseURL, claimed(s.operations.List()))
	s.mount()
	s.mountPages(c.App)
	return s, nil
}

// methods are the methods that routes are looked up by.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, http.MethodConnect,
}

// mount puts the route table on Gin. Every path gets every method, so that a
// wrong one is answered by us, with what is allowed.
func (s *Server) mount() {
	gin.SetMode(gin.ReleaseMode)
	s.mux = gin.New()
	s.mux.RedirectTrailingSlash = false
	s.mux.UseRawPath = true // an escaped slash stays in its segment, where it is refused
	table := append(routes(), operationRoutes(s.operations.List())...)
	if s.cases != nil {
		table = append(table, caseRoutes()...)
	}
	for path, byMethod := range routesByPath(table) {
		for _, m := range methods {
			s.mux.Handle(m, path, s.answer(byMethod[m]))
		}
	}
	s.mux.NoRoute(s.answer(&route{path: "unknown", public: true, handle: nothingHere}))
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n := len(r.URL.Path); n > 1 && r.URL.Path[n-1] == '/' && r.URL.Path != "/app/" {
		r.URL.Path = r.URL.Path[:n-1]
		r.URL.RawPath = strings.TrimSuffix(r.URL.RawPath, "/")
	}
	if !isKnownMethod(r.Method) {
		r.Method = http.MethodTrace // refused everywhere, as an unknown one is
	}
	s.mux.ServeHTTP(w, r)
}

func isKnownMethod(method string) bool {
	for _, m := range methods {
		if m == method {
			return true
		}
	}
	return false
}
