// Package form reads what clients of the case API send: bodies along the Go types
// that they stand for, and parameters. It says of each value that is wrong where it
// is and what would do.
package form
