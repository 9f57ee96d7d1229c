// Package command is the command line: flags and environment variables become
// settings, and each command is wired here from the packages that do its work.
//
// Every flag has an environment variable, CASEWAY_ and its name in capitals.
// Only here is the environment read. Exit codes: 0 done, 1 failed with a line
// that says why, 2 a command line that can't be understood.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = ""

// commands is the command line as kong reads it.
type commands struct {
	Serve    Serve    `cmd:"" default:"withargs" help:"Serve FHIR; what caseway does without a command."`
	Demo     Demo     `cmd:"" help:"Serve invented patients and cases from a temporary folder, to look around."`
	Backup   Backup   `cmd:"" help:"Copy an SQLite store while a server may be using it."`
	Load     Load     `cmd:"" help:"Bring files of FHIR JSON into a store or to a running server."`
	Validate Validate `cmd:"" help:"Validate files of FHIR JSON, without a server."`
	Health   Health   `cmd:"" help:"Ask the server on this machine whether it lives; exit code 0 or 1."`
	User     User     `cmd:"" help:"Add, list and lock users of the embedded login."`
	Client   Client   `cmd:"" help:"Add, list and remove applications of the embedded login."`
	Settings Settings `cmd:"" help:"Print the settings of serve as a Markdown table."`
	Version  Version  `cmd:"" help:"Print the version."`

	ShowVersion kong.VersionFlag `name:"version" env:"-" help:"Print the version."`
}

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// exit carries kong's wish to end the process up to Run.
type exit int

// Run does what args ask for and returns the exit code.
func Run(args []string, out, errs io.Writer) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return run(ctx, args, out, errs)
}

func run(ctx context.Context, args []string, out, errs io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			e, wanted := p.(exit)
			if !wanted {
				panic(p)
			}
			code = int(e)
		}
	}()
	parser, err := newParser(&commands{}, out, errs)
	if err != nil {
		return fail(errs, err)
	}
	line, err := parser.Parse(asKong(args))
	if err != nil {
		err = meant(parser.Model, args, err)
	} else {
		err = checkVariables(parser.Model, environment(), errs)
	}
	if err != nil {
		fail(errs, err)
		return exitUsage
	}
	line.BindTo(ctx, (*context.Context)(nil))
	line.Bind(Streams{In: os.Stdin, Out: out, Err: errs})
	if err := line.Run(); err != nil {
		return fail(errs, err)
	}
	return 0
}

func newParser(c *commands, out, errs io.Writer) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("caseway"),
		kong.Description("Caseway is a FHIR R4 care-coordination server."),
		kong.DefaultEnvars(strings.TrimSuffix(prefix, "_")),
		kong.Vars{"version": "caseway " + versionText()},
		kong.Writers(out, errs),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// errSilent is an error that has been said already.
var errSilent = errors.New("failed")

func fail(errs io.Writer, err error) int {
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(errs, "caseway:", err)
	}
	return exitFailed
}
