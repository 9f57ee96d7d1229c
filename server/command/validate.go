package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/validate"
	"caseway/server/load"
)

// Validate is the command validate.
type Validate struct {
	Packages []string `help:"FHIR packages to validate with: folders and .tgz files, separated by commas." placeholder:"FOLDER|TGZ"`
	Profile  []string `help:"Canonical URLs of profiles that each resource of their types is held to, beside those that it claims." placeholder:"URL"`
	Format   string   `enum:"table,json" default:"table" help:"table: a line for each issue. json: a JSON line for each resource."`
	Errors   bool     `name:"errors-only" help:"Leave warnings out."`
	Advice   bool     `help:"Also say what is only good practice."`
	Parallel int      `default:"0" help:"Files under way at once; 0: one for each processor."`
	Paths    []string `arg:"" name:"path" help:"Files, or folders with all that is below them: .json, .ndjson or .jsonl, also with .gz."`
}

// checkedBytes is how big a file may be that is validated.
const checkedBytes = 256 << 20

// checkedSteps bounds the work on one resource: Bundles of some MB need more than
// a request may take.
const checkedSteps = 500_000_000

// tidy is how much garbage may pile up, in percent of what is in use.
const tidy = 30

// Run validates all files and prints what was found. It fails where a resource
// has an error.
func (c Validate) Run(ctx context.Context, s Streams) error {
	began := time.Now()
	if len(c.Packages) > 0 { // definitions stay, resources go: memory is worth more than time then
		defer debug.SetGCPercent(debug.SetGCPercent(tidy))
	}
	files, err := resourceFiles(c.Paths)
	if err != nil {
		return err
	}
	validator, err := c.validator(s.Err)
	if err != nil {
		return err
	}
	for _, url := range c.Profile {
		if err := validator.Usable(url); err != nil {
			return err
		}
	}
	ch := checker{Validate: c, validator: validator}
	wrong, all, err := ch.files(ctx, files, s.Out)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%d resources in %d files, %d with errors, in %s\n", all, len(files), wrong, time.Since(began).Round(time.Millisecond))
	if wrong > 0 {
		return errSilent
	}
	return nil
}

// validator makes the Validator with its packages.
func (c Validate) validator(errs io.Writer) (*validate.Validator, error) {
	options, err := withPackages(c.Packages, validate.Options{Steps: checkedSteps, Advice: c.Advice}, func(missing string) {
		fmt.Fprintf(errs, "caseway: a package is missing: %s\n", missing)
	})
	if err != nil {
		return nil, err
	}
	return validate.New(definition.R4(), options), nil
}

// resourceFiles lists the files that paths name, folders with all that is below.
func resourceFiles(paths []string) ([]string, error) {
	var files []string
	if err := load.Find(paths, func(path string, _ int64) { files = append(files, path) }); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("nothing to validate: no file named .json, .ndjson or .jsonl, or these with .gz")
	}
	return files, nil
}

// checker validates files.
type checker struct {
	Validate
	validator *validate.Validator
}

// outcome is what came of one file.
type outcome struct {
	text       []byte
	wrong, all int
	err        error
}

// files validates several at once and writes what was found in their order.
func (c *checker) files(ctx context.Context, files []string, out io.Writer) (wrong, all int, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	count := c.Parallel
	if count <= 0 {
		count = runtime.GOMAXPROCS(0)
	}
	slots := make(chan chan outcome, count)
	go func() {
		defer close(slots)
		for _, f := range files {
			slot := make(chan outcome, 1)
			select {
			case slots <- slot:
			case <-ctx.Done():
				return
			}
			go func() { slot <- c.file(ctx, f) }()
		}
	}()
	for slot := range slots {
		o := <-slot
		if o.err != nil {
			return wrong, all, o.err
		}
		if _, err := out.Write(o.text); err != nil {
			return wrong, all, err
		}
		wrong, all = wrong+o.wrong, all+o.all
	}
	return wrong, all, ctx.Err()
}

// limits are for files of people who chose them.
var limits = fhir.Limits{Bytes: checkedBytes}
