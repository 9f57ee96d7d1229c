package fhirpath

import (
	"errors"
	"fmt"
	"strings"
)

// SyntaxError says why an expression doesn't compile and where.
type SyntaxError struct {
	Expression string
	Offset     int // in bytes
	Text       string
}

// Error gives line and column, counted from 1, and what is wrong.
func (e *SyntaxError) Error() string {
	before := e.Expression[:min(e.Offset, len(e.Expression))]
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return fmt.Sprintf("FHIRPath %d:%d: %s", line, column, e.Text)
}

// EvalError says why an evaluation has no result. Its text names functions and
// types, never values.
type EvalError struct {
	Offset int // of what failed, in bytes of the expression
	Text   string
	Cause  error // a hook's error, or nil
}

// Error gives the place and the reason.
func (e *EvalError) Error() string {
	text := fmt.Sprintf("FHIRPath at %d: %s", e.Offset+1, e.Text)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the hook's error.
func (e *EvalError) Unwrap() error { return e.Cause }

// ErrTooCostly is the cause of an EvalError where the step limit is used up or
// a value grows beyond bounds.
var ErrTooCostly = errors.New("the expression costs too much to evaluate")

func failed(offset int, format string, args ...any) error {
	return &EvalError{Offset: offset, Text: fmt.Sprintf(format, args...)}
}

func tooCostly(offset int) error {
	return &EvalError{Offset: offset, Text: "stopped", Cause: ErrTooCostly}
}
