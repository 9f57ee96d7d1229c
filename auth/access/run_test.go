package access_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"caseway/auth"
	"caseway/auth/access"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/server/cases/membership"
)

const base = "https://caseway.test/fhir"

// server is a store with two doors: one that decides, and one that doesn't.
type server struct {
	guarded, open *interaction.Session
	access        *access.Access
	made          []string       // keys of what was created through the guarded door
	uuids         map[string]int // in the order in which they were seen
}

func serve(t testing.TB, s store.Store) *server {
	t.Helper()
	x := &server{uuids: map[string]int{}}
	r4 := definition.R4()
	engine, err := interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Base: base,
		Guards: []interaction.Guard{membership.NewGuard(r4)}, Compartments: []interaction.Compartment{membership.Compartment()},
	})
	if err != nil {
		t.Fatal(err)
	}
	if x.access, err = access.New(access.Config{Store: s, Schema: r4, Base: base, Registry: engine.Registry, Membership: membership.NewGuard(r4)}); err != nil {
		t.Fatal(err)
	}
	x.guarded, x.open = engine.As(x.access), engine.As(nil)
	return x
}

func openSQLite(t testing.TB) store.Store {
	t.Helper()
	// Each commit is later than the one before, or order would be chance.
	var ticks atomic.Int64
	clock := func() time.Time { return time.UnixMilli(1_800_000_000_000 + ticks.Add(1)) }
	s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openMongo(t testing.TB) store.Store {
	t.Helper()
	s, err := mongo.Open(context.Background(), mongotest.Server(t).URI, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// as is a context in which somebody asks.
func as(p *auth.Principal) context.Context { return auth.With(context.Background(), p) }

// request is an interaction: "GET Patient/a", "PUT Task/1", "POST /" with a
// Bundle. Behind a space may stand ifMatch=2 or ifNoneExist=….
type request struct{ line, body string }

func (r request) String() string { return strings.TrimSpace(r.line + " " + r.body) }

// do asks and gives the answer as text: an error's kind and issues, or what came.
func (r request) do(ctx context.Context, e *interaction.Session) string {
	verb, rest, _ := strings.Cut(r.line, " ")
	target, option, _ := strings.Cut(rest, " ")
	path, query, asks := strings.Cut(target, "?")
	var key fhir.Key
	key.Type, key.ID, _ = strings.Cut(path, "/")
	ifMatch, _ := strconv.ParseInt(strings.TrimPrefix(option, "ifMatch="), 10, 64)
	criteria := ""
	if asks {
		criteria = query
	}
	switch verb {
	case "GET":
		return told(r.get(ctx, e, path, query))
	case "PUT":
		return result(e.Update(ctx, interaction.UpdateRequest{Key: key, Body: []byte(r.body), Criteria: criteria, IfMatch: ifMatch}))
	case "PATCH":
		format := interaction.MergePatch
		if strings.HasPrefix(r.body, "[") {
			format = interaction.JSONPatch
		}
		return result(e.Patch(ctx, interaction.PatchRequest{Key: key, Format: format, Body: []byte(r.body), Criteria: criteria, IfMatch: ifMatch}))
	case "DELETE":
		return result(e.Delete(ctx, interaction.DeleteRequest{Key: key, Criteria: criteria, IfMatch: ifMatch}))
	}
	if path == "/" {
		return told(e.Bundle(ctx, interaction.BundleRequest{Body: []byte(r.body), Base: base, Return: interaction.ReturnRepresentation}))
	}
	return result(e.Create(ctx, interaction.CreateRequest{Type: path, Body: []byte(r.body), IfNoneExist: strings.TrimPrefix(option, "ifNoneExist=")}))
}

func (r request) get(ctx context.Context, e *interaction.Session, path, query string) ([]byte, error) {
	pairs, err := search.Split(query)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(path, "/")
	last := parts[len(parts)-1]
	key := fhir.Key{Type: parts[0]}
	if len(parts) > 1 {
		key.ID = parts[1]
	}
	switch {
	case last == "$everything":
		return e.Everything(ctx, interaction.EverythingRequest{Key: key, Base: base, Parameters: pairs})
	case last == "$lastn":
		return e.LastN(ctx, interaction.LastNRequest{Base: base, Parameters: pairs})
	case last == "_history":
		return history(ctx, e, parts, pairs)
	case len(parts) == 4:
		v, err := e.VRead(ctx, key, last)
		return v.JSON, err
	case len(parts) == 3 && last == "*":
		return e.Search(ctx, interaction.SearchRequest{Compartment: key, Base: base, Parameters: pairs})
	case len(parts) == 3:
		return e.Search(ctx, interaction.SearchRequest{Compartment: key, Type: last, Base: base, Parameters: pairs})
	case len(parts) == 2:
		v, err := e.Read(ctx, key)
		return v.JSON, err
	}
	return e.Search(ctx, interaction.SearchRequest{Type: path, Base: base, Parameters: pairs})
}

func history(ctx context.Context, e *interaction.Session, parts []string, pairs []search.Pair) ([]byte, error) {
	h := interaction.HistoryRequest{Base: base, Count: interaction.NoCount}
	if len(parts) > 1 {
		h.Type = parts[0]
	}
	if len(parts) > 2 {
		h.ID = parts[1]
	}
	for _, p := range pairs {
		switch p.Name {
		case "_count":
			h.Count, _ = strconv.Atoi(p.Value)
			h.Query = "_count=" + p.Value
		case "_list":
			h.List = p.Value
		case interaction.CursorParameter:
			h.Cursor = p.Value
		}
	}
	return e.History(ctx, h)
}

func told(body []byte, err error) string {
	fe := (*fhir.Error)(nil)
	switch {
	case err == nil:
		return string(body)
	case errors.As(err, &fe):
		return fmt.Sprintf("error %s %v", interaction.Status(fe.Kind), fe.Issues)
	}
	return "broken " + err.Error()
}

func result(r interaction.Result, err error) string {
	if err != nil {
		return told(nil, err)
	}
	return fmt.Sprintf("%v %d created=%v matched=%v %v %s", r.Version.Key, r.Version.VersionID, r.Created, r.Matched, r.Issues, r.Version.JSON)
}

var (
	uuid    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)
	instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	cursor  = regexp.MustCompile(`_cursor=[A-Za-z0-9_-]+`)
	newOne  = regexp.MustCompile(`\{new\}`)
)

// ask sends a request through the guarded door. The answer is without what is
// different each time.
func (x *server) ask(ctx context.Context, r request) (plain, raw string) {
	if newest := len(x.made) - 1; newest >= 0 {
		r.line = newOne.ReplaceAllString(r.line, x.made[newest])
		_, id, _ := strings.Cut(x.made[newest], "/")
		r.body = newOne.ReplaceAllString(r.body, id)
	}
	raw = r.do(ctx, x.guarded)
	if key, _, ok := strings.Cut(raw, " "); ok && strings.Contains(raw, "created=true") {
		if k, ok := fhir.ParseKey(key); ok {
			x.made = append(x.made, k.String())
		}
	}
	plain = cursor.ReplaceAllString(instant.ReplaceAllString(raw, "TIME"), "_cursor=X")
	return uuid.ReplaceAllStringFunc(plain, func(s string) string {
		n, known := x.uuids[s]
		if !known {
			n = len(x.uuids)
			x.uuids[s] = n
		}
		return fmt.Sprintf("uuid-%d", n)
	}), raw
}

// next is the request of a page's next link, "" where there is none.
func next(raw string) string {
	_, rest, ok := strings.Cut(raw, `"relation":"next","url":"`+base+`/`)
	if !ok {
		return ""
	}
	url, _, _ := strings.Cut(rest, `"`)
	return "GET " + url
}
