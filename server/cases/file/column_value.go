package file

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"caseway/mapping/casemodel"
)

func words(v string) casemodel.Concept {
	if v == "" {
		return casemodel.Concept{}
	}
	return casemodel.Words(v)
}

func holdOf(c *casemodel.Case) casemodel.Hold {
	if c.Hold == nil {
		return casemodel.Hold{}
	}
	return *c.Hold
}

func toHold(c *casemodel.Case) *casemodel.Hold {
	if c.Hold == nil {
		c.Hold = &casemodel.Hold{}
	}
	return c.Hold
}

func closureOf(c *casemodel.Case) casemodel.Closure {
	if c.Closure == nil {
		return casemodel.Closure{}
	}
	return *c.Closure
}

func toClosure(c *casemodel.Case) *casemodel.Closure {
	if c.Closure == nil {
		c.Closure = &casemodel.Closure{}
	}
	return c.Closure
}

func dueOf(c *casemodel.Case) casemodel.Due {
	if c.NextDue == nil {
		return casemodel.Due{}
	}
	return *c.NextDue
}

// closureCode is the code of a closure reason, its words where it is another's.
func closureCode(reason casemodel.Concept) string {
	for _, k := range reason.Codings {
		if k.System == casemodel.ClosureReasonSystem {
			return k.Code
		}
	}
	return reason.String()
}

func setClosureReason(r *row, v string) string {
	reason := casemodel.ClosureReason(v)
	if v != "" && reason.IsZero() {
		var codes []string
		for _, k := range casemodel.ClosureReasons() {
			codes = append(codes, k.Code)
		}
		return "must be one of " + strings.Join(codes, ", ")
	}
	toClosure(r.c).Reason = reason
	return ""
}

// diagnosed is the problem of the first diagnosis by rank, nil for none.
func diagnosed(c *casemodel.Case) *casemodel.Problem {
	if len(c.Diagnoses) == 0 {
		return nil
	}
	first := slices.MinFunc(c.Diagnoses, func(a, b casemodel.Diagnosis) int { return cmp.Compare(ranked(a), ranked(b)) })
	for i := range c.Problems {
		if c.Problems[i].ID == first.Problem {
			return &c.Problems[i]
		}
	}
	return nil
}

// ranked puts diagnoses without a rank behind those with one.
func ranked(d casemodel.Diagnosis) int {
	if d.Rank == 0 {
		return int(^uint(0) >> 1)
	}
	return d.Rank
}

func diagnosisText(c *casemodel.Case, _ time.Time) string {
	if p := diagnosed(c); p != nil {
		return p.Code.String()
	}
	return ""
}

func diagnosisCode(c *casemodel.Case, _ time.Time) string {
	p := diagnosed(c)
	if p == nil {
		return ""
	}
	for _, k := range p.Code.Codings {
		if k.Code != "" {
			return k.System + "|" + k.Code
		}
	}
	return ""
}

// toDiagnosis is the problem of the first diagnosis, made where there is none.
func toDiagnosis(r *row) *casemodel.Problem {
	if p := diagnosed(r.c); p != nil {
		return p
	}
	r.c.Problems = append(r.c.Problems, casemodel.Problem{
		ID: r.newID("Condition"), Clinical: "active", RecordedAt: r.c.Period.Start,
		Categories: []casemodel.Concept{{Codings: []casemodel.Coding{
			{System: "http://terminology.hl7.org/CodeSystem/condition-category", Code: "problem-list-item"},
		}}},
	})
	p := &r.c.Problems[len(r.c.Problems)-1]
	r.c.Diagnoses = append(r.c.Diagnoses, casemodel.Diagnosis{Problem: p.ID, Rank: 1})
	return p
}

func setDiagnosisText(r *row, v string) string {
	toDiagnosis(r).Code.Text = v
	return ""
}

func setDiagnosisCode(r *row, v string) string {
	system, code, found := strings.Cut(v, "|")
	if v != "" && (!found || system == "" || code == "") {
		return "must be system|code, such as http://snomed.info/sct|48440001"
	}
	p := toDiagnosis(r)
	p.Code.Codings = nil
	if v != "" {
		p.Code.Codings = []casemodel.Coding{{System: system, Code: code}}
	}
	return ""
}

// partyNames are the names of parties, their references where they have none.
func partyNames(all []casemodel.Party) string {
	var names []string
	for _, p := range all {
		names = append(names, cmp.Or(p.Name, string(p.Ref), p.Identifier.Value))
	}
	return strings.Join(names, "; ")
}

// lastContact is when the last contact that was held began.
func lastContact(c *casemodel.Case) (last casemodel.Date) {
	for _, k := range c.Contacts {
		at := cmp.Or(k.Period.Start, k.Due)
		if k.Status == casemodel.ContactHeld && (last == "" || last.Before(at)) {
			last = at
		}
	}
	return last
}
