package access_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseway/auth/scope"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// requestsPerWorld is how many requests one principal makes of one random world.
const requestsPerWorld = 40

// TestNothingLeaks holds all interactions to non-interference: two stores that
// differ only in what a principal may not see, by the words of an oracle of its
// own, answer them the same, byte by byte but for times and what the server
// makes up, whatever they read, search and write. So no byte, id or count of
// what is hidden is in any answer, nor in whether there is one.
func TestNothingLeaks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { leakCheck(t, rt, openSQLite) })
}

// TestNothingLeaksFromMongoDB is the same with fewer worlds.
func TestNothingLeaksFromMongoDB(t *testing.T) {
	for seed := range 4 {
		leakSeed(t, seed, openMongo)
	}
}

func leakSeed(t *testing.T, seed int, open func(testing.TB) store.Store) {
	t.Run(fmt.Sprint(seed), func(t *testing.T) {
		w := rapid.Custom(func(rt *rapid.T) any {
			leakCheck(t, rt, open)
			return nil
		})
		w.Example(seed)
	})
}

func leakCheck(t *testing.T, rt *rapid.T, open func(testing.TB) store.Store) {
	all := drawWorld(rt)
	o := oracle{drawPrincipal(rt), all}
	one, other := serve(t, open(t)), serve(t, open(t))
	one.fill(rt, all)
	other.fill(rt, o.indistinguishable(rt))
	secrets := o.hidden()
	o.agree(rt, one)
	for range requestsPerWorld {
		r := drawRequest(rt, all)
		raw, rawOther := o.same(rt, one, other, r, r)
		for _, s := range secrets {
			if strings.Contains(raw, s) {
				rt.Fatalf("%s as %+v\ntells %s\n%s", r, *o.principal, s, raw)
			}
		}
		if next(raw) != "" { // each store has cursors of its own
			o.same(rt, one, other, request{line: next(raw)}, request{line: next(rawOther)})
		}
	}
}

// same sends a request to two stores, whose answers must be the same.
func (o oracle) same(t *rapid.T, one, other *server, first, second request) (raw, rawOther string) {
	ctx := as(o.principal)
	a, raw := one.ask(ctx, first)
	b, rawOther := other.ask(ctx, second)
	if a != b || strings.HasPrefix(a, "broken") {
		t.Fatalf("%s as %+v\nanswers\n%s\nor\n%s", first, *o.principal, a, b)
	}
	return raw, rawOther
}

// fill stores a world, first versions first.
func (x *server) fill(t *rapid.T, w world) {
	var second []*thing
	for _, thing := range w {
		if thing.moved != nil {
			second = append(second, thing.moved)
		}
	}
	for _, list := range [][]*thing{w, second} {
		if len(list) == 0 {
			continue
		}
		_, err := x.open.Bundle(context.Background(), interaction.BundleRequest{Body: []byte(bundle(list)), Base: base})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// indistinguishable is a world in which all that is hidden is another or isn't
// there.
func (o oracle) indistinguishable(t *rapid.T) world {
	const any = scope.Read | scope.Search
	var w world
	for _, x := range o.world {
		seen := o.sees(x, any)
		seenNow := o.sees(x.now(), any)
		// Who may write a resource without reading it learns from that whether it is
		// there, and nothing of what is in it.
		writes := o.sees(x, scope.Update|scope.Delete) || o.sees(x.now(), scope.Update|scope.Delete)
		if !seen && !seenNow && !writes && !o.reason(x) && rapid.Bool().Draw(t, "absent") {
			continue
		}
		y := *x
		if !seen {
			y.secret = "other!" + strings.TrimPrefix(x.secret, "secret")
		}
		if x.moved != nil {
			z := *x.moved
			if !seenNow {
				z.secret = "other!" + strings.TrimPrefix(z.secret, "secret")
			}
			y.moved = &z
		}
		w = append(w, &y)
	}
	return w
}

// hidden are the secrets of all versions that aren't seen, but for those that
// happen to be those of others too.
func (o oracle) hidden() []string {
	var hidden, seen []string
	for _, x := range o.world {
		for _, v := range slices.Compact([]*thing{x, x.now()}) {
			if o.sees(v, scope.Read|scope.Search) {
				seen = append(seen, v.shown())
			} else {
				hidden = append(hidden, v.shown())
			}
		}
	}
	return slices.DeleteFunc(hidden, func(s string) bool { return slices.Contains(seen, s) })
}

// agree holds reads and searches by id to what the oracle says, both ways.
func (o oracle) agree(t *rapid.T, x *server) {
	ctx := as(o.principal)
	for _, y := range o.world {
		read := request{line: "GET " + y.key()}.do(ctx, x.guarded)
		if may := o.sees(y.now(), scope.Read); may == strings.HasPrefix(read, "error") {
			t.Fatalf("%s as %+v may be read: %v, but: %s", y.key(), *o.principal, may, read)
		}
		if y.typ == "Binary" {
			continue
		}
		found := request{line: "GET " + y.typ + "?_id=" + y.id}.do(ctx, x.guarded)
		if may := o.sees(y.now(), scope.Search); may != strings.Contains(found, `"search":{"mode":"match"}`) {
			t.Fatalf("%s as %+v may be found: %v, but: %s", y.key(), *o.principal, may, found)
		}
	}
}
