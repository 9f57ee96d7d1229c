package server

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// create is POST [base]/[type].
func create(x *exchange) error {
	h := x.c.Request.Header
	if err := refusePreconditions(h, "If-Match", "If-None-Match", "If-Unmodified-Since"); err != nil {
		return err
	}
	criteria, err := ifNoneExist(h)
	if err == nil && criteria == "" {
		criteria, err = x.criteriaInURL()
	}
	if err != nil {
		return err
	}
	repeat, err := x.idempotencyKey()
	if err != nil {
		return err
	}
	body, err := x.readResource("")
	if err != nil {
		return err
	}
	result, err := x.server.engine.Create(x.context(), interaction.CreateRequest{
		Type: x.typ.name, Body: body, IfNoneExist: criteria, IdempotencyKey: repeat,
	})
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if result.Matched {
		status = http.StatusOK
	}
	x.c.Writer.Header().Set("Location", x.location(result.Version))
	x.answerWrite(status, result)
	return nil
}

// ifNoneExist reads the criteria of a conditional create. A header that says
// nothing, or two things, must not end in a plain create.
func ifNoneExist(h http.Header) (string, error) {
	values := h["If-None-Exist"]
	if len(values) == 0 {
		return "", nil
	}
	criteria := strings.TrimSpace(values[0])
	if len(values) > 1 || criteria == "" {
		return "", fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
			"If-None-Exist stands once and holds search parameters, such as identifier=http://example.org|1")
	}
	return criteria, nil
}

// criteriaInURL are search parameters in the URL of a create, as some clients
// write a conditional one: to pass over them would store the duplicate that they
// are to prevent. What is no search parameter isn't one of them.
func (x *exchange) criteriaInURL() (string, error) {
	if x.c.Request.URL.RawQuery == "" {
		return "", nil
	}
	q, err := parseQuery(x.c.Request.URL.RawQuery)
	if err != nil {
		return "", err
	}
	registry, found := x.server.engine.Registry(), false
	var others []string
	for _, p := range q {
		code, _, _ := strings.Cut(p.name, ":")
		code, _, _ = strings.Cut(code, ".")
		switch {
		case registry.Parameter(x.typ.name, code) != nil || code == "_has":
			found = true
		case strings.HasPrefix(code, "_"):
			others = append(others, p.name)
		}
	}
	if !found {
		return "", nil
	}
	return q.without(others...), nil
}

// update is PUT [base]/[type]/[id].
func update(x *exchange) error {
	h, key := x.c.Request.Header, x.key()
	if err := refusePreconditions(h, "If-None-Match", "If-Unmodified-Since", "If-None-Exist"); err != nil {
		return err
	}
	tags, err := ifMatch(h)
	if err != nil {
		return err
	}
	repeat, err := x.idempotencyKey()
	if err != nil {
		return err
	}
	body, err := x.readResource(key.ID)
	if err != nil {
		return err
	}
	result, err := x.matching(key, tags, func(expect int64) (interaction.Result, error) {
		return x.server.engine.Update(x.context(), interaction.UpdateRequest{
			Key: key, Body: body, IfMatch: expect, IdempotencyKey: repeat,
		})
	})
	if err != nil {
		return err
	}
	x.answerUpdate(result)
	return nil
}

func (x *exchange) answerUpdate(r interaction.Result) {
	status, header := http.StatusOK, "Content-Location"
	if r.Created {
		status, header = http.StatusCreated, "Location"
	}
	x.c.Writer.Header().Set(header, x.location(r.Version))
	x.answerWrite(status, r)
}

// remove is DELETE [base]/[type]/[id].
func remove(x *exchange) error {
	h, key := x.c.Request.Header, x.key()
	if err := refusePreconditions(h, "If-None-Match", "If-Unmodified-Since"); err != nil {
		return err
	}
	tags, err := ifMatch(h)
	if err != nil {
		return err
	}
	if err := refuseBody(x.c.Request); err != nil {
		return err
	}
	result, err := x.matching(key, tags, func(expect int64) (interaction.Result, error) {
		return x.server.engine.Delete(x.context(), interaction.DeleteRequest{Key: key, IfMatch: expect})
	})
	if err != nil {
		return err
	}
	x.answerDelete(result)
	return nil
}

func (x *exchange) answerDelete(r interaction.Result) {
	if r.Version.Exists() {
		values := []string{`W/"` + strconv.FormatInt(r.Version.VersionID, 10) + `"`}
		x.c.Writer.Header()["Etag"] = values
	}
	if x.prefer() == interaction.ReturnOutcome {
		x.writeJSON(http.StatusOK, fhir.Outcome(r.Issues...))
		return
	}
	x.setWarnings(r.Issues)
	x.c.Writer.WriteHeader(http.StatusNoContent)
}

// rounds is how often a write under several versions is tried while others write.
const rounds = 10

// matching does a write under If-Match. For *, and for several versions, the
// current one is read and expected, so that a change in between is noticed, and
// read again where another write came first.
func (x *exchange) matching(
	key fhir.Key, tags entityTags, write func(expect int64) (interaction.Result, error),
) (interaction.Result, error) {
	if expect, one := tags.one(); one || tags.absent() {
		return write(expect)
	}
	var result interaction.Result
	var err error
	for range rounds {
		var current store.Version
		current, err = x.server.engine.Read(x.context(), key)
		if fhir.Is(err, fhir.NotFound, fhir.Gone) {
			return result, fhir.NewError(fhir.VersionConflict, fhir.IssueConflict,
				"If-Match doesn't hold: there is no current version")
		}
		if err != nil {
			return result, err
		}
		if !tags.match(current.VersionID) {
			return result, fhir.NewError(fhir.VersionConflict, fhir.IssueConflict,
				"If-Match names other versions than the current one")
		}
		if result, err = write(current.VersionID); !fhir.Is(err, fhir.VersionConflict) {
			break
		}
	}
	return result, err
}

// idempotencyKey reads the Idempotency-Key header, with which a loader makes
// sure that a repeated write happens once. Keys of different callers are
// different: nobody learns of another's, or uses them up.
func (x *exchange) idempotencyKey() (string, error) {
	key := x.c.Request.Header.Get("Idempotency-Key")
	if len(key) > 255 {
		return "", fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "Idempotency-Key is longer than 255 characters")
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return "", fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "Idempotency-Key takes printable ASCII without spaces")
		}
	}
	if p := auth.From(x.context()); p != nil && key != "" {
		who := sha256.Sum256([]byte(strconv.Quote(p.Issuer) + strconv.Quote(p.Subject) + strconv.Quote(p.Client)))
		key = hex.EncodeToString(who[:]) + " " + key
	}
	return key, nil
}
