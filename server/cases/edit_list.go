package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"caseway/mapping/casemodel"
)

// partList is a list of parts of a case, which has a URL, as its parts have.
type partList struct {
	name  string // of the member of a case, and in URLs
	kind  casemodel.Kind
	types []string     // that ids of its parts begin with
	part  reflect.Type // of a part
}

// typesOf are the resource types that parts of a kind have in their ids; a new
// one gets the first.
var typesOf = map[casemodel.Kind][]string{
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

// partLists are the lists of parts of a case, in its order.
var partLists = func() []partList {
	one := casemodel.Case{} // with one part in each list, to learn its kind
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && isPart(f.Type().Elem()) {
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		}
	}
	var all []partList
	for p := range one.Parts() {
		name, _, _ := strings.Cut(p.Path, "[")
		all = append(all, partList{name, p.Kind, typesOf[p.Kind], reflect.TypeOf(p.Value).Elem()})
	}
	return all
}()

// listNamed gives a list by its name, nil for none.
func listNamed(name string) *partList {
	for i := range partLists {
		if partLists[i].name == name {
			return &partLists[i]
		}
	}
	return nil
}

// methods are those by which a list, or a part of it, is edited.
func (l *partList) methods(part bool) []string {
	row := casemodel.EditingOf(l.kind)
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
		return l.methods(part)
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

// ReadPart shows a part of a case (GET /cases/[id]/[list]/[type]/[id]).
func (s *Service) ReadPart(ctx context.Context, id, list string, ref casemodel.Ref, ifNoneMatch []string) (Answer, error) {
	a, err := s.load(ctx, s.caller, id)
	if err != nil {
		return Answer{}, err
	}
	p, found := partOf(&a.c, list, ref)
	if !found {
		return Answer{}, newProblem(http.StatusNotFound, "not-found", "Not found", "the case has no such part")
	}
	tag := partTag(p.Value)
	if matches(ifNoneMatch, tag) {
		return Answer{Status: http.StatusNotModified, ETag: tag}, nil
	}
	body, err := json.Marshal(p.Value)
	if err != nil {
		return Answer{}, fmt.Errorf("a part as JSON: %w", err)
	}
	return Answer{Status: http.StatusOK, ETag: tag, Body: body}, nil
}
