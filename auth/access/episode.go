package access

import (
	"slices"

	"caseway/fhir"
)

// joinsOnlyOwnCases refuses a write by which a resource says that it belongs to
// the case of somebody else: whoever knows the id of an episode could put things
// before those who work on it. An episode that isn't there is refused like one of
// others.
func (d decision) joinsOnlyOwnCases(was, is *image) error {
	named := d.cases.EpisodesNamed(d.After, d.base)
	if len(named) == 0 {
		return nil
	}
	old, err := was.decoded()
	if err != nil {
		return err
	}
	if old != nil {
		before := d.cases.EpisodesNamed(old, d.base)
		named = slices.DeleteFunc(named, func(id string) bool { return slices.Contains(before, id) })
	}
	patients, err := is.patients()
	if err != nil {
		return err
	}
	for _, id := range named {
		ok, err := d.isCaseOf(fhir.Key{Type: "EpisodeOfCare", ID: id}, patients)
		if err != nil {
			return err
		}
		if !ok {
			return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden,
				"the resource would belong to the case of another patient, or to one that isn't there")
		}
	}
	return nil
}

// isCaseOf reports whether an episode is there, or about to be, and is that of
// one of some patients; for who is bound to an Organization, one that this sees,
// for what it has in a case shows it the case.
func (d decision) isCaseOf(episode fhir.Key, patients []string) (bool, error) {
	if d.Creates(episode) {
		return true, nil // by the same caller
	}
	versions, err := d.store.Read(d.ctx, episode)
	if err != nil || !versions[0].Exists() || versions[0].Deleted() {
		return false, err
	}
	is := d.versionImage(versions[0])
	whose, err := is.patients()
	if err != nil || !slices.ContainsFunc(whose, func(id string) bool { return slices.Contains(patients, id) }) {
		return false, err
	}
	for _, r := range d.view.reaches {
		if r.organization == "" {
			continue
		}
		org := fhir.Key{Type: "Organization", ID: r.organization}
		return d.evaluate(seenBy(d.view.registry, org, "EpisodeOfCare", types()["EpisodeOfCare"]), is)
	}
	return true, nil
}
