package interaction

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// resolver finds stored value sets and code systems for searches.
type resolver struct{ session *Session }

// Resolve implements terminology.Resolver. Of several resources with one URL
// the one that was last updated counts.
func (r resolver) Resolve(ctx context.Context, typ, canonical string) (*fhir.Tree, error) {
	where, err := r.where(ctx, typ, canonical)
	if err != nil {
		return nil, err
	}
	if where, err = r.session.narrowingFor(ctx, Read).resources(typ, where); err != nil {
		return nil, err
	}
	source, err := r.session.source(ctx)
	if err != nil {
		return nil, err
	}
	found, err := search.Run(ctx, source, search.Plan{
		Types: []string{typ}, Where: where, Count: 1, Sort: []search.SortKey{{Field: "_lastUpdated", Descending: true}},
	})
	if err != nil {
		return nil, err
	}
	if len(found.Hits) == 0 {
		return nil, nil
	}
	return r.session.decodeStored(VersionOf(found.Hits[0]))
}

// where is the condition that a canonical URL or a reference comes to.
func (r resolver) where(ctx context.Context, typ, canonical string) (search.Expr, error) {
	if key, ok := fhir.LiteralKey(canonical, r.session.base); ok {
		return search.Keys{key}, nil
	}
	url, version, _ := strings.Cut(canonical, "|")
	all := search.And{}
	for _, c := range []struct{ code, value string }{{"url", url}, {"version", version}} {
		if c.value == "" {
			continue
		}
		registry := r.session.Registry()
		e, err := registry.Condition(ctx, registry.Parameter(typ, c.code), "", valueEscapes.Replace(c.value), search.Env{})
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// valueEscapes writes a text so that it is one value of a search parameter
// (https://hl7.org/fhir/R4/search.html#escaping).
var valueEscapes = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`)
