package indexing

import (
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// ParameterType is the resource type of which custom search parameters are.
const ParameterType = "SearchParameter"

// Check says what is wrong with a SearchParameter that asks to be used and can't be,
// and of one that will have no effect why. Expressions begin with at.
func (x *Keeper) Check(id string, tree *fhir.Tree, at string) []fhir.Issue {
	root := tree.Root()
	if root.Child("status").Text() != "active" {
		return []fhir.Issue{inert(at+".status", "the parameter is stored, but only one whose status is active can be searched by")}
	}
	d := definitionOf(root)
	_, problems := x.registryWith(id, d)
	var issues []fhir.Issue
	for _, p := range problems {
		if p.Definition != d {
			continue
		}
		issue := fhir.Issue{Severity: fhir.SeverityError, Code: fhir.IssueInvalid, Text: p.Text}
		if p.Inert {
			issue = inert("", p.Text)
		}
		if p.Resource != "" {
			issue.Text = "for " + p.Resource + ": " + issue.Text
		}
		issue.Expression = at + "." + p.Element
		issues = append(issues, issue)
	}
	return fewer(issues)
}

// mostTold is how many types a parameter's problems are told of: Resource is
// the base of 146.
const mostTold = 10

func fewer(issues []fhir.Issue) []fhir.Issue {
	if len(issues) <= mostTold {
		return issues
	}
	// What refuses the write may not be what is left out.
	slices.SortStableFunc(issues, func(a, b fhir.Issue) int { return strings.Compare(string(a.Severity), string(b.Severity)) })
	rest := inert(issues[0].Expression, "the same holds for more types")
	return append(issues[:mostTold], rest)
}

func inert(at, text string) fhir.Issue {
	return fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueNotSupported, Expression: at, Text: text}
}

// definitionOf reads what searching needs of a SearchParameter.
func definitionOf(root fhir.Node) *definition.SearchParameter {
	d := &definition.SearchParameter{
		URL: root.Child("url").Text(), Code: root.Child("code").Text(), Type: root.Child("type").Text(),
		Expression: root.Child("expression").Text(),
		Base:       texts(root, "base"), Target: texts(root, "target"),
		Comparator: texts(root, "comparator"), Modifier: texts(root, "modifier"),
	}
	slices.Sort(d.Target)
	if n := root.Child("multipleOr"); n.Valid() {
		may := n.Text() == "true"
		d.MultipleOr = &may
	}
	for n := range root.All("component") {
		d.Component = append(d.Component, definition.Component{
			Definition: n.Child("definition").Text(), Expression: n.Child("expression").Text(),
		})
	}
	return d
}

func texts(n fhir.Node, name string) []string {
	var all []string
	for c := range n.All(name) {
		all = append(all, c.Text())
	}
	return all
}

// registryWith makes the registry that there would be with one more parameter,
// in place of the one of the same id, and tells the problems of all.
func (x *Keeper) registryWith(id string, d *definition.SearchParameter) (*search.Registry, []search.Problem) {
	var custom []search.CustomParameter
	placed := false
	for _, p := range x.now.Load().Parameters {
		if p.ID == id {
			p.Definition, placed = d, true
		}
		custom = append(custom, search.CustomParameter{Definition: p.Definition})
	}
	if !placed {
		custom = append(custom, search.CustomParameter{Definition: d})
	}
	return search.NewRegistry(definition.R4(), custom, x.options...)
}
