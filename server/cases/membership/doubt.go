package membership

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// doubt is a case that the version before was marked with and the new one
// doesn't name.
type doubt struct {
	id   string
	said bool // the new version has the tag all the same, as a client read it
	lost bool // the reference by which it belonged is gone
}

// doubt finds out which cases of the version before are to be judged anew.
func (m *membership) doubt(mine *member, before, tags []string) error {
	if len(before) == 0 {
		return nil
	}
	var was links
	if !mine.same {
		tree, err := m.decode(mine.image.Before)
		if err != nil {
			return err
		}
		was = linksOf(tree, m.base)
		mine.left = unlike(was.joins, mine.joins)
		mine.dropped = unlike(was.brings, mine.brings)
	}
	for _, id := range before {
		said := slices.Contains(tags, id)
		lost := slices.Contains(was.named, id)
		switch {
		case slices.Contains(mine.cases, id):
		case said && !lost && len(mine.left) == 0:
			mine.cases = append(mine.cases, id)
		default:
			mine.doubts = append(mine.doubts, doubt{id: id, said: said, lost: lost})
		}
	}
	return nil
}

// ponder tells doubts whose reference is gone from others, once it is known of
// which cases those are that resources no longer join.
func (m *membership) ponder(context.Context) error {
	for _, mine := range m.members {
		for i := range mine.doubts {
			d := &mine.doubts[i]
			for _, key := range mine.left {
				cases := m.hidden[key]
				if other := m.here[key]; other != nil {
					cases = casesOf(other.image.Before)
				}
				d.lost = d.lost || slices.Contains(cases, d.id)
			}
			if d.lost {
				mine.pending = append(mine.pending, d.id)
			}
		}
	}
	return nil
}

// settle keeps resources in the cases of which a new version says nothing, where
// a client's word or an action brought them in.
func (m *membership) settle(ctx context.Context) error {
	for _, mine := range m.members {
		for _, d := range mine.doubts {
			if d.lost || slices.Contains(mine.cases, d.id) {
				continue
			}
			stays := d.said
			if !stays {
				var err error
				if stays, err = m.mayBeHeldUnseen(ctx, mine); err != nil {
					return err
				}
			}
			if !stays && !mine.namesOther(d.id) {
				var err error
				if stays, err = m.made(ctx, mine, d.id); err != nil {
					return err
				}
			}
			if stays {
				mine.cases, mine.named = append(mine.cases, d.id), append(mine.named, d.id)
			}
		}
	}
	return nil
}

// mayBeHeldUnseen reports whether what holds a resource in its cases may be hidden
// from the caller: then a new version that takes no reference away leaves it in
// them, or else whether it stays would tell what is there.
func (m *membership) mayBeHeldUnseen(ctx context.Context, mine *member) (bool, error) {
	for _, key := range mine.joins {
		if blind, err := m.isBlind(ctx, key.Type); err != nil || blind {
			return blind, err
		}
	}
	for _, p := range m.tiedTo(mine.image.Key.Type).bringers {
		if blind, err := m.isBlind(ctx, p.Resource); err != nil || blind {
			return blind, err
		}
	}
	return false, nil
}

// isBlind reports whether there may be resources of a type that the caller doesn't
// see.
func (m *membership) isBlind(ctx context.Context, typ string) (bool, error) {
	return m.pending.Caller.Hides(ctx, typ)
}

// namesOther reports whether a resource names another episode than one.
func (m *member) namesOther(id string) bool {
	return slices.ContainsFunc(m.named, func(other string) bool { return other != id })
}

// made reports whether an action on a case brought a resource into it, which its
// Provenance says: then it doesn't leave because somebody else's copy doesn't
// have the tag.
func (m *membership) made(ctx context.Context, mine *member, id string) (bool, error) {
	if acted, err := m.acted(ctx, id); err != nil || !acted {
		return false, err
	}
	p := m.pending.Server.Registry().Parameter("Provenance", "target")
	hits, err := m.everyHit(ctx, search.Scan{Type: "Provenance", Term: p.Term(mine.image.Key)})
	if err != nil {
		return false, err
	}
	for _, hit := range hits {
		if !slices.Contains(fhir.Tags(hit.JSON, CaseSystem), id) {
			continue
		}
		for reference := range fhir.ReferencesIn(hit.JSON) {
			version, is := strings.CutPrefix(reference, mine.image.Key.String()+"/_history/")
			n, valid := interaction.ParseVersionID(version)
			if !is || !valid {
				continue
			}
			by, err := m.markedBy(ctx, mine.image.Key, n, id)
			if err != nil || by {
				return by, err
			}
		}
	}
	return false, nil
}

// acted reports whether any action on a case has left a Provenance.
func (m *membership) acted(ctx context.Context, id string) (bool, error) {
	if known, ok := m.actions[id]; ok {
		return known, nil
	}
	r := m.pending.Server.Registry()
	where, err := r.Condition(ctx, r.Parameter("Provenance", "_tag"), "", CaseSystem+"|"+id, search.Env{})
	leaf, _ := where.(search.Leaf)
	if err != nil || len(leaf.Exact) == 0 {
		return false, err
	}
	tag := leaf.Exact[0]
	page, err := m.pending.Scan(ctx, search.Scan{Type: "Provenance", Term: tag, Limit: 1, KeysOnly: true})
	if err == nil {
		m.actions[id] = len(page.Hits) > 0
	}
	return m.actions[id], err
}

// markedBy reports whether a version was the first that had the tag of a case.
func (m *membership) markedBy(ctx context.Context, key fhir.Key, n int64, id string) (bool, error) {
	if n <= 1 {
		return true, nil
	}
	v, err := m.pending.StoredVersion(ctx, key, n-1)
	return err == nil && !bytes.Contains(v.JSON, []byte(CaseSystem)) || !slices.Contains(casesOf(v), id), err
}
