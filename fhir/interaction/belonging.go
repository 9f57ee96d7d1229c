package interaction

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"slices"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Belonging gives all at once what Everything of an EpisodeOfCare shows on its
// pages, of some resource types: what carries the tag of the case or names the
// episode, what the episode names, and of the directory what those name. The
// resources are as the store has them at one moment, each once; nobody may
// change their JSON. It fails as Everything does.
func (s *Session) Belonging(ctx context.Context, episode fhir.Key, types []string) ([]store.Version, error) {
	if err := s.checkKey(episode); err != nil {
		return nil, err
	}
	v, err := s.current(ctx, episode)
	if err != nil {
		return nil, err
	}
	if v, err = s.shown(ctx, Everything, episode, v); err != nil {
		return nil, err
	}
	run, _, err := s.searching(ctx, "", episode.String()+"/$everything", nil)
	if err != nil {
		return nil, err
	}
	run.narrowing = s.narrowingFor(ctx, Everything)
	g := gathering{session: s, asked: everythingAsked{types: map[string]bool{}}, of: v, only: true}
	for _, typ := range types {
		g.asked.types[typ] = true
	}
	run.query = &search.Request{Count: search.MaxCount}
	if run.query.Types, run.query.Where, err = g.plan(ctx); err != nil {
		return nil, err
	}
	if err := run.makePlan(ctx); err != nil {
		return nil, err
	}
	var all []store.Version
	err = s.atOneMoment(ctx, func(ctx context.Context) (err error) {
		all, err = g.whole(ctx, run)
		return err
	})
	return all, err
}

// whole goes through all pages.
func (g *gathering) whole(ctx context.Context, s *searching) ([]store.Version, error) {
	var hits []search.Hit
	for {
		page, err := s.page(ctx)
		if err != nil {
			return nil, err
		}
		hits = append(hits, page.Hits...)
		if !page.More || page.Last == nil {
			break
		}
		s.plan.After = page.Last
	}
	beside, err := g.directory(ctx, s, hits)
	if err != nil {
		return nil, err
	}
	return versionsOf(append(hits, beside.Hits...)), nil
}

var referenceMember = []byte(`"reference":"`)

// referencesIn gives the texts of all references in the compact JSON of a
// resource, much cheaper than by decoding it. R4 has a text of this name
// elsewhere only in DetectedIssue.reference, a uri.
func referencesIn(text []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			at := bytes.Index(text, referenceMember)
			if at < 0 {
				return
			}
			start := at + len(referenceMember) - 1 // with its quotation mark
			end := start + 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			value := text[start:min(end+1, len(text))]
			text = text[min(end, len(text)):]
			if reference, ok := unquoted(value); ok && !yield(reference) {
				return
			}
		}
	}
}

func unquoted(value []byte) (s string, ok bool) {
	if !slices.Contains(value, '\\') {
		return string(value[1 : len(value)-1]), len(value) > 1
	}
	return s, json.Unmarshal(value, &s) == nil
}
