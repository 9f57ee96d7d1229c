package membership

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// holdToPatients refuses to have in one case what is of several patients: what
// names the episode of another one.
func (m *membership) holdToPatients(ctx context.Context) error {
	for _, mine := range m.members {
		for _, id := range mine.named {
			if mine.stored {
				continue
			}
			fits, err := m.fits(ctx, mine, id)
			if err != nil {
				return err
			}
			if !fits {
				m.refuse(mine.image.At, mine.image.Key.Type+" names the episode of care of another patient than its own; a case is one patient's")
			}
		}
	}
	return nil
}

// holdEpisodes looks at what belongs to an episode that comes to be, or is
// another patient's now. What is of another patient than the episode refuses the
// commit, but for what named an episode that wasn't there: nobody keeps an episode
// from being stored by having named it before, and that leaves the case.
func (m *membership) holdEpisodes(ctx context.Context) error {
	for _, mine := range slices.Clone(m.members) {
		typ, method := mine.image.Key.Type, mine.image.Method
		if typ != "EpisodeOfCare" || mine.stored || method == store.Post || len(mine.whose) == 0 || mine.settled(mine.image.Key.ID) {
			continue
		}
		was, err := m.personsIn(mine.image.Before)
		if err != nil {
			return err
		}
		if slices.EqualFunc(was, mine.whose, samePerson) {
			continue
		}
		if err := m.holdEpisode(ctx, mine); err != nil {
			return err
		}
	}
	return nil
}

func (m *membership) holdEpisode(ctx context.Context, episode *member) error {
	id := episode.image.Key.ID
	for _, other := range m.members {
		if !episode.new() && slices.Contains(other.outside, id) && slices.Contains(casesOf(other.image.Before), id) {
			m.refuse(episode.image.At, moved)
			return nil
		}
	}
	scan := search.Scan{Compartment: episode.image.Key, Limit: scannedAtOnce}
	for {
		page, err := m.pending.Scan(ctx, scan)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			if m.written(hit.Key) || !mayBelong()[hit.Key.Type] {
				continue
			}
			if err := m.holdHit(ctx, episode, hit); err != nil {
				return err
			}
		}
		if !page.More || len(page.Hits) == 0 {
			return nil
		}
		scan.After = page.Hits[len(page.Hits)-1].Place
	}
}

// holdHit looks at something stored that belongs to an episode and isn't written
// by the commit.
func (m *membership) holdHit(ctx context.Context, episode *member, hit search.Hit) error {
	tree, err := m.decode(interaction.VersionOf(hit))
	if err != nil {
		return err
	}
	mine, id := m.storedMember(interaction.VersionOf(hit), tree), episode.image.Key.ID
	others, err := m.others(ctx, mine.whose, episode.whose)
	switch {
	case err != nil || !others:
		return err
	case !episode.new() || m.alone():
		m.refuse(episode.image.At, moved)
		return nil
	case m.brought >= mostBrought:
		m.tooMany()
		return nil
	}
	m.brought++
	mine.outside = append(mine.outside, id)
	mine.cases = slices.DeleteFunc(mine.cases, func(c string) bool { return c == id })
	m.members = append(m.members, mine)
	m.here[hit.Key] = mine
	return nil
}

// moved says why an episode can't be another patient's.
const moved = "EpisodeOfCare.patient is another patient than what belongs to the episode is of; move all of it in one transaction"

func samePerson(a, b person) bool {
	return a.key == b.key && a.url == b.url && slices.Equal(a.identifiers, b.identifiers)
}

// refuse says why the commit is refused, once for each place.
func (m *membership) refuse(at, text string) {
	m.tell(fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueBusinessRule, Expression: at, Text: text})
}

func (m *membership) tell(issue fhir.Issue) {
	if !slices.ContainsFunc(m.issues, func(i fhir.Issue) bool { return i.Expression == issue.Expression && i.Text == issue.Text }) {
		m.issues = append(m.issues, issue)
	}
}

// sharing are the types of which an episode may name what is another patient's:
// an account has several patients, and a team may work for many.
var sharing = []string{"Account", "CareTeam"}

// stayOutside says that a resource doesn't come into a case because it is of
// another patient: an error where it is the episode's own diagnosis or referral.
// Otherwise it needn't be wrong: a child's care may be on its mother's.
func (m *membership) stayOutside(mine, by *member) {
	at := by.image.At
	if by.image.Key.Type == "EpisodeOfCare" && !slices.Contains(sharing, mine.image.Key.Type) {
		m.refuse(at, "EpisodeOfCare names a resource of another patient than its own, of type "+mine.image.Key.Type+"; a case is one patient's")
		return
	}
	text := mine.image.Key.Type + " is of another patient than the case of what it refers to, and isn't part of that case"
	if by != mine {
		text = by.image.Key.Type + " refers to a resource of another patient, of type " + mine.image.Key.Type + ", which isn't part of its case"
	}
	if at == "" {
		at = mine.image.At
	}
	m.tell(fhir.Issue{Severity: fhir.SeverityInformation, Code: fhir.IssueInformational, Expression: at, Text: text})
}

// shared says that a resource belongs to many cases, so that this one's tag
// isn't added. The reference by which it is named leads to it all the same.
func shared(at string) fhir.Issue {
	return fhir.Issue{
		Severity: fhir.SeverityInformation, Code: fhir.IssueInformational, Expression: at,
		Text: "a stored resource that comes into a case by this is in 20 others; it isn't marked as part of this one too",
	}
}

// notMarked says that what is stored isn't marked.
func notMarked(at string, alone bool) fhir.Issue {
	code, text := fhir.IssueTooCostly, "more than 1,000 stored resources come into a case by this; not all of them are marked as part of it"
	if alone {
		code, text = fhir.IssueNotSupported, "stored resources come into a case by this; they aren't marked as part of it, for the store has no transactions"
	}
	return fhir.Issue{Severity: fhir.SeverityWarning, Code: code, Text: text, Expression: at}
}

// tooMany says that not all that goes with something out of a case does.
func (m *membership) tooMany() {
	m.tell(fhir.Issue{
		Severity: fhir.SeverityWarning, Code: fhir.IssueTooCostly,
		Text: "more than 1,000 stored resources leave a case with this; not all of them lose its mark",
	})
}
