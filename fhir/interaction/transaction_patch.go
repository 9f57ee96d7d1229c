package interaction

import (
	"context"

	"caseway/fhir"
)

// patch finds out what comes of the entries with PATCH, before links are
// rewritten: conditions are held against it.
func (t *transaction) patch(ctx context.Context) error {
	var wrong problems
	for _, en := range phase(t.entries, "PATCH") {
		err := t.session.patchable(ctx, en.key, en.before, en.ifMatch)
		if err != nil {
			err = notMissing(placed(err, en.at(".request.url")))
		} else {
			en.patched, en.issues, err = t.session.apply(ctx, en.change, en.before, en.at(".resource"))
		}
		if fe := asError(err); err != nil && fe.Kind == fhir.Internal {
			return err
		} else if err != nil {
			wrong.add(fe)
		}
		en.terms = nil
	}
	return wrong.error()
}

// rewritePatched gives what a PATCH makes with its links rewritten: those that
// Parameters hold before the patch is carried out, those of a JSON Patch behind.
func (t *transaction) rewritePatched(ctx context.Context, en *entry) (*fhir.Tree, error) {
	if len(en.links) > 0 {
		rewritten := *en.change
		rewritten.parameters = t.targets.rewrite(en)
		tree, _, err := t.session.apply(ctx, &rewritten, en.before, en.at(".resource"))
		return tree, err
	}
	after := *en
	after.tree = en.patched
	if err := t.session.noConditionalReferences(en.patched, en.at(".resource")); err != nil {
		return nil, err
	}
	links, problems := t.targets.find(&after, t.conditions)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	after.links = links
	return t.targets.rewrite(&after), nil
}
