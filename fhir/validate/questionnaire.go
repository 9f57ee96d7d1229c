package validate

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// checkResponse compares a QuestionnaireResponse with its Questionnaire, where that
// is contained (https://hl7.org/fhir/R4/questionnaireresponse.html).
func checkResponse(w *walk, n fhir.Node) {
	id, ok := strings.CutPrefix(child(n, "questionnaire").Text(), "#")
	if !ok {
		return
	}
	questionnaire := w.containedBy(w.container, []byte(id))
	if !questionnaire.Valid() || questionnaire.Type().Name != "Questionnaire" {
		return
	}
	questions := map[string]fhir.Node{}
	addQuestions(questions, questionnaire)
	w.responses(n, questions)
}

// addQuestions notes a Questionnaire's items by linkId.
func addQuestions(questions map[string]fhir.Node, n fhir.Node) {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() == "item" {
			questions[child(c, "linkId").Text()] = c
			addQuestions(questions, c)
		}
	}
}

// responses checks the items of a response, or of an answer.
func (w *walk) responses(n fhir.Node, questions map[string]fhir.Node) {
	for c := n.First(); c.Valid(); c = c.Next() {
		switch c.Name() {
		case "answer":
			w.responses(c, questions)
		case "item":
			w.response(c, questions)
		}
	}
}

func (w *walk) response(item fhir.Node, questions map[string]fhir.Node) {
	if w.stop() {
		return
	}
	link := child(item, "linkId")
	question, known := questions[link.Text()]
	if !known {
		w.fail(link, fhir.IssueInvalid, "questionnaire-item", "is no item of the Questionnaire")
		return
	}
	answers := 0
	for c := item.First(); c.Valid(); c = c.Next() {
		if c.Name() == "answer" {
			answers++
			w.answer(c, question)
		}
	}
	if answers > 1 && child(question, "repeats").Text() != "true" {
		w.fail(item, fhir.IssueInvalid, "questionnaire-repeats", "has several answers to a question that takes one")
	}
	w.responses(item, questions)
}

// answerTypes are the types of answers that each type of question takes.
var answerTypes = map[string][]string{
	"boolean": {"boolean"}, "decimal": {"decimal"}, "integer": {"integer"}, "date": {"date"}, "dateTime": {"dateTime"}, "time": {"time"},
	"string": {"string"}, "text": {"string"}, "url": {"uri"}, "attachment": {"Attachment"}, "reference": {"Reference"}, "quantity": {"Quantity"},
	"choice":      {"Coding", "integer", "date", "time", "string", "Reference"},
	"open-choice": {"Coding", "integer", "date", "time", "string", "Reference"},
	"group":       {}, "display": {},
}

func (w *walk) answer(answer, question fhir.Node) {
	value := child(answer, "value")
	types, known := answerTypes[child(question, "type").Text()]
	switch {
	case !value.Valid() || !known:
	case !slices.Contains(types, value.Type().Name):
		w.fail(value, fhir.IssueInvalid, "questionnaire-answer", "is a "+value.Type().Name+", which the question doesn't take")
	case value.Type().Name == "Coding" && w.offered(value, question) == fhir.NotMember:
		w.fail(value, fhir.IssueCodeInvalid, "questionnaire-option", "is none of the question's options")
	}
}

// offered tells whether a coding is one of a question's options.
func (w *walk) offered(coding, question fhir.Node) fhir.Membership {
	if child(question, "type").Text() != "choice" {
		return fhir.Member
	}
	system, code := child(coding, "system").Text(), child(coding, "code").Text()
	options := 0
	for c := question.First(); c.Valid(); c = c.Next() {
		if c.Name() != "answerOption" {
			continue
		}
		options++
		if o := child(c, "value"); child(o, "system").Text() == system && child(o, "code").Text() == code {
			return fhir.Member
		}
	}
	if options > 0 {
		return fhir.NotMember
	}
	set := child(question, "answerValueSet").Text()
	if id, local := strings.CutPrefix(set, "#"); local {
		return listedIn(w.containedBy(w.container, []byte(id)), system, code)
	}
	if set == "" {
		return fhir.Unknown
	}
	return w.ask(set, system, code)
}

// listedIn looks a code up in a contained value set that lists its codes; one with
// filters, whole systems or imports can't be told.
func listedIn(valueSet fhir.Node, system, code string) fhir.Membership {
	answer := fhir.NotMember
	compose := child(valueSet, "compose")
	if !compose.Valid() || has(compose, "exclude") {
		return fhir.Unknown
	}
	for c := compose.First(); c.Valid(); c = c.Next() {
		if c.Name() != "include" {
			continue
		}
		if !has(c, "concept") || has(c, "valueSet") {
			answer = fhir.Unknown
		}
		if child(c, "system").Text() != system {
			continue
		}
		for concept := c.First(); concept.Valid(); concept = concept.Next() {
			if concept.Name() == "concept" && child(concept, "code").Text() == code {
				return fhir.Member
			}
		}
	}
	return answer
}
