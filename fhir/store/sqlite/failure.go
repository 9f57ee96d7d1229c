package sqlite

import (
	"errors"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/store"
)

// failure says what an error of SQLite means to a caller; others pass.
func failure(err error) error {
	if err == nil {
		return nil
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull:
		return fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"the store's disk is full; nothing was written").Because(err)
	case sqlite.ResultReadOnly:
		return fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"the store can't be written: its file or file system is read-only; nothing was written").Because(err)
	case sqlite.ResultIOErr, sqlite.ResultCantOpen:
		return fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"the store's disk can't be read or written; nothing was written").Because(err)
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return fhir.NewError(fhir.Transient, fhir.IssueTransient,
			"the store is in use by another program; nothing was written").Because(err)
	case sqlite.ResultTooBig:
		return fhir.NewError(fhir.TooLarge, fhir.IssueTooLong,
			"the store can't hold a resource of this size").Because(err)
	}
	return err
}

// ofTheDisk reports whether an error concerns all who write, not one commit.
func ofTheDisk(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultReadOnly,
		sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true
	}
	return false
}

// unwritable reports whether a file can't be opened as wanted for want of room
// or of the right to write.
func unwritable(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultCantOpen, sqlite.ResultReadOnly:
		return true
	}
	return false
}

// damage reports whether an error says that the file isn't as it was written.
func damage(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true
	}
	return errors.Is(err, errDamagedIndex)
}

// refusal reports whether an error is a commit's own fault, found before
// anything of it was written.
func refusal(err error) bool {
	var c *store.Conflict
	var e *fhir.Error
	return errors.As(err, &c) || errors.Is(err, errMalformed) || errors.As(err, &e) && e.Kind == fhir.TooCostly
}

// errMalformed is a commit that no caller should make.
var errMalformed = errors.New("sqlite: malformed commit")

// errPosition is a search.Place that no scan of this store gave.
var errPosition = errors.New("sqlite: not a place in this store")
