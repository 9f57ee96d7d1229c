package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/builtin"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping"
	"caseway/server"
	"caseway/server/app"
	"caseway/server/cases"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
	"caseway/server/operation"
)

// Serve is the command serve. The zero value of a setting is a safe one.
type Serve struct {
	Listen            string `default:"127.0.0.1:8080" help:"Address to listen on."`
	Store             string `default:"sqlite:caseway.db" help:"Where data lives: sqlite:FILE or a mongodb:// URI."`
	Login             `embed:""`
	AuditReads        bool     `help:"Write an AuditEvent for each read and search too, not only for sign-ins, tokens, launches, denied access and writes."`
	AuditAnyway       bool     `help:"Write AuditEvents with --auth none too, though nobody knows who it was."`
	BaseURL           string   `name:"base-url" help:"URL under which clients reach the server, without /fhir; without it, links show the host that each request names."`
	TLSCert           string   `name:"tls-cert" help:"File with the certificate chain in PEM; with --tls-key the server speaks TLS."`
	TLSKey            string   `name:"tls-key" help:"File with the certificate's key in PEM."`
	TrustedProxies    []string `help:"Addresses or networks (10.0.0.0/8) whose X-Forwarded-For, -Proto and -Host are believed."`
	CORSOrigin        []string `name:"cors-origin" help:"Origins of web pages that may read and write here (https://app.example.org)."`
	PreferStored      bool     `name:"prefer-stored-parameters" help:"Let a stored SearchParameter take the place of FHIR's own with the same type and code; changing this indexes all resources anew."`
	UnknownParameters string   `default:"refuse" enum:"refuse,ignore" help:"What a search does with parameters that it doesn't know where the client says nothing of it by Prefer: handling: refuse, or ignore, which finds more than was asked for."`
	Validation        `embed:""`
	MaxBody           int64         `default:"12582912" help:"Bytes that a request body may have, after inflating."`
	MaxEntries        int           `default:"2000" help:"Entries that a batch or transaction may have."`
	MaxAnswer         int64         `default:"67108864" help:"Bytes of JSON that one answer may have: pages get shorter and go on by their next link, and entries of a batch that don't fit fail alone."`
	MaxInFlight       int64         `default:"100663296" help:"Bytes that all requests together may hold, of bodies that come in and of answers that go out; what doesn't fit gets 503 with Retry-After. At least half more than --max-body and --max-answer have room."`
	MaxImport         int64         `default:"1073741824" help:"Bytes that a file of cases may have when it is imported, after inflating; each case may have as many as --max-body."`
	HeaderTimeout     time.Duration `default:"10s" help:"Time that a client has to send a request's header."`
	ReadTimeout       time.Duration `default:"1m" help:"Time that a client has to send a whole request."`
	WriteTimeout      time.Duration `default:"2m" help:"Time from a request's header to the end of its answer."`
	IdleTimeout       time.Duration `default:"2m" help:"Time that a connection stays open between requests."`
	ShutdownTimeout   time.Duration `default:"20s" help:"Time that requests under way have to finish when the server stops."`
	LogLevel          string        `default:"info" enum:"debug,info,warn,error" help:"Least level that is logged; requests are logged at info."`
	LogFormat         string        `default:"text" enum:"text,json" help:"Form of log lines, which go to standard error."`
}

// Run serves until ctx ends.
func (s Serve) Run(ctx context.Context, streams Streams) error {
	return s.run(ctx, streams, func(*interaction.Engine, net.Listener) error { return nil })
}

// run serves until ctx ends; first is called when all works, before anything is
// answered.
func (s Serve) run(ctx context.Context, streams Streams, first func(*interaction.Engine, net.Listener) error) (err error) {
	if err := s.check(); err != nil {
		return err
	}
	certs, err := s.certs()
	if err != nil {
		return err
	}
	log, writer := newLog(streams.Err, s.LogLevel, s.LogFormat)
	defer writer.Close()
	boundMemory(log)
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("can't listen on %s: %w", s.Listen, err)
	}
	defer listener.Close()
	metrics := server.NewMetrics()
	data, err := openStore(ctx, s.Store, log, metrics)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	settled, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel() // requests that are finished while the server stops have tokens too
	root, err := s.root(listener, certs)
	if err != nil {
		return err
	}
	memory := s.memory(settled)
	d, err := s.engine(data, memory, log)
	if err != nil {
		return err
	}
	stop, err := keepIndexed(ctx, d.engine, passing(log, "searching"))
	if err != nil {
		return err
	}
	defer stop()
	defer d.run(ctx, metrics)()
	login, err := s.login(settled, root, data, d, log)
	if err != nil {
		return err
	}
	front, err := s.assemble(d, data, server.Config{
		Memory: memory, BaseURL: root, Metrics: metrics, Log: log, Listen: s.Listen, Login: login, Audit: d.recorder, Cases: d.cases, Validator: d.validator, AuditReads: s.AuditReads,
	})
	if err != nil {
		return err
	}
	if err := passing(log, "paging")(d.engine.PrepareCursors(ctx)); err != nil {
		return err
	}
	metrics.Index(d.engine.IndexProgress)
	if err := first(d.engine, listener); err != nil {
		return err
	}
	s.announce(log, listener)
	writer.Flush()
	return front.Serve(ctx, listener, s.timeouts(), certs)
}

// announce says what serves where, and how open it is.
func (s Serve) announce(log *slog.Logger, listener net.Listener) {
	log.Info("serving", "address", s.url(listener), "store", storeName(s.Store), "auth", s.Login.name(), "version", versionText())
	if s.Login.none() && s.beyondLoopback() {
		log.Warn("NO LOGIN: whoever reaches " + s.Listen + " may read and change everything (--auth-none-anyway)")
	}
}

// engine makes what answers requests, with what decides about them.
func (s Serve) engine(data store.Store, memory *budget.Memory, log *slog.Logger) (d deciders, err error) {
	r4 := definition.R4()
	guard := rules.New(rules.Config{Schema: r4, Open: s.Login.none()})
	if d.validator, err = s.Validation.validator(log); err != nil {
		return d, err
	}
	recorder, guards := s.audited(data, log)
	d.recorder = recorder
	d.engine, err = interaction.New(interaction.Config{
		Store: data, Guards: slices.Concat([]interaction.Guard{guard}, s.Validation.guards(), guards), Schema: r4, ResourceTypes: r4.ResourceTypes(), Base: fhirBase(s.BaseURL),
		Compartments: []interaction.Compartment{membership.Compartment()}, PreferStoredParameters: s.PreferStored, Builtin: broughtAlong(), Validator: s.Validation.onWrites(d.validator),
		Limits: fhir.Limits{Bytes: s.decodeLimit()}, MaxEntries: s.MaxEntries, MaxAnswer: s.MaxAnswer, Memory: memory, Log: log,
	})
	if err != nil {
		return d, err
	}
	if d.access, err = s.access(data, d); err != nil {
		return d, err
	}
	d.cases = &cases.Config{Guard: guard, Caller: d.caller(), Server: d.engine.As(nil)}
	return d, nil
}

// broughtAlong are the code systems, extensions and templates of cases, and the
// definitions of operations.
func broughtAlong() []builtin.Resource {
	all := operation.Definitions()
	for _, d := range mapping.Conformance() {
		all = append(all, builtin.Resource{Key: d.Key, JSON: d.JSON})
	}
	return all
}

// decodeLimit is how long a resource's JSON may be. A body of native content
// that is as long as allowed becomes a third longer as a Binary's base64.
func (s Serve) decodeLimit() int {
	const around = 64 << 10 // a Binary's other elements
	limit := int(s.MaxBody)
	if limit == 0 {
		limit = fhir.DefaultLimits.Bytes
	}
	return limit/3*4 + around
}

// assemble wires the engine and the server.
func (s Serve) assemble(d deciders, data store.Store, c server.Config) (_ *server.Server, err error) {
	c.Engine, c.Store, c.ResourceTypes = d.caller(), data, definition.R4().ResourceTypes()
	c.Version, c.MaxBody, c.MaxImport = versionText(), s.MaxBody, s.MaxImport
	c.CORSOrigins, c.IgnoreUnknown = s.CORSOrigin, s.UnknownParameters == "ignore"
	if s.Login.embedded() {
		c.App = app.Handler()
	}
	if c.TrustedProxies, err = parseNetworks(s.TrustedProxies); err != nil {
		return nil, err
	}
	return server.New(c)
}

func (s Serve) timeouts() server.Timeouts {
	return server.Timeouts{
		Header: s.HeaderTimeout, Read: s.ReadTimeout, Write: s.WriteTimeout, Idle: s.IdleTimeout, Shutdown: s.ShutdownTimeout,
	}
}

// check refuses settings that contradict each other or aren't safe.
func (s Serve) check() error {
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		return fmt.Errorf("--listen is HOST:PORT, such as 127.0.0.1:8080: %w", err)
	}
	if s.Login.none() && s.beyondLoopback() && !s.AuthNoneAnyway {
		return fmt.Errorf("without a login %s could be read and changed by whoever reaches it: listen on loopback, "+
			"choose a login with --auth, or add --auth-none-anyway where the network is closed", s.Listen)
	}
	if !s.Login.none() && s.beyondLoopback() && s.TLSCert == "" && !strings.HasPrefix(s.BaseURL, "https://") {
		return errors.New("with a login, tokens would travel in plain text beyond loopback: give --tls-cert and --tls-key, " +
			"or --base-url https://… where a proxy speaks TLS")
	}
	if s.AuditReads && s.Login.none() && !s.AuditAnyway {
		return errors.New("--audit-reads needs a login, or --audit-anyway")
	}
	if err := s.Login.check(); err != nil {
		return err
	}
	if err := s.checkBounds(); err != nil {
		return err
	}
	if min(s.HeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout, s.ShutdownTimeout) < 0 {
		return errors.New("a timeout is 0 (its default) or more: without one, a client could hold a connection for ever")
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	return checkBaseURL(s.BaseURL)
}

// checkBounds refuses bounds that leave no room for what the others let in.
func (s Serve) checkBounds() error {
	if min(s.MaxBody, s.MaxImport, s.MaxAnswer, s.MaxInFlight, int64(s.MaxEntries)) < 0 {
		return errors.New("--max-body, --max-import, --max-answer and --max-in-flight are numbers of bytes and --max-entries is a number of entries, each 0 or more")
	}
	return nil
}

// memory is what clients may hold, beside which the process holds what it needs
// until ctx ends.
func (s Serve) memory(ctx context.Context) *budget.Memory {
	m := budget.NewMemory(s.inFlight())
	collectLess()
	go holdMemory(ctx, m)
	return m
}

// inFlight is how many bytes requests may hold together: one body and one answer
// of the size that the other settings allow have room beside others.
func (s Serve) inFlight() int64 { return max(s.MaxInFlight, s.MaxBody/2*3, s.MaxAnswer/2*3) }

func checkBaseURL(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("--base-url is a URL such as https://example.org or https://example.org/caseway")
	}
	if strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/fhir") {
		return errors.New("--base-url is the URL of the server's root: leave /fhir away, it is added")
	}
	return nil
}

// beyondLoopback reports whether others than this machine could connect.
func (s Serve) beyondLoopback() bool {
	return !auth.IsLoopback(s.listenHost())
}

func (s Serve) listenHost() string {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return ""
	}
	return host
}

func (s Serve) url(l net.Listener) string {
	if s.TLSCert != "" {
		return "https://" + l.Addr().String() + "/fhir"
	}
	return "http://" + l.Addr().String() + "/fhir"
}

func (s Serve) certs() (*tls.Config, error) {
	if s.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, nil
}

// parseNetworks reads addresses and CIDR networks.
func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		if ip, err := netip.ParseAddr(text); err == nil {
			networks = append(networks, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxies takes addresses and networks, such as 10.0.0.0/8: %w", err)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}
