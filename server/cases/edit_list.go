package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"caseway/mapping/casemodel"
	"caseway/server/cases/problem"
)

// PartList is a list of parts of a case, which has a URL, as its parts have.
type PartList struct {
	Name  string // of the member of a case, and in URLs
	Kind  casemodel.Kind
	Types []string     // that ids of its parts begin with
	Part  reflect.Type // of a part
}

// TypesOf are the resource types that parts of a kind have in their ids; a new
// one gets the first.
var TypesOf = map[casemodel.Kind][]string{
	casemodel.KindRelative: {"RelatedPerson"}, casemodel.KindTeam: {"CareTeam"}, casemodel.KindNetwork: {"OrganizationAffiliation"},
	casemodel.KindReferral: {"ServiceRequest"}, casemodel.KindProblem: {"Condition"}, casemodel.KindStrength: {"Observation"},
	casemodel.KindBarrier: {"Flag"}, casemodel.KindRisk: {"RiskAssessment"}, casemodel.KindAssessment: {"QuestionnaireResponse"},
	casemodel.KindGoal: {"Goal"}, casemodel.KindOutcome: {"Observation"}, casemodel.KindPlan: {"CarePlan"}, casemodel.KindApproval: {"Task"},
	casemodel.KindService: {"ServiceRequest"}, casemodel.KindOffer: {"Task"}, casemodel.KindAppointment: {"Appointment"},
	casemodel.KindContact: {"Appointment", "Communication", "CommunicationRequest", "Encounter"}, casemodel.KindTask: {"Task"},
	casemodel.KindReview: {"Task"}, casemodel.KindExchange: {"Communication"}, casemodel.KindCoverage: {"Coverage"},
	casemodel.KindEligibility: {"CoverageEligibilityResponse"}, casemodel.KindAuthorization: {"Claim"}, casemodel.KindAppeal: {"Task"},
	casemodel.KindAgreement: {"Contract"}, casemodel.KindBill: {"Invoice"}, casemodel.KindFile: {"DocumentReference"},
	casemodel.KindNote: {"Communication"}, casemodel.KindConsent: {"Consent"},
}

var refType = reflect.TypeFor[casemodel.Ref]()

// isPart reports whether a type is that of parts, which have ids of their own.
func isPart(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	id, ok := t.FieldByName("ID")
	return ok && id.Type == refType
}

// PartLists are the lists of parts of a case, in its order.
var PartLists = func() []PartList {
	one := casemodel.Case{} // with one part in each list, to learn its kind
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && isPart(f.Type().Elem()) {
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
	var all []PartList
	for p := range one.Parts() {
		name, _, _ := strings.Cut(p.Path, "[")
		all = append(all, PartList{name, p.Kind, TypesOf[p.Kind], reflect.TypeOf(p.Value).Elem()})
	}
	return all
}()

// listNamed gives a list by its name, nil for none.
func listNamed(name string) *PartList {
	for i := range PartLists {
		if PartLists[i].Name == name {
			return &PartLists[i]
		}
	}
	return nil
}

// Methods are those by which a list, or a part of it, is edited.
func (l *PartList) Methods(part bool) []string {
	row := casemodel.EditingOf(l.Kind)
	switch {
	case !part && row.Adds:
		return []string{http.MethodPost}
	case part && row.Removal != "":
		return []string{http.MethodPut, http.MethodPatch, http.MethodDelete}
	}
	return nil
}

// EditMethods are the methods by which a list of parts, or one of its parts, is
// edited; none for a list that isn't there.
func EditMethods(list string, part bool) []string {
	if l := listNamed(list); l != nil {
		return l.Methods(part)
	}
	return nil
}

// partOf finds a part in a list of a case.
func partOf(c *casemodel.Case, list string, ref casemodel.Ref) (casemodel.Part, bool) {
	for p := range c.Parts() {
		if name, _, _ := strings.Cut(p.Path, "["); name == list && p.ID == ref && !strings.Contains(p.Path, ".") {
			return p, true
		}
	}
	return casemodel.Part{}, false
}

// partTag is the ETag of a part: it changes when what it says does.
func partTag(part any) string {
	text, err := json.Marshal(part)
	if err != nil {
		return `""` // parts always marshal
	}
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// ReadPart shows a part of a case. ifNoneMatch are ETags of the part that the caller
// has already.
func (s *Service) ReadPart(ctx context.Context, id, list string, ref casemodel.Ref, ifNoneMatch []string) (Answer[any], error) {
	a, err := s.assembler.Load(ctx, s.caller, id)
	if err != nil {
		return Answer[any]{}, err
	}
	p, found := partOf(&a.Case, list, ref)
	if !found {
		return Answer[any]{}, problem.New(http.StatusNotFound, "not-found", "Not found", "the case has no such part")
	}
	tag := partTag(p.Value)
	if matches(ifNoneMatch, tag) {
		return Answer[any]{NotModified: true, ETag: tag}, nil
	}
	return Answer[any]{Value: p.Value, ETag: tag}, nil
}
