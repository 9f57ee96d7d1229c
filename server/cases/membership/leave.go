package membership

import (
	"context"
	"maps"
	"slices"

	"caseway/fhir"
	"caseway/fhir/search"
)

// claim is that a resource belongs to a case.
type claim struct {
	key fhir.Key
	id  string
}

// suspect is a claim that may hold no more, for what it came of has gone.
type suspect struct {
	claim
	member   *member
	held     bool
	children []claim // that hold if this one does
}

// leaving takes resources out of cases with what came in by them alone: first all
// that may have is gathered, then what something else holds is kept.
type leaving struct {
	*membership
	suspects map[claim]*suspect
	queue    []*suspect
	loaded   map[fhir.Key]*member
}

func (m *membership) leave(ctx context.Context) error {
	l := &leaving{membership: m, suspects: map[claim]*suspect{}, loaded: map[fhir.Key]*member{}}
	for _, mine := range slices.Clone(m.members) {
		for _, id := range casesOf(mine.image.Before) {
			if !slices.Contains(mine.cases, id) {
				l.suspect(mine, id)
				continue
			}
			if err := l.load(ctx, mine.dropped); err != nil {
				return err
			}
			l.doubtAll(nil, mine.dropped, id)
		}
	}
	if len(l.suspects) == 0 {
		return nil
	}
	for len(l.queue) > 0 {
		next := l.queue
		l.queue = nil
		if err := l.explore(ctx, next); err != nil {
			return err
		}
	}
	if err := l.holdWhatStays(ctx); err != nil {
		return err
	}
	return l.part(ctx)
}

func (l *leaving) suspect(mine *member, id string) {
	c := claim{mine.image.Key, id}
	if l.suspects[c] != nil {
		return
	}
	s := &suspect{claim: c, member: mine}
	l.suspects[c] = s
	l.queue = append(l.queue, s)
}

// explore suspects what came in by suspects.
func (l *leaving) explore(ctx context.Context, some []*suspect) error {
	if l.alone() {
		return nil
	}
	joining, err := l.referringAll(ctx, members(some), false)
	if err != nil {
		return err
	}
	var all []fhir.Key
	children := make([][]fhir.Key, len(some))
	for i, s := range some {
		keys := slices.Clone(s.member.brings)
		for _, hit := range joining[s.key] {
			if !l.written(hit.Key) {
				keys = append(keys, hit.Key)
			}
		}
		for _, other := range l.members {
			if slices.Contains(other.joins, s.key) {
				keys = append(keys, other.image.Key)
			}
		}
		children[i], all = keys, append(append(all, keys...), s.member.dropped...)
	}
	if err := l.load(ctx, all); err != nil {
		return err
	}
	for i, s := range some {
		l.doubtAll(s, children[i], s.id)
		l.doubtAll(nil, s.member.dropped, s.id)
	}
	return nil
}

func members(some []*suspect) []*member {
	all := make([]*member, len(some))
	for i, s := range some {
		all[i] = s.member
	}
	return all
}

// doubtAll suspects those of some resources, loaded ones, that are in a case and
// don't name it themselves. from is what they hold by.
func (l *leaving) doubtAll(from *suspect, keys []fhir.Key, id string) {
	for _, key := range keys {
		mine := l.here[key]
		if mine == nil {
			mine = l.loaded[key]
		}
		if mine == nil || !slices.Contains(casesOf(mine.image.Before), id) || slices.Contains(mine.named, id) || key.Type == "EpisodeOfCare" {
			continue
		}
		if len(l.suspects) > mostBrought {
			l.tooMany()
			return
		}
		if from != nil {
			from.children = append(from.children, claim{key, id})
		}
		l.suspect(mine, id)
	}
}

// load reads stored resources that aren't written by the commit.
func (l *leaving) load(ctx context.Context, keys []fhir.Key) error {
	keys = slices.DeleteFunc(slices.Clone(keys), func(key fhir.Key) bool {
		_, known := l.loaded[key]
		return known || l.written(key) || !mayBelong()[key.Type]
	})
	if len(keys) == 0 || l.alone() {
		return nil
	}
	versions, err := l.pending.Stored(ctx, keys...)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if len(casesOf(v)) == 0 {
			l.loaded[v.Key] = nil
			continue
		}
		tree, err := l.decode(v)
		if err != nil {
			return err
		}
		l.loaded[v.Key] = l.storedMember(v, tree)
	}
	return nil
}

// holdWhatStays keeps the suspects that something holds which isn't suspect.
func (l *leaving) holdWhatStays(ctx context.Context) error {
	some := slices.Collect(maps.Values(l.suspects))
	var keys []fhir.Key
	for _, s := range some {
		for _, key := range s.member.joins {
			if !l.written(key) && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	joined := map[fhir.Key][]string{}
	if len(keys) > 0 {
		versions, err := l.pending.Stored(ctx, keys...)
		if err != nil {
			return err
		}
		for _, v := range versions {
			joined[v.Key] = casesOf(v)
		}
	}
	bringing, err := l.referringAll(ctx, members(some), true)
	if err != nil {
		return err
	}
	for _, s := range some {
		held, err := l.isHeld(ctx, s, joined, bringing[s.key])
		if err != nil {
			return err
		}
		if held {
			l.hold(s)
		}
	}
	return nil
}

// isHeld reports whether a suspect joins something, or is brought by something,
// that isn't suspect itself, or was brought in by an action.
func (l *leaving) isHeld(ctx context.Context, s *suspect, joined map[fhir.Key][]string, bringing []search.Hit) (bool, error) {
	if slices.Contains(s.member.outside, s.id) {
		return false, nil
	}
	for _, key := range s.member.joins {
		if l.holds(key, joined[key], s.id) {
			return true, nil
		}
	}
	for _, other := range l.members {
		ties := slices.Contains(s.member.joins, other.image.Key) || slices.Contains(other.brings, s.key)
		if ties && l.holds(other.image.Key, other.cases, s.id) {
			return true, nil
		}
	}
	for _, hit := range bringing {
		if !l.written(hit.Key) && l.holds(hit.Key, fhir.Tags(hit.JSON, CaseSystem), s.id) {
			return true, nil
		}
	}
	if s.member.namesOther(s.id) {
		return false, nil
	}
	return l.made(ctx, s.member, s.id)
}

func (l *leaving) holds(key fhir.Key, cases []string, id string) bool {
	return l.suspects[claim{key, id}] == nil && (slices.Contains(cases, id) || key == fhir.Key{Type: "EpisodeOfCare", ID: id})
}

// hold keeps a suspect with what it brought in.
func (l *leaving) hold(s *suspect) {
	if s.held {
		return
	}
	s.held = true
	for _, c := range s.children {
		if child := l.suspects[c]; child != nil {
			l.hold(child)
		}
	}
}

// part takes what nothing holds out of its cases.
func (l *leaving) part(ctx context.Context) error {
	for c, s := range l.suspects {
		mine := s.member
		mine.pending = slices.DeleteFunc(mine.pending, func(id string) bool { return id == c.id })
		if s.held {
			if _, err := l.join(ctx, mine, []string{c.id}, mine); err != nil {
				return err
			}
			continue
		}
		mine.cases = slices.DeleteFunc(mine.cases, func(id string) bool { return id == c.id })
		if mine.stored && !l.written(c.key) {
			l.here[c.key] = mine
			l.members = append(l.members, mine)
		}
	}
	return nil
}
