package server

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// history is GET [base]/_history, [base]/[type]/_history and
// [base]/[type]/[id]/_history.
func history(x *exchange) error {
	request := interaction.HistoryRequest{Base: x.base(), Count: interaction.NoCount}
	if x.typ != nil {
		request.Type = x.typ.name
	}
	if x.c.Param("id") != "" {
		request.ID = x.key().ID
	}
	if err := readHistoryQuery(&request, x.c.Request.URL.RawQuery); err != nil {
		return err
	}
	body, err := x.server.engine.History(x.context(), request)
	if err != nil {
		return err
	}
	x.writeJSON(http.StatusOK, body)
	return nil
}

func readHistoryQuery(r *interaction.HistoryRequest, raw string) error {
	q, err := parseQuery(raw)
	if err != nil {
		return err
	}
	for _, read := range []func(*interaction.HistoryRequest, query) error{
		readCount, readSince, readAt, readList, readSort, readCursor,
	} {
		if err := read(r, q); err != nil {
			return err
		}
	}
	r.Query = q.without(interaction.CursorParameter)
	return nil
}

func readCount(r *interaction.HistoryRequest, q query) error {
	value, given, err := q.one("_count")
	if err != nil || !given {
		return err
	}
	n, err := strconv.ParseInt(value, 10, 31)
	if err != nil || n < 0 {
		return badParameter("_count", "is a number of versions, 0 or more")
	}
	r.Count = int(n)
	return nil
}

func readSince(r *interaction.HistoryRequest, q query) error {
	value, given, err := q.one("_since")
	if err != nil || !given {
		return err
	}
	// A plus sign that wasn't escaped arrives as a space.
	value = strings.ReplaceAll(value, " ", "+")
	if r.Since, err = time.Parse(time.RFC3339Nano, value); err != nil {
		return badParameter("_since", "is an instant with a time zone, such as 2024-03-05T10:00:00Z")
	}
	r.Since = r.Since.UTC()
	return nil
}

func readAt(r *interaction.HistoryRequest, q query) error {
	value, given, err := q.one("_at")
	if err != nil || !given {
		return err
	}
	from, to, ok := fhir.TimeRange(strings.ReplaceAll(value, " ", "+"))
	if !ok {
		return badParameter("_at", "is a date or dateTime, such as 2024, 2024-03-05 or 2024-03-05T10:00:00Z, without a prefix")
	}
	r.AtFrom, r.AtTo = from, to
	return nil
}

func readList(r *interaction.HistoryRequest, q query) error {
	value, given, err := q.one("_list")
	if err != nil || !given {
		return err
	}
	if !fhir.IsID(value) {
		return badParameter("_list", "is the logical id of a List")
	}
	r.List = value
	return nil
}

// readSort takes the one order that history has: newest first.
func readSort(_ *interaction.HistoryRequest, q query) error {
	value, given, err := q.one("_sort")
	if err != nil || !given || value == "-_lastUpdated" {
		return err
	}
	return badParameter("_sort", "is -_lastUpdated (newest first), the only order of history")
}

func readCursor(r *interaction.HistoryRequest, q query) error {
	value, given, err := q.one(interaction.CursorParameter)
	if err == nil && given && value == "" {
		return badParameter(interaction.CursorParameter, "is empty: follow a next link unchanged")
	}
	r.Cursor = value
	return err
}
