package access_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"caseway/auth"
	"caseway/auth/scope"
)

// oracle says what a principal may see, from the words and not from
// search conditions.
type oracle struct {
	principal *auth.Principal
	world     world
}

// sees reports whether a version may be seen by one of some permissions.
func (o oracle) sees(x *thing, any scope.Permissions) bool {
	return slices.ContainsFunc(o.principal.Scopes.Resources, func(s scope.Scope) bool {
		return (s.Type == "*" || s.Type == x.typ) && s.Permissions&any != 0 && o.matches(s, x) && o.reaches(s, x)
	})
}

// matches holds a scope's status=… against a thing.
func (o oracle) matches(s scope.Scope, x *thing) bool {
	for _, p := range scope.Pairs(s.Query) {
		if p[0] != "status" || !slices.Contains(strings.Split(p[1], ","), x.status) {
			return false
		}
	}
	return true
}

func (o oracle) reaches(s scope.Scope, x *thing) bool {
	p := o.principal
	switch s.Context {
	case scope.Patient:
		ok := p.Patient != "" && o.ofPatients(x, []string{"Patient/" + p.Patient})
		if p.Organization != "" && !directory(x) && x.typ != "Binary" {
			ok = ok && o.ofOrganization(x, "Organization/"+p.Organization)
		}
		return ok
	case scope.User:
		switch p.Role {
		case auth.Patient:
			return o.ofPatients(x, []string{p.FHIRUser})
		case auth.Caregiver:
			var charges []string
			for _, id := range p.Charges {
				charges = append(charges, "Patient/"+id)
			}
			return o.ofPatients(x, charges)
		case auth.Staff, auth.Administrator:
			return p.Organization == "" || o.ofOrganization(x, "Organization/"+p.Organization)
		}
	case scope.System:
		return p.Role == "" && (p.Organization == "" || o.ofOrganization(x, "Organization/"+p.Organization))
	}
	return false
}

func directory(x *thing) bool {
	return x.typ == "Practitioner" || x.typ == "Organization" || x.typ == "Device"
}

var noneOf = []string{"List", "Basic", "Group", "Person"}

// ofPatients: in the compartment of one of them and of nobody else, or theirs by
// its subject.
func (o oracle) ofPatients(x *thing, patients []string) bool {
	mine := func(key string) bool { return slices.Contains(patients, key) }
	switch {
	case x.typ == "Patient":
		return mine(x.key())
	case x.typ == "Device":
		return x.subject == "" || mine(x.subject)
	case directory(x):
		return true
	case x.typ == "Binary":
		return o.binary(x)
	case slices.Contains(noneOf, x.typ):
		return false
	case x.typ == "Invoice" && x.recipient != "" && x.recipient != "RelatedPerson/relatedperson-0" && !mine(x.recipient):
		return false
	case x.typ == "Appointment" && x.other != "":
		return mine(x.subject) && mine(x.other)
	case x.other == "":
		return mine(x.subject)
	}
	return mine(x.subject)
}

// ofOrganization: what it pays for, what its tasks are about.
func (o oracle) ofOrganization(x *thing, org string) bool {
	if directory(x) {
		return x.typ != "Device" || x.subject == ""
	}
	if x.typ == "Binary" {
		return o.binary(x)
	}
	if slices.Contains(noneOf, x.typ) {
		return false
	}
	if x.typ == "Task" && x.owner == org {
		return true
	}
	for _, other := range o.world {
		if now := other.now(); now.typ == "Task" && now.owner == org && now.focus == x.key() {
			return true
		}
	}
	if x.typ == "Contract" && x.party == org || x.typ == "Invoice" && (x.party == org || x.recipient == org) {
		return true
	}
	if x.typ == "EpisodeOfCare" && o.works(x.key(), org) {
		return true
	}
	if x.typ == "Invoice" && x.recipient != "" {
		return false // somebody else's
	}
	whose := x.subject
	if x.typ == "Patient" {
		whose = x.key()
	}
	if x.typ == "Appointment" && x.other != "" && !o.covered(x.other, org) {
		return false
	}
	return o.covered(whose, org) || slices.Contains([]string{"Patient", "CarePlan", "CareTeam"}, x.typ) && o.served(whose, org)
}

// works: in the case of an episode, by a Task or a Contract.
func (o oracle) works(episode, org string) bool {
	return slices.ContainsFunc(o.world, func(x *thing) bool {
		return x.episode == episode && (x.typ == "Task" && x.owner == org || x.typ == "Contract" && x.party == org)
	})
}

func (o oracle) covered(patient, org string) bool {
	return slices.ContainsFunc(o.world, func(c *thing) bool {
		return c.typ == "Coverage" && c.subject == patient && c.payor == org && c.status != "entered-in-error"
	})
}

func (o oracle) served(patient, org string) bool {
	return slices.ContainsFunc(o.world, func(c *thing) bool { return c.typ == "Task" && c.subject == patient && c.owner == org })
}

// binary: by its context, or a document that is seen.
func (o oracle) binary(x *thing) bool {
	if x.context != "" {
		return slices.ContainsFunc(o.world, func(y *thing) bool {
			return y.key() == x.context && y.typ != "Binary" && o.sees(y.now(), scope.Read|scope.Search)
		})
	}
	return slices.ContainsFunc(o.world, func(y *thing) bool {
		return y.typ == "DocumentReference" && y.binary == x.key() && o.sees(y, scope.Read|scope.Search)
	})
}

// reason reports whether a resource decides on what is seen though it may not
// be seen itself: it is the same in all worlds that a principal can't tell apart.
func (o oracle) reason(x *thing) bool {
	org := "Organization/" + o.principal.Organization
	switch x.typ {
	case "Patient":
		return o.principal.Organization != ""
	case "Coverage":
		return x.payor == org
	case "Task":
		return x.owner == org
	case "Contract":
		return x.party == org
	}
	return false
}

// drawPrincipal makes somebody who asks.
func drawPrincipal(t *rapid.T) *auth.Principal {
	patient := func() string { return idOf("Patient", rapid.IntRange(0, 3).Draw(t, "who")) }
	org := func() string { return idOf("Organization", rapid.IntRange(0, 2).Draw(t, "org")) }
	p := &auth.Principal{}
	context := "user"
	switch rapid.IntRange(0, 9).Draw(t, "principal") {
	case 0, 1:
		p.Role, p.Patient, context = auth.Patient, patient(), "patient"
		p.FHIRUser = "Patient/" + p.Patient
	case 2:
		p.Role, p.Charges = auth.Caregiver, []string{patient(), patient()}
	case 3:
		p.Role, p.Patient, context = auth.Staff, patient(), "patient"
	case 4:
		p.Role, p.Organization = auth.Staff, org()
	case 5:
		p.Organization, context = org(), "system"
	case 6:
		p.Role = auth.Staff
	case 7:
		p.Role, p.Patient, p.Organization, context = auth.Staff, patient(), org(), "patient"
	case 8:
		p.Role, p.Organization = auth.Administrator, org()
	case 9:
		p.Patient, p.Organization, context = patient(), org(), "patient"
	}
	p.Scopes = drawScopes(t, context)
	return p
}

func drawScopes(t *rapid.T, context string) scope.Set {
	all := []string{"*.cruds", "*.rs", "Task.cruds?status=requested", "Observation.rs?status=final", "Observation.cruds", "Patient.rs", "CarePlan.r", "CarePlan.s", "Task.cud", "DocumentReference.cruds", "Binary.cruds", "Coverage.cruds", "Invoice.rs", "EpisodeOfCare.rs"}
	chosen := rapid.SliceOfN(rapid.SampledFrom(all), 1, 4).Draw(t, "scopes")
	if rapid.Bool().Draw(t, "everything") {
		chosen = []string{"*.cruds"}
	}
	set, err := scope.Parse(context + "/" + strings.Join(chosen, " "+context+"/"))
	if err != nil {
		t.Fatal(err)
	}
	return set
}
