package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/mapping/casemodel"
	"caseway/server"
	"caseway/server/cases"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
	"caseway/server/load"
)

// Load is the command load.
type Load struct {
	To           string   `help:"FHIR base URL of a running server, such as http://127.0.0.1:8080/fhir; without it the store is written to directly." placeholder:"URL"`
	Token        string   `help:"Bearer token for a server with a login; better in the environment than on a command line."`
	Store        string   `default:"sqlite:caseway.db" help:"Store to write to where --to isn't given: sqlite:FILE or a mongodb:// URI."`
	BaseURL      string   `name:"base-url" help:"The server's --base-url, where the store is written to directly: the index depends on it."`
	PreferStored bool     `name:"prefer-stored-parameters" help:"As the server's setting of this name, where the store is written to directly."`
	AsIs         bool     `help:"Store bundles as Bundle resources instead of carrying them out."`
	Whole        bool     `help:"Refuse a transaction whole where an entry isn't valid R4, instead of loading it without that entry."`
	Again        bool     `help:"Store also what an earlier run has stored."`
	CheckCases   bool     `help:"Afterwards go through all cases of the store and print which of those that rules bind break them; loading holds nothing to them. Fails where any does."`
	Parallel     int      `default:"0" help:"Items under way at once; 0: one for each processor."`
	Paths        []string `arg:"" name:"path" help:"Files, or folders with all that is below them: .json, .ndjson or .jsonl, also with .gz."`
}

// loadTimeout is how long a server may take over one item.
const loadTimeout = 10 * time.Minute

// Run loads and prints what was refused and why. It fails where anything was.
func (l Load) Run(ctx context.Context, s Streams) (err error) {
	if l.CheckCases && l.To != "" {
		return errors.New("--check-cases looks into a store (--store); a running server holds what it takes to the rules")
	}
	target, done, err := l.target(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	report, err := load.Run(ctx, target, l.Paths, load.Options{
		AsIs: l.AsIs, Whole: l.Whole, Parallel: l.Parallel, Progress: s.Err, Terminal: isTerminal(s.Err),
	})
	if report == nil {
		return err
	}
	if err := report.Write(s.Out); err != nil {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("stopped; the same command goes on from here")
	case err != nil:
		return err
	case l.CheckCases:
		err = checkCases(ctx, target.(load.Engine).Session, s.Out)
	}
	if err == nil && report.Refused() > 0 {
		return errSilent
	}
	return err
}

// checkCases prints the cases that break rules which bind them, and how many.
func checkCases(ctx context.Context, engine *interaction.Session, out io.Writer) error {
	guard := rules.New(rules.Config{Schema: definition.R4(), Open: true})
	service := cases.New(cases.Config{Guard: guard, Caller: engine, Server: engine})
	n := 0
	if err := service.Unsound(ctx, func(id string, broken casemodel.Errors) error {
		n++
		var names []string
		for _, one := range broken {
			if !slices.Contains(names, one.Rule) {
				names = append(names, one.Rule)
			}
		}
		_, err := fmt.Fprintf(out, "EpisodeOfCare/%s: %s\n", id, strings.Join(names, ", "))
		return err
	}); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d cases break rules that bind them\n", n)
	if n > 0 {
		return errSilent
	}
	return nil
}

// mostLoaded is how many entries a Bundle may have that goes into a store
// directly.
const mostLoaded = 10_000

// target opens what is loaded into, and gives how to close it.
func (l Load) target(ctx context.Context, s Streams) (load.Target, func() error, error) {
	if l.To != "" {
		base := strings.TrimRight(l.To, "/")
		if !strings.HasPrefix(base, "http://") && !strings.HasPrefix(base, "https://") {
			return nil, nil, fmt.Errorf("--to is a FHIR base URL such as http://127.0.0.1:8080/fhir, not %q", l.To)
		}
		target := load.HTTP{Base: base, Client: &http.Client{Timeout: loadTimeout}, Again: l.Again, Token: l.Token}
		return target, func() error { return nil }, target.Reach(ctx)
	}
	log := slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	data, err := openStore(ctx, l.Store, log, server.NewMetrics())
	if err != nil {
		return nil, nil, err
	}
	r4 := definition.R4()
	engine, err := interaction.New(interaction.Config{
		Store: data, Schema: r4, ResourceTypes: r4.ResourceTypes(), Log: log,
		Guards: []interaction.Guard{membership.NewGuard(r4)}, Compartments: []interaction.Compartment{membership.Compartment()},
		Base: fhirBase(l.BaseURL), PreferStoredParameters: l.PreferStored, MaxEntries: mostLoaded,
	})
	if err != nil {
		return nil, nil, errors.Join(err, data.Close())
	}
	stop, err := keepIndexed(ctx, engine, final)
	if err != nil {
		return nil, nil, errors.Join(err, data.Close())
	}
	done := func() error {
		stop()
		return data.Close()
	}
	return load.Engine{Session: engine.As(nil), Base: "http://localhost/fhir", Again: l.Again}, done, nil
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
