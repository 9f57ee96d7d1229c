package mapping

import (
	"caseway/mapping/casemodel"

	responsepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/questionnaire_response_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var need = object(
	extension(".code", func(n *casemodel.Need) *casemodel.Concept { return &n.Code }, inConcept),
	extension(".text", func(n *casemodel.Need) *string { return &n.Text }, inString),
	extension(".problem", func(n *casemodel.Need) *casemodel.Ref { return &n.Problem }, inRef),
)

var necessity = object(
	extension(".care", func(n *casemodel.Necessity) *casemodel.Concept { return &n.Care }, inConcept),
	extension(".setting", func(n *casemodel.Necessity) *casemodel.Setting { return &n.Setting }, inText[casemodel.Setting]("code")),
	extension(".reason", func(n *casemodel.Necessity) *string { return &n.Reason }, inString),
)

// answers is the codec of QuestionnaireResponse.item, which holds itself.
var answers = recursive(func(self codec[casemodel.Answer]) codec[casemodel.Answer] {
	values := object(
		one("value", func(a *casemodel.AnswerItem) *casemodel.Value { return &a.Value }, value),
		many("item", func(a *casemodel.AnswerItem) *[]casemodel.Answer { return &a.Items }, self),
	)
	return object(
		one("linkId", func(a *casemodel.Answer) *string { return &a.LinkID }, words),
		one("text", func(a *casemodel.Answer) *string { return &a.Text }, words),
		many("answer", func(a *casemodel.Answer) *[]casemodel.AnswerItem { return &a.Values }, values),
		many("item", func(a *casemodel.Answer) *[]casemodel.Answer { return &a.Items }, self),
	).about(func(a, b casemodel.Answer) bool { return a.LinkID == b.LinkID })
})

// recursive makes the codec of an element that holds elements like itself.
func recursive[T any](of func(self codec[T]) codec[T]) codec[T] {
	var made codec[T]
	made = of(codec[T]{
		read:  func(m protoreflect.Message) T { return made.read(m) },
		write: func(m protoreflect.Message, v T) { made.write(m, v) },
		same:  func(a, b T) bool { return made.same != nil && made.same(a, b) },
	})
	return made
}

var assessments = pair[casemodel.Assessment, responsepb.QuestionnaireResponse, *responsepb.QuestionnaireResponse]{
	typ: "QuestionnaireResponse", subject: "subject",
	id:    func(a *casemodel.Assessment) *casemodel.Ref { return &a.ID },
	fixed: func(m *responsepb.QuestionnaireResponse) { set(m, "status", "in-progress") },
	bindings: []binding[casemodel.Assessment]{
		demanded(one("status", func(a *casemodel.Assessment) *casemodel.AssessmentStatus { return &a.Status }, coded[casemodel.AssessmentStatus](tableOf("assessment-status"))), func(a *casemodel.Assessment) bool { return a.Status == "" }),
		one("questionnaire", func(a *casemodel.Assessment) *string { return &a.Instrument }, words),
		one("authored", func(a *casemodel.Assessment) *casemodel.Date { return &a.At }, date),
		one("author", func(a *casemodel.Assessment) *casemodel.Party { return &a.By }, party),
		one("source", func(a *casemodel.Assessment) *casemodel.Party { return &a.Informant }, party),
		extensions("assessed-need", func(a *casemodel.Assessment) *[]casemodel.Need { return &a.Needs }, need),
		extensions("assessed-resource", func(a *casemodel.Assessment) *[]casemodel.Need { return &a.Resources }, need),
		extensions("medical-necessity", func(a *casemodel.Assessment) *[]casemodel.Necessity { return &a.Necessity }, necessity),
		extensions("assessed-problem", func(a *casemodel.Assessment) *[]casemodel.Ref { return &a.Problems }, inRef),
		extensions("assessed-strength", func(a *casemodel.Assessment) *[]casemodel.Ref { return &a.Strengths }, inRef),
		extensions("assessed-barrier", func(a *casemodel.Assessment) *[]casemodel.Ref { return &a.Barriers }, inRef),
		extensions("assessed-risk", func(a *casemodel.Assessment) *[]casemodel.Ref { return &a.Risks }, inRef),
		extensions("assessed-observation", func(a *casemodel.Assessment) *[]casemodel.Ref { return &a.Observations }, inRef),
		extension("assessment-summary", func(a *casemodel.Assessment) *string { return &a.Summary }, inString),
		many("item", func(a *casemodel.Assessment) *[]casemodel.Answer { return &a.Answers }, answers),
	},
}
