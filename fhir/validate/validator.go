package validate

import (
	"context"
	"sync"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
	"caseway/fhir/snapshot"
)

// DefaultIssues is how many issues one check lists where nothing else is said.
const DefaultIssues = 200

// Options are what a Validator is made with. The zero Options work.
type Options struct {
	// Issues bounds what one check lists; 0 for DefaultIssues.
	Issues int
	// Steps bounds the work of one check, 0 for budget.DefaultSteps. A step is
	// about an element visited or an operator of FHIRPath applied.
	Steps int
	// Advice has rules reported that the definitions call warnings though they
	// only say what is good practice, such as that a resource should have a
	// narrative (dom-6).
	Advice bool
	// Library has the profiles and extensions that resources are held to; nil:
	// R4's own extensions alone. It must not change any more.
	Library *snapshot.Library
	// Require are canonical URLs of profiles, by type: each resource of the type is
	// held to them, at whatever place, beside those that it claims.
	Require map[string][]string
	// Codes answers for value sets and code systems; nil: those of the
	// definitions alone.
	Codes Codes
}

// Validator checks resources. Safe for concurrent use.
type Validator struct {
	set     *definition.Set
	options Options

	plans sync.Map // *fhir.Type → *typePlan
	roots sync.Map // type name → *root
	rules sync.Map // ruleKey → *rule

	profiles sync.Map // canonical → *profile
}

// New makes a Validator of the definitions in set.
func New(set *definition.Set, options Options) *Validator {
	if options.Issues <= 0 {
		options.Issues = DefaultIssues
	}
	if options.Steps <= 0 {
		options.Steps = budget.DefaultSteps
	}
	if options.Library == nil {
		options.Library = snapshot.New(set)
	}
	if options.Codes == nil {
		options.Codes = NewCodes(set, nil)
	}
	return &Validator{set: set, options: options}
}

// Request is one check.
type Request struct {
	// Profiles are canonical URLs of profiles that the resource is held to beside
	// those that it claims.
	Profiles []string
	// Matching leaves out those Profiles that are of other types than the
	// resource, rather than refusing it.
	Matching bool
	// Work is what the check may draw on; nil: the Validator's own steps.
	Work *budget.Work
	// Resolve finds what a reference outside the resource and its Bundle leads
	// to; nil, or an invalid Node: it isn't known.
	Resolve func(reference string, from fhir.Node) (fhir.Node, error)
}

// Issue is one thing found in a resource.
type Issue struct {
	Severity fhir.Severity
	Code     string // of fhir's Issue codes
	// Expression is where, such as "CarePlan.activity[0].detail.status".
	Expression string
	// Rule is the id of what is broken: an invariant's key such as "per-1", or
	// a word of this package's own such as "reference-target".
	Rule string
	// Profile is the canonical URL of the profile that the rule comes from; ""
	// for those of the base definitions.
	Profile string
	// Text says what is wrong, of Expression; it has no values of the resource.
	Text string
}

// Issue gives it as the part of an OperationOutcome.
func (i *Issue) Issue() fhir.Issue {
	text := i.Text
	if i.Rule != "" {
		text += " (" + i.Rule + ")"
	}
	return fhir.Issue{Severity: i.Severity, Code: i.Code, Expression: i.Expression, Text: text, Advice: i.Severity != fhir.SeverityError}
}

// Resource checks a tree and lists what it finds, in document order for each
// group of rules. An empty tree gives nothing.
func (v *Validator) Resource(ctx context.Context, tree *fhir.Tree, r Request) []Issue {
	root := tree.Root()
	if !root.Valid() {
		return nil
	}
	if r.Work == nil {
		r.Work = budget.NewWork(ctx, v.options.Steps)
	}
	w := &walk{v: v, ctx: ctx, work: r.Work}
	w.path = fhirpath.Context{Schema: v.set, Resolve: r.Resolve, Work: r.Work}
	w.asked = r.Profiles
	w.resource(root, nil)
	w.required(root, r.Matching)
	w.finish()
	return w.issues
}

// Validate checks a tree and gives issues as parts of an OperationOutcome: it
// implements interaction.Validator.
func (v *Validator) Validate(ctx context.Context, tree *fhir.Tree) []fhir.Issue {
	found := v.Resource(ctx, tree, Request{})
	if len(found) == 0 {
		return nil
	}
	issues := make([]fhir.Issue, len(found))
	for i := range found {
		issues[i] = found[i].Issue()
	}
	return issues
}
