package mapping

import (
	"caseway/mapping/casemodel"

	conditionpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/condition_go_proto"
	flagpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/flag_go_proto"
	observationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
	riskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/risk_assessment_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// terminologies begin the canonical URLs of HL7's code systems.
const terminology = "http://terminology.hl7.org/CodeSystem/"

var problems = pair[casemodel.Problem, conditionpb.Condition, *conditionpb.Condition]{
	typ: "Condition", subject: "subject",
	id: func(p *casemodel.Problem) *casemodel.Ref { return &p.ID },
	fixed: func(m *conditionpb.Condition) {
		r := m.ProtoReflect()
		concept.write(r.Mutable(field(r, "category")).List().AppendMutable().Message(), problemListItem)
	},
	bindings: []binding[casemodel.Problem]{
		one("code", func(p *casemodel.Problem) *casemodel.Concept { return &p.Code }, concept),
		one("clinicalStatus", func(p *casemodel.Problem) *string { return &p.Clinical }, codeIn(terminology+"condition-clinical")),
		one("verificationStatus", func(p *casemodel.Problem) *string { return &p.Verification }, codeIn(terminology+"condition-ver-status")),
		demanded(many("category", func(p *casemodel.Problem) *[]casemodel.Concept { return &p.Categories }, concept), func(p *casemodel.Problem) bool { return len(p.Categories) == 0 }),
		one("severity", func(p *casemodel.Problem) *casemodel.Concept { return &p.Severity }, concept),
		one("onset", func(p *casemodel.Problem) *casemodel.Value { return &p.Onset }, value),
		one("abatement", func(p *casemodel.Problem) *casemodel.Value { return &p.Abatement }, value),
		one("recordedDate", func(p *casemodel.Problem) *casemodel.Date { return &p.RecordedAt }, date),
		one("recorder", func(p *casemodel.Problem) *casemodel.Party { return &p.RecordedBy }, party),
		one("asserter", func(p *casemodel.Problem) *casemodel.Party { return &p.AssertedBy }, party),
		many("note", func(p *casemodel.Problem) *[]casemodel.Remark { return &p.Remarks }, remark),
	},
}

var problemListItem = casemodel.Concept{Codings: []casemodel.Coding{{
	System: terminology + "condition-category", Code: "problem-list-item", Display: "Problem List Item",
}}}

var strengths = pair[casemodel.Strength, observationpb.Observation, *observationpb.Observation]{
	typ: "Observation", subject: "subject",
	id:    func(s *casemodel.Strength) *casemodel.Ref { return &s.ID },
	fixed: func(m *observationpb.Observation) { set(m, "status", "final") },
	bindings: []binding[casemodel.Strength]{
		{readStrengthCode, writeStrengthCode},
		extension("strength-source", func(s *casemodel.Strength) *casemodel.StrengthSource { return &s.Source }, in("code", coded[casemodel.StrengthSource](tableOf("strength-source")))),
		{readStrengthValue, writeStrengthValue},
		demanded(one("status", func(s *casemodel.Strength) *casemodel.FindingStatus { return &s.Status }, coded[casemodel.FindingStatus](findingStatus)), func(s *casemodel.Strength) bool { return s.Status == "" }),
		typed("effective", "dateTime", func(s *casemodel.Strength) *casemodel.Date { return &s.At }, date),
		many("performer", func(s *casemodel.Strength) *[]casemodel.Party { return &s.By }, party),
		many("note", func(s *casemodel.Strength) *[]casemodel.Remark { return &s.Remarks }, remark),
	},
}

var findingStatus = tableOf("finding-status")

// strengthCode marks an Observation of a strength.
var strengthCode = casemodel.Coding{System: systemOf("finding-kind"), Code: "strength", Display: "Strength"}

// isStrength reports whether an Observation is marked as a strength.
func isStrength(m protoreflect.Message) bool {
	return concept.read(m.Get(field(m, "code")).Message()).Is(strengthCode.System, strengthCode.Code)
}

// readStrengthCode reads the code without the mark.
func readStrengthCode(m protoreflect.Message, s *casemodel.Strength) {
	c := concept.read(m.Get(field(m, "code")).Message())
	s.Code = casemodel.Concept{Text: c.Text}
	for _, k := range c.Codings {
		if k.System != strengthCode.System {
			s.Code.Codings = append(s.Code.Codings, k)
		}
	}
}

func writeStrengthCode(m protoreflect.Message, s *casemodel.Strength) {
	marked := casemodel.Concept{Codings: []casemodel.Coding{strengthCode}, Text: s.Code.Text}
	marked.Codings = append(marked.Codings, s.Code.Codings...)
	var have casemodel.Strength
	if readStrengthCode(m, &have); isStrength(m) && same(have.Code, s.Code) {
		return
	}
	concept.write(m.Mutable(field(m, "code")).Message(), marked)
}

// readStrengthValue tells words from other values.
func readStrengthValue(m protoreflect.Message, s *casemodel.Strength) {
	s.Text, s.Value = "", casemodel.Value{}
	if f := field(m, "value"); m.Has(f) {
		if s.Value = value.read(m.Get(f).Message()); s.Value.Text != nil {
			s.Text, s.Value = *s.Value.Text, casemodel.Value{}
		}
	}
}

func writeStrengthValue(m protoreflect.Message, s *casemodel.Strength) {
	want := s.Value
	if s.Text != "" {
		want = casemodel.Value{Text: &s.Text}
	}
	one("value", func(v *casemodel.Value) *casemodel.Value { return v }, value).write(m, &want)
}

var outcomes = pair[casemodel.Outcome, observationpb.Observation, *observationpb.Observation]{
	typ: "Observation", subject: "subject",
	id:    func(o *casemodel.Outcome) *casemodel.Ref { return &o.ID },
	fixed: func(m *observationpb.Observation) { set(m, "status", "final") },
	bindings: []binding[casemodel.Outcome]{
		demanded(one("status", func(o *casemodel.Outcome) *casemodel.FindingStatus { return &o.Status }, coded[casemodel.FindingStatus](findingStatus)), func(o *casemodel.Outcome) bool { return o.Status == "" }),
		extensions("outcome-goal", func(o *casemodel.Outcome) *[]casemodel.Ref { return &o.Goals }, inRef),
		one("code", func(o *casemodel.Outcome) *casemodel.Concept { return &o.Measure }, concept),
		one("value", func(o *casemodel.Outcome) *casemodel.Value { return &o.Value }, value),
		typed("effective", "dateTime", func(o *casemodel.Outcome) *casemodel.Date { return &o.At }, date),
		many("performer", func(o *casemodel.Outcome) *[]casemodel.Party { return &o.By }, party),
		many("note", func(o *casemodel.Outcome) *[]casemodel.Remark { return &o.Remarks }, remark),
	},
}

var barriers = pair[casemodel.Barrier, flagpb.Flag, *flagpb.Flag]{
	typ: "Flag", subject: "subject",
	id:    func(b *casemodel.Barrier) *casemodel.Ref { return &b.ID },
	fixed: func(m *flagpb.Flag) { set(m, "status", "active") },
	bindings: []binding[casemodel.Barrier]{
		demanded(one("status", func(b *casemodel.Barrier) *string { return &b.Status }, words), func(b *casemodel.Barrier) bool { return b.Status == "" }),
		many("category", func(b *casemodel.Barrier) *[]casemodel.Concept { return &b.Categories }, concept),
		one("code", func(b *casemodel.Barrier) *casemodel.Concept { return &b.Code }, concept),
		one("period", func(b *casemodel.Barrier) *casemodel.Period { return &b.Period }, period),
		one("author", func(b *casemodel.Barrier) *casemodel.Party { return &b.By }, party),
	},
}

// prediction is the codec of RiskAssessment.prediction.
var prediction = object(
	one("outcome", func(p *casemodel.Prediction) *casemodel.Concept { return &p.Outcome }, concept),
	one("probability", func(p *casemodel.Prediction) *casemodel.Value { return &p.Probability }, value),
	one("qualitativeRisk", func(p *casemodel.Prediction) *casemodel.Concept { return &p.Level }, concept),
	one("when", func(p *casemodel.Prediction) *casemodel.Value { return &p.When }, value),
	one("rationale", func(p *casemodel.Prediction) *string { return &p.Rationale }, words),
)

var risks = pair[casemodel.Risk, riskpb.RiskAssessment, *riskpb.RiskAssessment]{
	typ: "RiskAssessment", subject: "subject",
	id:    func(r *casemodel.Risk) *casemodel.Ref { return &r.ID },
	fixed: func(m *riskpb.RiskAssessment) { set(m, "status", "final") },
	bindings: []binding[casemodel.Risk]{
		demanded(one("status", func(r *casemodel.Risk) *casemodel.FindingStatus { return &r.Status }, coded[casemodel.FindingStatus](findingStatus)), func(r *casemodel.Risk) bool { return r.Status == "" }),
		one("code", func(r *casemodel.Risk) *casemodel.Concept { return &r.Code }, concept),
		one("condition", func(r *casemodel.Risk) *casemodel.Ref { return &r.Problem }, ref),
		typed("occurrence", "dateTime", func(r *casemodel.Risk) *casemodel.Date { return &r.At }, date),
		one("performer", func(r *casemodel.Risk) *casemodel.Party { return &r.By }, party),
		many("basis", func(r *casemodel.Risk) *[]casemodel.Ref { return &r.Basis }, ref),
		many("prediction", func(r *casemodel.Risk) *[]casemodel.Prediction { return &r.Predictions }, prediction),
		one("mitigation", func(r *casemodel.Risk) *string { return &r.Mitigation }, words),
		many("note", func(r *casemodel.Risk) *[]casemodel.Remark { return &r.Remarks }, remark),
	},
}
