package casemodel_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

func TestRulesHaveNamesAndTextsOfTheirOwn(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	for _, r := range casemodel.Rules() {
		if !name.MatchString(r.Name) || seen[r.Name] || seen[r.Text] || !strings.HasSuffix(r.Text, ".") {
			t.Errorf("rule %q with text %q", r.Name, r.Text)
		}
		seen[r.Name], seen[r.Text] = true, true
	}
}

// TestEveryRuleIsTried keeps a rule from standing in the list that no test breaks.
func TestEveryRuleIsTried(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests []byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, data...)
	}
	for _, r := range casemodel.Rules() {
		if !strings.Contains(string(tests), `"`+r.Name+`"`) {
			t.Errorf("no test breaks %s", r.Name)
		}
	}
}

func TestThePhaseTableNamesRulesThatExist(t *testing.T) {
	for _, row := range casemodel.PhaseSteps() {
		for _, need := range row.Needs {
			if !slices.ContainsFunc(casemodel.Rules(), func(r casemodel.Rule) bool { return r.Name == need }) {
				t.Errorf("%s needs %s, which is no rule", row.Action, need)
			}
		}
	}
}

func TestErrorsCanBeTakenApart(t *testing.T) {
	k := newCourse(t)
	_, err := casemodel.Open(k.c, k.as(casemodel.RoleAdministrator), casemodel.Opening{})
	var one *casemodel.RuleError
	if !errors.As(err, &one) || one.Rule != "manager-needed" || one.Path != "manager" || one.Text == "" {
		t.Errorf("the first error is %+v", one)
	}
	if lines := strings.Count(err.Error(), "\n"); lines != 2 {
		t.Errorf("three errors on %d lines", lines+1)
	}
}

// TestTextsNameNoValues keeps what is written in a case out of errors, which
// end up in logs.
func TestTextsNameNoValues(t *testing.T) {
	k := opened(t, casemodel.ModelStrengthsBased, casemodel.SettingCommunity)
	a := assessment()
	a.Assessment.At, a.Strengths[0].Source, a.Strengths[0].Text = "SECRET", "SECRET", "SECRET"
	a.Problems[0].Code, a.Problems[0].ID = words("SECRET"), "Coverage/v1"
	_, err := casemodel.Assess(k.c, k.as(cm, "SECRET"), a)
	if err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("the error is %v", err)
	}
}
