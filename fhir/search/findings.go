package search

import (
	"errors"

	"caseway/fhir"
)

// findings are the problems of a request. All of them are told, each with the
// parameter that has it.
type findings struct {
	issues []fhir.Issue
	kind   fhir.Kind
}

// mostFindings is how many problems are told; who has more has enough to do.
const mostFindings = 100

// add takes a client's problem in and gives back an error that is none.
func (f *findings) add(name string, err error) error {
	if err == nil {
		return nil
	}
	if e := (ignorable{}); errors.As(err, &e) {
		err = e.withHint()
	}
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Kind != fhir.Invalid && fe.Kind != fhir.TooCostly {
		return err
	}
	// One that is wrong is told as wrong, however much it would cost.
	if len(f.issues) == 0 || fe.Kind == fhir.Invalid {
		f.kind = fe.Kind
	}
	for _, is := range fe.Issues {
		if len(f.issues) < mostFindings {
			is.Expression = shown(name)
			f.issues = append(f.issues, is)
		}
	}
	return nil
}

// err gives all problems as one error; nil where there are none.
func (f *findings) err() error {
	if len(f.issues) == 0 {
		return nil
	}
	return &fhir.Error{Kind: f.kind, Issues: f.issues}
}

// ignorable is an error for which lenient handling leaves the parameter out:
// nothing is known by this name, or it isn't supported
// (https://hl7.org/fhir/R4/search.html#errors).
type ignorable struct {
	strict *fhir.Error
	known  bool // it exists and isn't supported
	// hint says what may be meant, "" for nothing. It is asked only for what is
	// told in the end: a chain meets many dead ends.
	hint func() string
}

func (e ignorable) Error() string { return e.strict.Error() }

// Unwrap gives the error as strict handling has it.
func (e ignorable) Unwrap() error { return e.strict }

// withHint gives the error with its hint.
func (e ignorable) withHint() *fhir.Error {
	if e.hint == nil {
		return e.strict
	}
	return fhir.NewError(e.strict.Kind, e.strict.Issues[0].Code, e.strict.Issues[0].Text+e.hint())
}

// unknown refuses what nothing is known of.
func unknown(text string, hint func() string) error {
	return ignorable{strict: fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, text), hint: hint}
}

// notSupported refuses what isn't supported.
func notSupported(text string) error {
	return ignorable{strict: fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, text), known: true}
}

// malformed refuses a value; the text says what would be right.
func malformed(name, text string) error {
	return fhir.NewError(fhir.Invalid, fhir.IssueValue, "the parameter "+name+": "+text)
}
