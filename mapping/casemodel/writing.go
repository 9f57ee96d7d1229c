package casemodel

import (
	"reflect"
	"slices"
)

// Writing says in which roles somebody may write parts of a kind (KindCase is
// the case itself) other than by an action: by an edit, a file or a FHIR client.
// Actions, and the steps of phases and statuses, have roles of their own.
type Writing struct {
	Kind Kind `json:"kind"`
	// Members are those that the row is about, none for all that no other row
	// of the kind names, and for whole parts that are new.
	Members []string `json:"members,omitempty"`
	Roles   []Role   `json:"roles"` // RoleSystem is always among who may
	// Own names the member by which a part is somebody's own: clients, families,
	// providers and insurers write their own only.
	Own string `json:"own,omitempty"`
}

var (
	byStaff    = []Role{RoleCaseManager, RoleAdministrator, RolePhysician, RoleReferrer}
	byCarer    = append([]Role{RoleProvider}, byStaff...)
	byPlanner  = []Role{RoleCaseManager, RoleAdministrator, RolePhysician}
	byHome     = []Role{RoleClient, RoleFamily}
	byAnybody  = slices.Concat(byHome, byCarer, []Role{RolePayer})
	byPartners = slices.Concat(byLeader, []Role{RoleProvider, RolePayer, RoleClient, RoleFamily})
)

// writings is the table of who writes what. A kind that isn't named comes from
// elsewhere, and is written where it is kept.
var writings = []Writing{
	{Kind: KindCase, Members: []string{
		"identifiers", "adopted", "queued", "model", "setting", "template", "requires", "targetPopulation", "manager",
		"managingOrganization", "accounts", "cadences", "transfers",
	}, Roles: byLeader},
	{Kind: KindCase, Members: []string{"diagnoses"}, Roles: byPlanner},
	{Kind: KindRelative, Roles: slices.Concat(byStaff, []Role{RoleClient})},
	{Kind: KindTeam, Roles: byLeader},
	{Kind: KindReferral, Roles: byStaff},
	{Kind: KindProblem, Roles: byCarer},
	{Kind: KindStrength, Roles: byCarer},
	{Kind: KindBarrier, Roles: byCarer},
	{Kind: KindRisk, Roles: byCarer},
	{Kind: KindAssessment, Roles: slices.Concat(byCarer, byHome), Own: "by"},
	{Kind: KindGoal, Members: []string{"clientWords"}, Roles: slices.Concat(byCarer, byHome)},
	{Kind: KindGoal, Roles: byCarer},
	{Kind: KindOutcome, Roles: slices.Concat(byCarer, byHome), Own: "by"},
	{Kind: KindPlan, Roles: byPlanner},
	{Kind: KindApproval, Members: []string{"approver", "requestedBy", "requestedAt"}, Roles: byLeader},
	{Kind: KindApproval, Roles: byPlanner},
	{Kind: KindService, Members: []string{"status", "statusReason", "startedAt", "endedAt", "remarks"}, Roles: byCarer, Own: "provider"},
	{Kind: KindService, Roles: byPlanner},
	{Kind: KindOffer, Members: []string{"chosen"}, Roles: slices.Concat(byLeader, byHome)},
	{Kind: KindOffer, Members: []string{"provider", "outOfNetwork", "at", "by", "due", "evidence"}, Roles: byLeader},
	{Kind: KindOffer, Roles: slices.Concat(byLeader, []Role{RoleProvider}), Own: "provider"},
	{Kind: KindAppointment, Roles: slices.Concat(byCarer, byHome)},
	{Kind: KindContact, Roles: byCarer},
	{Kind: KindTask, Members: []string{"status", "reason", "business", "period", "changedAt", "outputs", "remarks"}, Roles: byAnybody, Own: "owner"},
	{Kind: KindTask, Roles: slices.Concat(byCarer, []Role{RolePayer}), Own: "owner"},
	{Kind: KindReview, Roles: slices.Concat(byCarer, []Role{RolePayer})},
	{Kind: KindExchange, Roles: slices.Concat(byCarer, []Role{RolePayer})},
	{Kind: KindCoverage, Members: []string{"status", "insurers", "period"}, Roles: byLeader},
	{Kind: KindCoverage, Roles: slices.Concat(byStaff, []Role{RolePayer})},
	{Kind: KindEligibility, Roles: slices.Concat(byStaff, []Role{RolePayer})},
	{Kind: KindAuthorization, Roles: slices.Concat(byCarer, []Role{RolePayer})},
	{Kind: KindAppeal, Roles: byAnybody},
	{Kind: KindAgreement, Roles: byPartners},
	{Kind: KindBill, Roles: byPartners},
	{Kind: KindFile, Roles: byAnybody, Own: "by"},
	{Kind: KindNote, Roles: byAnybody, Own: "by"},
	{Kind: KindConsent, Roles: slices.Concat(byStaff, byHome)},
}

// Writings gives the table of who writes what.
func Writings() []Writing { return slices.Clone(writings) }

var (
	othersWrite = rule("role-may-not-write", "What was changed isn't this role's to write.")
	othersOwn   = rule("not-ones-own", "In this role one writes what is one's own.")
)

// checkWriters holds what a change writes by hand to who may write it. What goes
// along with a step of the phase is judged with that step.
func checkWriters(before, after *Case, s Step, found *Errors) {
	if r := s.Actor.Role; r == RoleSystem || r == RoleCaseManager || r == RoleAdministrator {
		return
	}
	checkWriter(Part{Kind: KindCase, Value: before}, Part{Kind: KindCase, Value: after}, s.Actor, found)
	old := byID(before)
	for now := range after.Parts() {
		was, existed := old[now.ID]
		if !existed || was.Kind != now.Kind {
			checkAdder(now, s.Actor, found)
		} else {
			checkWriter(was, now, s.Actor, found)
		}
	}
}

// checkAdder judges who brings a new part in.
func checkAdder(now Part, a Actor, found *Errors) {
	row := writingOf(now.Kind, "")
	switch {
	case row == nil:
	case !mayTake(row.Roles, a.Role):
		found.add(othersWrite, now.ID, now.Path, "A new "+string(now.Kind)+" is for "+join(row.Roles)+".")
	case !row.owns(now, a, true):
		found.add(othersOwn, now.ID, now.Path+"."+row.Own, string(now.Kind)+"."+row.Own+" names somebody else.")
	}
}

// checkWriter judges who changes the members of a part.
func checkWriter(was, now Part, a Actor, found *Errors) {
	x, y := reflect.ValueOf(was.Value).Elem(), reflect.ValueOf(now.Value).Elem()
	for i := range x.NumField() {
		if Alike(x.Field(i), y.Field(i)) {
			continue
		}
		name := below("", x.Type().Field(i))
		row := writingOf(now.Kind, name)
		path := name
		if now.Path != "" {
			path = now.Path + "." + name
		}
		switch {
		case row == nil || partsOf(x.Type().Field(i).Type) || name == "status" && stepHasRoles(was, now):
		case !mayTake(row.Roles, a.Role):
			found.add(othersWrite, now.ID, path, string(now.Kind)+"."+name+" is for "+join(row.Roles)+".")
		case !row.owns(was, a, false):
			found.add(othersOwn, now.ID, path, string(now.Kind)+"."+row.Own+" names somebody else.")
		}
	}
}

// stepHasRoles reports whether a change of status is a step that has roles of its
// own.
func stepHasRoles(was, now Part) bool {
	return slices.ContainsFunc(edges, func(e Edge) bool {
		return e.Kind == now.Kind && e.From == was.Status && e.To == now.Status && len(e.Roles) > 0
	})
}

// writingOf gives the row for a member of a kind, "" for a new part; nil for none.
func writingOf(kind Kind, member string) *Writing {
	row := find(writings, func(w *Writing) bool { return w.Kind == kind && slices.Contains(w.Members, member) })
	if row == nil {
		row = find(writings, func(w *Writing) bool { return w.Kind == kind && len(w.Members) == 0 })
	}
	return row
}

// partsOf reports whether a member holds parts, which are judged themselves.
func partsOf(t reflect.Type) bool {
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Struct {
		return false
	}
	id, has := t.Elem().FieldByName("ID")
	return has && id.Type == refType
}

// owns reports whether a part is the actor's own, where their role asks for that.
// What is new may leave out whose it is.
func (row *Writing) owns(p Part, a Actor, isNew bool) bool {
	switch a.Role {
	case RoleClient, RoleFamily, RoleProvider, RolePayer:
	default:
		return true
	}
	if row.Own == "" || row.Own == "by" && a.Role != RoleClient && a.Role != RoleFamily {
		return true
	}
	switch own := memberOf(p.Value, row.Own).Interface().(type) {
	case Party:
		return own.Same(a.Party) && !own.IsZero() || own.IsZero() && isNew
	case []Party:
		return slices.ContainsFunc(own, a.Party.Same) || len(own) == 0 && isNew
	}
	return false
}
