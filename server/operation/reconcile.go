package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/mapping/reconcile"
	"caseway/server/cases/membership"
	"caseway/server/cases/rules"
)

// reconciling is CarePlan/[id]/$reconcile on its way.
type reconciling struct {
	s           *Service
	ctx         context.Context
	call        call
	now         time.Time
	here, there side
	// found are the resources that the plans refer to, nil for what isn't there
	// or isn't the caller's to see.
	found map[fhir.Key]*fhir.Tree
	wrong error // of reading them
}

// side is one of the two plans.
type side struct {
	name   string // here or there
	plan   *reconcile.Plan
	stored store.Version // doesn't exist for a plan that the call brings along
}

// mostRead bounds how many resources the plans may refer to, and mostMembers how
// much may be in their lists.
const (
	mostRead    = 2000
	mostMembers = 2000
)

// reconcile is CarePlan/[id]/$reconcile.
func (s *Service) reconcile(ctx context.Context, c call) ([]byte, error) {
	r := &reconciling{s: s, ctx: ctx, call: c, now: s.clock().UTC().Truncate(time.Millisecond), found: map[fhir.Key]*fhir.Tree{}}
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := r.meet(); err != nil {
		return nil, err
	}
	result, err := reconcile.Compare(r.here.plan, r.there.plan)
	if err != nil {
		return nil, err
	}
	parameters, err := r.sources()
	if err != nil {
		return nil, err
	}
	for _, f := range result.Findings() {
		parameters = append(parameters, s.finding(f))
	}
	if c.given.is("merge") || c.given.is("store") {
		merged, err := r.merged(result)
		if err != nil {
			return nil, err
		}
		parameters = append(parameters, object{"name": "merged", "resource": merged})
	}
	if r.wrong != nil {
		return nil, r.wrong
	}
	return s.parameters(parameters)
}

// check holds arguments to what goes together.
func (r *reconciling) check() error {
	g := r.call.given
	switch stores := g.is("store"); {
	case r.call.Get && stores:
		return invalid("store", "is for POST, by itself or in a batch: GET gives a preview")
	case stores && len(g["merge"]) > 0 && !g.is("merge"):
		return invalid("merge", "must be true, or left out, where the merged plan is to be stored")
	case !stores && g.text("episode") != "":
		return invalid("episode", "goes with store: a preview belongs to no case")
	case !stores && g.text("reason") != "":
		return invalid("reason", "goes with store: a preview has no Provenance")
	case len(g["other"])+len(g["otherPlan"]) == 0:
		return fhir.NewError(fhir.Invalid, fhir.IssueRequired, "parameter other is missing: the other plan, by reference, or itself as otherPlan")
	case len(g["other"])+len(g["otherPlan"]) > 1:
		return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "the other plan is given twice, as other and as otherPlan")
	}
	return nil
}

// meet reads both plans, and makes sure that they are of one patient.
func (r *reconciling) meet() error {
	tree, err := r.s.decode(r.call.target.JSON)
	if err != nil {
		return err
	}
	r.here = side{"here", &reconcile.Plan{Tree: tree, Find: r.find, Base: r.call.Base}, r.call.target}
	if inline := r.call.given["otherPlan"]; len(inline) > 0 {
		tree, err = r.brought(inline[0])
	} else {
		r.there.stored, tree, err = r.other()
	}
	if err != nil {
		return err
	}
	r.there = side{"there", &reconcile.Plan{Tree: tree, Find: r.find, Base: r.call.Base}, r.there.stored}
	if r.here.plan.Size() > mostMembers || r.there.plan.Size() > mostMembers {
		return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, fmt.Sprintf("one of the plans has more than %d goals, activities and the like", mostMembers))
	}
	if !r.ofOnePatient() {
		return fhir.NewError(fhir.Unprocessable, fhir.IssueBusinessRule,
			"the plans are of different patients: CarePlan.subject must name the same one").At("CarePlan.subject")
	}
	return r.wrong
}

// brought is a plan that the call brings along, which must be as sound as one
// that is stored.
func (r *reconciling) brought(text json.RawMessage) (*fhir.Tree, error) {
	tree, err := fhir.Decode(r.s.schema, text, fhir.Limits{Bytes: len(text)})
	if err != nil {
		return nil, err
	}
	return tree, r.s.engine.Valid(r.ctx, tree)
}

// other reads the other plan, as the caller sees it.
func (r *reconciling) other() (store.Version, *fhir.Tree, error) {
	ref := strings.TrimPrefix(r.call.given.text("other"), r.call.Base+"/")
	key, ok := fhir.ParseKey(ref)
	switch {
	case !ok || key.Type != "CarePlan":
		return store.Version{}, nil, invalid("other", "must be a CarePlan of this server, such as CarePlan/1; one from elsewhere is given as otherPlan")
	case key == r.call.Key:
		return store.Version{}, nil, invalid("other", "is the plan itself")
	}
	v, err := r.s.engine.Read(r.ctx, key)
	if isMissing(err) {
		return v, nil, fhir.NewError(fhir.Unprocessable, fhir.IssueNotFound, "parameter other names nothing that is there")
	}
	if err != nil {
		return v, nil, err
	}
	tree, err := r.s.decode(v.JSON)
	return v, tree, err
}

// find reads what a plan refers to. What the caller may not see is as if it
// weren't there.
func (r *reconciling) find(key fhir.Key) *fhir.Tree {
	tree, known := r.found[key]
	if known || r.wrong != nil {
		return tree
	}
	if len(r.found) >= mostRead {
		r.wrong = fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, fmt.Sprintf("the plans refer to more than %d resources", mostRead))
		return nil
	}
	r.found[key] = nil
	v, err := r.s.engine.Read(r.ctx, key)
	if err != nil {
		if !unseen(err) {
			r.wrong = err
		}
		return nil
	}
	if tree, err = r.s.decode(v.JSON); err != nil {
		r.wrong = err
	}
	r.found[key] = tree
	return tree
}

// unseen reports whether an error says that there is nothing, or nothing for
// this caller; a plan may also refer to what no server of FHIR has.
func unseen(err error) bool {
	return fhir.Is(err, fhir.NotFound, fhir.Gone, fhir.Forbidden, fhir.Invalid)
}

// ofOnePatient compares whom the plans are for: by reference, or by an
// identifier that the references or the Patient have.
func (r *reconciling) ofOnePatient() bool {
	a, b := r.here.plan.Tree.Root().Child("subject"), r.there.plan.Tree.Root().Child("subject")
	one, _ := r.here.plan.Key(a)
	other, _ := r.there.plan.Key(b)
	if one != (fhir.Key{}) && other != (fhir.Key{}) {
		return one == other
	}
	if x := a.Child("reference").Text(); x != "" && !strings.HasPrefix(x, "#") && x == b.Child("reference").Text() {
		return true
	}
	theirs := r.identifiers(b, other)
	return slices.ContainsFunc(r.identifiers(a, one), func(i string) bool { return slices.Contains(theirs, i) })
}

// identifiers are those by which a reference, and the Patient that it names,
// can be known.
func (r *reconciling) identifiers(subject fhir.Node, key fhir.Key) []string {
	nodes := []fhir.Node{subject.Child("identifier")}
	if key != (fhir.Key{}) {
		if tree := r.find(key); tree != nil {
			nodes = slices.AppendSeq(nodes, tree.Root().All("identifier"))
		}
	}
	var all []string
	for _, n := range nodes {
		if system, value := n.Child("system").Text(), n.Child("value").Text(); system != "" && value != "" {
			all = append(all, system+"|"+value)
		}
	}
	return all
}

// merged is the merged plan, stored where that is asked for.
func (r *reconciling) merged(result *reconcile.Result) (json.RawMessage, error) {
	plan, err := result.Merge(reconcile.Names{Here: r.here.reference(), There: r.there.reference()}, r.now)
	if err != nil {
		return nil, err
	}
	if r.call.given.is("store") {
		return r.store(plan)
	}
	return encoded(plan), nil
}

// store stores the merged plan with its Provenance.
func (r *reconciling) store(plan object) (json.RawMessage, error) {
	episode, err := r.episode()
	if err != nil {
		return nil, err
	}
	if episode != "" {
		meta, _ := plan["meta"].(object)
		if meta == nil {
			meta = object{}
		}
		meta["tag"] = []object{{"system": membership.CaseSystem, "code": episode}}
		plan["meta"] = meta
		list, _ := plan["extension"].([]any)
		plan["extension"] = append(list, object{"url": episodeExtension, "valueReference": object{"reference": "EpisodeOfCare/" + episode}})
	}
	note := rules.Attestation{Activity: "reconcile", Why: r.call.given.text("reason")}
	if note.Why == "" {
		note.Why = "Two plans of one patient from two sources were merged."
	}
	for _, s := range []side{r.here, r.there} {
		note.Sources = append(note.Sources, s.witnessed())
	}
	delete(plan, "id")
	done, err := r.s.create(r.ctx, []fresh{{fhir.Key{Type: "CarePlan", ID: fhir.NewID(r.now)}, plan}}, note)
	if err != nil {
		return nil, err
	}
	return done.Versions[0].JSON, nil
}

// episode is that of the case that the merged plan belongs to: the one that is
// named, else the one that the stored plans belong to where there is just one.
func (r *reconciling) episode() (string, error) {
	if ref := r.call.given.text("episode"); ref != "" {
		tree, err := r.s.named(r.ctx, r.call, "episode", ref, []string{"EpisodeOfCare"})
		if err != nil {
			return "", err
		}
		patient, _ := r.here.plan.Key(tree.Root().Child("patient"))
		subject, _ := r.here.plan.Key(r.here.plan.Tree.Root().Child("subject"))
		if patient != subject {
			return "", invalid("episode", "isn't one of the subject")
		}
		return tree.ID(), nil
	}
	var all []string
	for _, s := range []side{r.here, r.there} {
		if !s.stored.Exists() {
			continue
		}
		for _, id := range fhir.Tags(s.stored.JSON, membership.CaseSystem) {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	if len(all) != 1 {
		return "", nil
	}
	return all[0], nil
}

// reference names a plan in the merged one: nil where nothing does.
func (s side) reference() json.RawMessage {
	if s.stored.Exists() {
		return encoded(object{"reference": s.stored.Key.String()})
	}
	if n := s.plan.Tree.Root().Child("identifier"); n.Valid() {
		return encoded(object{"type": "CarePlan", "identifier": json.RawMessage(slices.Clone(n.Raw()))})
	}
	return nil
}

// witnessed names a plan in Provenance, in the version that it was read in.
func (s side) witnessed() object {
	if s.stored.Exists() {
		return object{"reference": s.stored.Key.String() + "/_history/" + strconv.FormatInt(s.stored.VersionID, 10)}
	}
	root := s.plan.Tree.Root()
	o := object{"type": "CarePlan", "display": "The plan that the call brought along"}
	if n := root.Child("identifier"); n.Valid() {
		o["identifier"] = json.RawMessage(slices.Clone(n.Raw()))
	}
	if from := root.Child("meta").Child("source").Text(); from != "" {
		o["display"] = "The plan that the call brought along, from " + from
	}
	return o
}
