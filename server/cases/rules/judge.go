package rules

import (
	"errors"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/membership"

	"google.golang.org/protobuf/proto"
)

// phaseURL is the extension by which rules bind an episode.
const phaseURL = fhir.CanonicalBase + "/StructureDefinition/episode-phase"

// judging holds what a FHIR client writes to the rules of one case.
type judging struct {
	*review
	id     string
	mine   []int // of the images, those of the case
	before *assembly.Assembled
	after  []proto.Message // the case's resources as they would be
	more   []interaction.Image
}

// judgeCases holds a commit of a FHIR client to the rules of the cases that its
// resources belong to, as far as these are bound by rules: it keeps what of
// Caseway's own the client left out, and adds what follows from the change.
func (c *review) judgeCases() error {
	var more []interaction.Image
	for _, id := range casesIn(c.Images) {
		bound, err := c.isBound(id)
		if err != nil {
			return err
		}
		if !bound {
			continue
		}
		j := &judging{review: c, id: id}
		issues, err := j.run()
		if err != nil {
			return err
		}
		if len(issues) > 0 {
			c.Issue(issues...)
			return nil
		}
		more = append(more, j.more...)
	}
	c.Add(more...)
	return nil
}

// casesIn are the ids of the cases that images belong to or did.
func casesIn(images []interaction.Image) []string {
	var all []string
	for i := range images {
		for _, id := range casesOf(&images[i]) {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all
}

func casesOf(image *interaction.Image) []string {
	if !slices.Contains(assembly.CaseTypes, image.Key.Type) {
		return nil
	}
	return caseTags(image)
}

// caseTags are the tags of cases that a resource has or had.
func caseTags(image *interaction.Image) (all []string) {
	if image.After != nil {
		all = fhir.Tags(image.After.JSON, membership.CaseSystem)
	}
	if image.Before.JSON != nil {
		all = append(all, fhir.Tags(image.Before.JSON, membership.CaseSystem)...)
	}
	return all
}

// isBound reports whether rules bind a case: its episode has a phase of
// Caseway's, or gets one by this commit.
func (c *review) isBound(id string) (bool, error) {
	key := fhir.Key{Type: "EpisodeOfCare", ID: id}
	for i := range c.Images {
		if c.Images[i].Key == key {
			after := c.Images[i].After
			return strings.Contains(string(c.Images[i].Before.JSON), phaseURL) || after != nil && strings.Contains(string(after.JSON), phaseURL), nil
		}
	}
	v, err := c.server.Read(c.ctx, key)
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		return false, nil
	}
	return err == nil && strings.Contains(string(v.JSON), phaseURL), err
}

func (j *judging) run() (issues []fhir.Issue, err error) {
	if err = j.load(); err != nil {
		return nil, err
	}
	j.unlink()
	j.after = slices.Clone(j.before.Stored)
	for i := range j.Images {
		if slices.Contains(casesOf(&j.Images[i]), j.id) {
			j.mine = append(j.mine, i)
			if j.isUnlinked(&j.Images[i]) {
				continue
			}
			if err := j.putInPlace(&j.Images[i]); err != nil {
				return nil, err
			}
		}
	}
	after := j.assembler.Assemble(j.after)
	if after.ID == "" {
		return j.withoutEpisode(), nil
	}
	if issues := j.unknownPhase(); len(issues) > 0 {
		return issues, nil
	}
	result, step, err := j.apply(after)
	if found := casemodel.Errors(nil); errors.As(err, &found) {
		return j.issues(found), nil
	}
	if err != nil {
		return nil, err
	}
	return nil, j.write(&after, result, step)
}

// isUnlinked reports whether an image takes a resource out of the case, whose
// link was wrong: then it never was a part.
func (j *judging) isUnlinked(image *interaction.Image) bool {
	return image.After != nil && image.Before.JSON != nil && image.Key != (fhir.Key{Type: "EpisodeOfCare", ID: j.id}) &&
		slices.Contains(fhir.Tags(image.Before.JSON, membership.CaseSystem), j.id) &&
		!slices.Contains(fhir.Tags(image.After.JSON, membership.CaseSystem), j.id)
}

// unlink takes such resources out of the case as it is stored.
func (j *judging) unlink() {
	n := len(j.before.Stored)
	j.before.Stored = slices.DeleteFunc(j.before.Stored, func(m proto.Message) bool {
		return slices.ContainsFunc(j.Images, func(image interaction.Image) bool { return image.Key == assembly.KeyOf(m) && j.isUnlinked(&image) })
	})
	if len(j.before.Stored) < n {
		j.before.Case = j.assembler.Assemble(j.before.Stored)
	}
}

// withoutEpisode refuses to delete the episode of a case that isn't in error.
func (j *judging) withoutEpisode() []fhir.Issue {
	if j.before.Case.Phase == casemodel.PhaseEnteredInError {
		return nil
	}
	return j.issues(casemodel.Errors{{
		Rule: "part-removed", Part: casemodel.Ref("EpisodeOfCare/" + j.id), Text: "A case is marked as entered in error before it is deleted.",
	}})
}

// putInPlace puts what an image writes in the place of what is stored, with the
// extensions of Caseway's that the client left out.
func (j *judging) putInPlace(image *interaction.Image) error {
	at := slices.IndexFunc(j.after, func(m proto.Message) bool { return assembly.KeyOf(m) == image.Key })
	if image.After == nil {
		if at >= 0 {
			j.after = slices.Delete(j.after, at, at+1)
		}
		return nil
	}
	m, err := mapping.Decode(image.After)
	if m == nil {
		return err
	}
	if at < 0 {
		assembly.SetID(m, image.Key)
		j.after = append(j.after, m)
		return nil
	}
	kept, any := mapping.Keep(j.after[at], m)
	j.after[at] = kept
	if !any {
		return nil
	}
	image.After, err = j.assembler.Tree(mapping.Write{Resource: kept}.JSON())
	return err
}

// apply judges the change in each role that the client's user has: one that may
// take it is enough.
func (j *judging) apply(after casemodel.Case) (casemodel.Result, casemodel.Step, error) {
	who, err := j.assembler.CallerOf(j.ctx, j.server, &j.before.Case)
	if err != nil {
		return casemodel.Result{}, casemodel.Step{}, err
	}
	ids := j.assembler.NewIDs()
	actors := []casemodel.Actor{{Role: casemodel.RoleSystem, Party: casemodel.Party{Ref: casemodel.Ref(deviceKey.String())}}}
	if who != nil {
		actors = actors[:0]
		for _, r := range who.Roles {
			actors = append(actors, who.Actor(r))
		}
	}
	var first error
	for _, actor := range actors {
		step := casemodel.Step{Actor: actor, At: ids.Now, NewID: ids.Next}
		result, err := j.change(after, step)
		if err == nil {
			return result, step, nil
		}
		if first == nil {
			first = err
		}
	}
	return casemodel.Result{}, casemodel.Step{}, first
}

// issues says which rules stand against what the client wrote, each at the
// resource that it is about.
func (j *judging) issues(found casemodel.Errors) []fhir.Issue {
	var all []fhir.Issue
	for _, e := range found {
		at := j.Images[j.mine[0]].At
		for _, i := range j.mine {
			key := j.Images[i].Key
			if key.String() == string(e.Part) || e.Part == "" && key.Type == "EpisodeOfCare" {
				at = j.Images[i].At
			}
		}
		all = append(all, fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueBusinessRule, Expression: at, Text: e.Rule + ": " + e.Text})
	}
	return all
}

// write adds what follows from the change: to what the client writes, and as
// further writes of the same commit.
func (j *judging) write(after *casemodel.Case, result casemodel.Result, step casemodel.Step) error {
	for _, w := range mapping.Following(after, &result.Case, j.after) {
		if err := j.add(w); err != nil {
			return err
		}
	}
	if len(j.more) == 0 {
		return nil
	}
	if err := j.mark(j.more, j.id); err != nil {
		return err
	}
	device, err := j.device(step.Actor.Party)
	if err != nil {
		return err
	}
	bears, err := j.provenance(j.ctx, &Note{Action: "consequence", Step: step, written: j.Images}, j.id, j.more)
	j.more = append(append(j.more, device...), bears)
	return err
}

// add writes a resource that a consequence makes or changes.
func (j *judging) add(w mapping.Write) error {
	tree, err := j.assembler.Tree(w.JSON())
	if err != nil {
		return err
	}
	for _, i := range j.mine {
		if j.Images[i].Key == w.Key {
			j.Images[i].After = tree
			return nil
		}
	}
	image := interaction.Image{Key: w.Key, Method: store.Post, After: tree}
	if w.Stored != nil {
		image.Method = store.Put
		if image.Before, err = j.server.Read(j.ctx, w.Key); err != nil {
			return err
		}
		if image.Before.VersionID != j.before.Versions[w.Key] {
			return fhir.NewError(fhir.VersionConflict, fhir.IssueConflict, "the case has changed meanwhile")
		}
	}
	j.more = append(j.more, image)
	return nil
}
