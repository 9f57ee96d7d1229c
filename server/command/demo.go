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
		Login: Login{Auth: []string{authNone}}, LogLevel: "warn", LogFormat: "text",
	}
	if s.beyondLoopback() {
		return errors.New("the demo has no login and listens on this machine only, such as on 127.0.0.1:8080")
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
		return printDemo(streams.Out, "http://"+l.Addr().String(), all)
	})
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
