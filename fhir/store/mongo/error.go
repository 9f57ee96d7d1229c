package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Error labels that the server and the driver give
// (https://github.com/mongodb/specifications/blob/master/source/transactions/transactions.md).
const (
	labelTransient = "TransientTransactionError"
	labelUnknown   = "UnknownTransactionCommitResult"
	labelRetryable = "RetryableWriteError"
)

// Codes of server errors that the store tells apart.
const (
	codeIndexNotFound    = 27
	codeNamespaceExists  = 48
	codeOutOfTime        = 50    // MaxTimeMSExpired
	codeTooLarge         = 10334 // BSONObjectTooLarge
	codeTooLargeForCache = 313   // TransactionTooLargeForCache
)

// awayCodes are codes that say that the server can't serve now but may soon:
// it lost its primary, shuts down, has no majority, has no snapshot just after
// an index was made, is out of time or disk
// (https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml).
var awayCodes = []int{
	6, 7, 50, 64, 89, 91, 100, 133, 134, 189, 202, 239, 246, 262, 317, 9001, 10058, 10107, 11600, 11602, 13435, 13436, 14031,
}

// asError makes of a driver's error what store.Store promises. ctx is the
// caller's.
func asError(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *fhir.Error
	var conflict *store.Conflict
	switch {
	case errors.As(err, &known), errors.As(err, &conflict):
		return err
	case slices.Contains(mongo.ErrorCodes(err), codeTooLarge):
		return tooLarge().Because(plain(op, err))
	case slices.Contains(mongo.ErrorCodes(err), codeTooLargeForCache):
		return fhir.NewError(fhir.TooLarge, fhir.IssueTooLong, "the transaction is larger than the database can hold at once").Because(plain(op, err))
	case isAway(err), isConflict(err):
		return away(plain(op, err))
	}
	return plain(op, err)
}

// plain names codes and never the text of a write error, which may hold
// values. The driver's other errors speak of connections.
func plain(op string, err error) error {
	var we mongo.WriteException
	var be mongo.BulkWriteException
	var ce mongo.CommandError
	switch {
	case errors.As(err, &we), errors.As(err, &be):
		return fmt.Errorf("mongo: %s: write refused with codes %v", op, mongo.ErrorCodes(err))
	case errors.As(err, &ce) && ce.Code > 0:
		return fmt.Errorf("mongo: %s: server error %d (%s)", op, ce.Code, ce.Name)
	}
	return fmt.Errorf("mongo: %s: %w", op, err)
}

func away(cause error) *fhir.Error {
	e := fhir.NewError(fhir.Transient, fhir.IssueTransient, "the store is away or too busy; try again").Because(cause)
	e.RetryAfter = retryAfter
	return e
}

func tooLarge() *fhir.Error {
	return fhir.NewError(fhir.TooLarge, fhir.IssueTooLong, "the resource is larger than the store can hold (16 MB with its index)")
}

// isAway reports whether the server didn't answer, or said that it can't now.
func isAway(err error) bool {
	if mongo.IsNetworkError(err) || mongo.IsTimeout(err) {
		return true
	}
	var selection topology.ServerSelectionError
	var pool topology.PoolError
	if errors.As(err, &selection) || errors.As(err, &pool) {
		return true
	}
	return slices.ContainsFunc(mongo.ErrorCodes(err), func(c int) bool { return slices.Contains(awayCodes, c) }) ||
		hasLabel(err, labelRetryable) || hasLabel(err, labelUnknown)
}

// isOverdue reports whether the server, or the wait for a connection to it,
// took longer than allowed. A server that says nothing at all is away.
func isOverdue(err error) bool {
	var wait topology.WaitQueueTimeoutError
	return errors.As(err, &wait) || slices.Contains(mongo.ErrorCodes(err), codeOutOfTime)
}

// isConflict reports whether a transaction lost against another one and may be
// tried again from its beginning.
func isConflict(err error) bool { return hasLabel(err, labelTransient) || errors.Is(err, errCollided) }

func hasLabel(err error, label string) bool {
	var le mongo.LabeledError
	return errors.As(err, &le) && le.HasErrorLabel(label)
}

// isLoginRefused: the driver gives no code for it.
func isLoginRefused(err error) bool {
	text := err.Error()
	return strings.Contains(text, "auth error") || strings.Contains(text, "AuthenticationFailed")
}
