package access

import (
	"context"
	"slices"
	"strings"

	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/interaction"
)

// visible are the permissions each of which lets a resource be seen.
const visible = scope.Read | scope.Search

// permissionOf says which permission an interaction needs
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources).
var permissionOf = map[interaction.Name]scope.Permissions{
	interaction.Read:            scope.Read,
	interaction.VRead:           scope.Read,
	interaction.HistoryInstance: scope.Read,
	interaction.SearchType:      scope.Search,
	interaction.SearchSystem:    scope.Search,
	interaction.HistoryType:     scope.Search,
	interaction.HistorySystem:   scope.Search,
	interaction.Create:          scope.Create,
	interaction.Update:          scope.Update,
	interaction.Delete:          scope.Delete,
}

// decision is one question that is asked of an Access.
type decision struct {
	*Access
	interaction.Question
	ctx  context.Context
	view *view
}

// Decide implements interaction.Access.
func (a *Access) Decide(ctx context.Context, q interaction.Question) error {
	v, err := a.viewOf(ctx)
	if err != nil {
		return err
	}
	d := decision{Access: a, Question: q, ctx: ctx, view: v}
	if q.Follows {
		return d.follow()
	}
	switch q.What {
	case interaction.Transaction, interaction.Batch:
		return nil // each entry is decided for itself
	case interaction.Create:
		return d.create()
	case interaction.Update:
		return d.update()
	case interaction.Patch:
		return d.patch()
	case interaction.Delete:
		return d.delete()
	}
	if strings.HasPrefix(string(q.What), "$") {
		return d.operate()
	}
	needs, known := permissionOf[q.What]
	switch {
	case !known:
		return d.forbidden()
	case q.Key.Type == "":
		return d.anyType(needs)
	}
	return d.read(needs)
}

// anyType decides on the system as a whole.
func (d decision) anyType(needs scope.Permissions) error {
	for typ := range types() {
		if len(d.view.grants(typ, needs)) > 0 {
			return nil
		}
	}
	return d.forbidden()
}

// read decides on a type, where no id is given, or on a version.
func (d decision) read(needs scope.Permissions) error {
	if len(d.view.grants(d.Key.Type, needs)) == 0 {
		return d.forbidden()
	}
	if d.Key.ID == "" {
		return nil
	}
	return d.seen(needs)
}

// seen decides whether the version before is visible.
func (d decision) seen(any scope.Permissions) error {
	if !d.Before.Exists() {
		return fhir.NoSuch(d.Key.Type)
	}
	ok, err := d.sees(any, d.versionImage(d.Before))
	if err == nil && !ok {
		err = fhir.NoSuch(d.Key.Type)
	}
	return err
}

// operate decides on an operation by the table of operations.
func (d decision) operate() error {
	op, known := operationOn(string(d.What), d.Key.Type)
	if !known || op.role != "" && op.role != d.view.principal.Role {
		return d.forbidden()
	}
	return d.read(op.any)
}

// create decides on a new resource, and on a conditional create that found one.
func (d decision) create() error {
	if len(d.view.grants(d.Key.Type, scope.Create)) == 0 {
		return d.forbidden()
	}
	if d.Before.Exists() {
		return d.seen(visible)
	}
	return d.becomes(scope.Create, nil)
}

// update decides on a new version.
//
// Who doesn't see every resource of the type can't bring one in under an id of
// their own: whether the id is taken would tell of what is hidden.
func (d decision) update() error {
	if len(d.view.grants(d.Key.Type, scope.Update)) == 0 {
		return d.forbidden()
	}
	if !d.Before.Exists() {
		if !d.view.all(d.Key.Type, scope.Update) {
			return fhir.NoSuch(d.Key.Type)
		}
		return d.becomes(scope.Update, nil)
	}
	was := d.versionImage(d.Before)
	if err := d.may(scope.Update, was); err != nil {
		return err
	}
	return d.becomes(scope.Update, was)
}

// patch decides whether what is there may be patched; what comes out is decided
// as an update. How a patch fits, and what an answer shows of the rest, tells of
// what is there: who may not see it can't patch it, whatever they may write.
func (d decision) patch() error {
	if len(d.view.grants(d.Key.Type, scope.Update)) == 0 {
		return d.forbidden()
	}
	if !d.Before.Exists() {
		if d.view.all(d.Key.Type, scope.Update) {
			return nil // the engine says so
		}
		return fhir.NoSuch(d.Key.Type)
	}
	was := d.versionImage(d.Before)
	if err := d.may(scope.Update, was); err != nil {
		return err
	}
	if ok, err := d.sees(visible, was); err != nil || ok {
		return err
	}
	return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden,
		"a patch needs the permission to read the resource beside that to update it, for it tells of what is there; an update (PUT) works")
}

// delete decides on a deletion, without an id on a conditional one that matches
// nothing. To who sees every resource of a type, one that isn't there is deleted
// already.
func (d decision) delete() error {
	if len(d.view.grants(d.Key.Type, scope.Delete)) == 0 {
		return d.forbidden()
	}
	if d.Key.ID == "" || d.view.all(d.Key.Type, scope.Delete) {
		return nil
	}
	if !d.Before.Exists() {
		return fhir.NoSuch(d.Key.Type)
	}
	was := d.versionImage(d.Before)
	if err := d.may(scope.Delete, was); err != nil || d.Before.Deleted() {
		return err
	}
	return d.movesOnlyOwn(scope.Delete, was, nil)
}

// may decides whether a permission reaches what is there now.
func (d decision) may(p scope.Permissions, was *image) error {
	ok, err := d.sees(p, was)
	if err != nil || ok {
		return err
	}
	if ok, err = d.sees(visible, was); err != nil {
		return err
	}
	if ok {
		return d.forbidden()
	}
	return fhir.NoSuch(d.Key.Type)
}

// becomes decides on what a write makes; was is nil where nothing was there.
func (d decision) becomes(p scope.Permissions, was *image) error {
	is := d.treeImage(d.Key, d.After)
	ok, err := d.sees(p, is)
	switch {
	case err != nil:
		return err
	case !ok:
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the resource would be outside of what the token may write")
	case d.view.all(d.Key.Type, p):
		return nil
	}
	if err := d.movesOnlyOwn(p, was, is); err != nil {
		return err
	}
	if err := d.joinsOnlyOwnCases(was, is); err != nil {
		return err
	}
	return d.pointsOnlyToVisible(was, is)
}

// movesOnlyOwn refuses a write that brings a resource into the compartment of a
// patient whom the caller has no right to, or out of it. Nil is a resource that
// isn't there.
func (d decision) movesOnlyOwn(p scope.Permissions, was, is *image) error {
	before, err := was.patients()
	if err != nil {
		return err
	}
	after, err := is.patients()
	if err != nil {
		return err
	}
	var moved []string
	for _, id := range slices.Concat(before, after) {
		if slices.Contains(before, id) != slices.Contains(after, id) {
			moved = append(moved, id)
		}
	}
	for _, id := range moved {
		ok, err := d.reaches(p, id)
		if err != nil {
			return err
		}
		if !ok {
			return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden,
				"the write would change what is in the compartment of a patient whose data the token may not write")
		}
	}
	return nil
}

// pointers are the references by which a resource lets others see what it
// points to: an Organization the focus of its Tasks and the episode to whose case
// they and its Contracts come by what they hang on, everybody the documents of their
// DocumentReferences; and those by which it is believed to be about it.
var pointers = map[string]func(*fhir.Tree, string) []fhir.Key{
	"Task":              hangsOn,
	"Contract":          hangsOn,
	"DocumentReference": documentsOf,
	"Provenance":        targetsOf,
}

// pointsOnlyToVisible refuses a write by which something hidden would become
// visible, now or once it is there, or would have a witness who can't see it.
func (d decision) pointsOnlyToVisible(was, is *image) error {
	targets := d.pointsTo(d.After)
	if len(targets) == 0 {
		return nil
	}
	old, err := was.decoded()
	if err != nil {
		return err
	}
	var known []fhir.Key
	if old != nil {
		known = d.pointsTo(old)
	}
	for _, target := range targets {
		if slices.Contains(known, target) {
			continue
		}
		ok, err := d.seesCurrent(target)
		if err != nil {
			return err
		}
		if !ok && !d.Creates(target) {
			return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the resource would refer to something that the token may not see")
		}
	}
	return nil
}

// pointsTo are what a resource lets others see. To who is bound to an Organization it
// is also what the resource comes into a case by: a Task of theirs on what is in a
// case shows the case's episode.
func (d decision) pointsTo(t *fhir.Tree) (keys []fhir.Key) {
	if of := pointers[d.Key.Type]; of != nil {
		keys = of(t, d.base)
	}
	if d.view.principal.Organization != "" {
		keys = append(keys, d.cases.Joined(t, d.base)...)
	}
	return keys
}

func (d decision) forbidden() error {
	on := "the system"
	if d.Key.Type != "" {
		on = d.Key.Type
	}
	return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the token's scopes or its user's role don't allow "+string(d.What)+" on "+on)
}
