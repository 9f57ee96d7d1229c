package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/server/demo"
)

// Demo is the command demo.
type Demo struct {
	Listen string `default:"127.0.0.1:0" help:"Address on this machine to listen on; with port 0 a free one is taken."`
	Auth   string `default:"none" enum:"none,embedded" help:"Login: none, or embedded, which shows sign-in, consent and the patient app with accounts that are printed."`
}

// Run serves invented patients and cases from a temporary folder until ctx ends,
// and removes the folder.
func (d Demo) Run(ctx context.Context, streams Streams) (err error) {
	dir, err := os.MkdirTemp("", "caseway-demo-")
	if err != nil {
		return fmt.Errorf("a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := Serve{
		Listen: d.Listen, Store: "sqlite:" + filepath.Join(dir, "caseway.db"),
		Login: Login{Auth: []string{d.Auth}}, LogLevel: "warn", LogFormat: "text",
	}
	if s.beyondLoopback() {
		return errors.New("the demo is for this machine only: it listens on an address such as 127.0.0.1:8080")
	}
	var accounts []demo.Account
	if d.Auth == authEmbedded {
		accounts = demo.Accounts()
		s.AuthSeed = filepath.Join(dir, "seed.yaml")
		if err := os.WriteFile(s.AuthSeed, demo.Seed(accounts), 0o600); err != nil {
			return fmt.Errorf("the accounts of the demo: %w", err)
		}
	}
	return s.run(ctx, streams, func(engine *interaction.Engine, l net.Listener) error {
		fmt.Fprintln(streams.Out, "Making up patients and their cases …")
		all, err := demo.Load(ctx, demo.Config{Engine: engine.As(nil), Schema: definition.R4(), Base: s.url(l), Now: time.Now()})
		if ctx.Err() != nil { // stopped meanwhile: there is nothing to print, or to serve
			return nil
		}
		if err != nil {
			return err
		}
		root := "http://" + l.Addr().String()
		if accounts != nil {
			return printAccounts(streams.Out, root, accounts)
		}
		return printDemo(streams.Out, root, all)
	})
}

// printAccounts says who can sign in at root, and where.
func printAccounts(w io.Writer, root string, accounts []demo.Account) error {
	text := "\nAll of it is invented, and gone when the demo stops (Ctrl-C).\n\nOpen\n" +
		"  " + root + "/app/\n    the patient app: sign in as a patient, let the app in, and see the plan, the team and the tasks\n" +
		"  " + root + "/auth/apps\n    an account: which apps it has let in\n" +
		"  " + root + "/\n    what is here\n\nAccounts of this demo\n"
	for _, a := range accounts {
		text += fmt.Sprintf("  %-14s %s   %s\n", a.Name, a.Password, a.Who)
	}
	_, err := io.WriteString(w, text)
	return err
}

// printDemo says what there is at root, and what to try.
func printDemo(w io.Writer, root string, all []demo.Case) error {
	deal := all[0]
	for _, c := range all {
		if c.Point == demo.Negotiated {
			deal = c
		}
	}
	text := "\nThere is no login: whoever reaches " + root + " may read and change everything.\n" +
		"All of it is invented, and gone when the demo stops (Ctrl-C).\n\nOpen\n"
	for _, page := range [][2]string{
		{"/", "what is here"},
		{"/cases", "the cases"},
		{"/cases/openapi.json", "what the case API takes"},
		{"/fhir/metadata?_pretty=true", "what the FHIR API takes"},
	} {
		text += fmt.Sprintf("  %-52s %s\n", root+page[0], page[1])
	}
	text += "\nThe cases\n"
	for _, c := range all {
		text += fmt.Sprintf("  %s/cases/%s\n    %s: %s (%s)\n", root, c.ID, c.Story, c.Point, c.Phase)
	}
	text += "\nTry\n" +
		"  # Who is being cared for, and what is due next?\n" +
		"  curl '" + root + "/cases?phase=planning,active'\n" +
		"  # The home infusion in the words of case managers: who has offered what, who pays which share?\n" +
		"  curl '" + root + "/cases/" + deal.ID + "?view=whole'\n" +
		"  # The same case as an EHR sees it.\n" +
		"  curl '" + root + "/fhir/EpisodeOfCare/" + deal.ID + "/$everything?_pretty=true'\n"
	_, err := io.WriteString(w, text)
	return err
}
