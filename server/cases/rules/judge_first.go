package rules

import (
	"slices"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"

	"google.golang.org/protobuf/proto"
)

// load finds the case as it is stored; for one that comes in by this commit there
// is nothing yet.
func (j *judging) load() (err error) {
	j.before, err = j.assembler.Load(j.ctx, j.server, j.id)
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		j.before = &assembly.Assembled{Versions: map[fhir.Key]int64{}}
		return nil
	}
	if err != nil {
		return err
	}
	return j.assembler.LoadOffered(j.ctx, j.server, j.before, j.offered())
}

// offered are the organizations that new Tasks are given to.
func (j *judging) offered() (all []string) {
	for i := range j.Images {
		image := &j.Images[i]
		if image.Key.Type != "Task" || image.After == nil || image.Method != store.Post && image.Before.JSON != nil {
			continue
		}
		owner := image.After.Root().Child("owner").Child("reference").Text()
		if casemodel.Ref(owner).Type() == "Organization" && !slices.Contains(all, owner) && len(all) < 100 {
			all = append(all, owner)
		}
	}
	return all
}

// change judges the case as it would be: one that comes in by this commit, or that
// no rules bound before, may stand anywhere in its course, and is bound from then on.
func (j *judging) change(after casemodel.Case, step casemodel.Step) (casemodel.Result, error) {
	if !j.before.Case.Adopted {
		return casemodel.Receive(after, step)
	}
	return casemodel.Apply(j.before.Case, after, step)
}

// unknownPhase refuses a phase that there isn't, which would count for none.
func (j *judging) unknownPhase() []fhir.Issue {
	for _, i := range j.mine {
		key := j.Images[i].Key
		at := slices.IndexFunc(j.after, func(m proto.Message) bool { return assembly.KeyOf(m) == key })
		if key.Type == "EpisodeOfCare" && at >= 0 && mapping.StrangePhase(j.after[at]) {
			return j.issues(casemodel.Errors{{
				Rule: "phase-unknown", Part: casemodel.Ref(key.String()), Text: "The phase isn't one that a case can be in.",
			}})
		}
	}
	return nil
}
