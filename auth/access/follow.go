package access

import (
	"caseway/auth/scope"
	"caseway/fhir/search"
)

// follow decides on a write that follows by a rule from one that the caller may
// do, such as taking back what others were offered when somebody accepts. The
// scopes and the role must give it, and a granular scope must hold before and
// after; but the resource may lie outside of what the caller reaches, and they are
// told nothing of it.
func (d decision) follow() error {
	for _, image := range d.images() {
		ok, err := d.scoped(permissionOf[d.What], image)
		if err != nil {
			return err
		}
		if !ok {
			return d.forbidden()
		}
	}
	return nil
}

// images are the resource before and after a write, as far as there are any.
func (d decision) images() []*image {
	var all []*image
	if d.Before.Exists() && !d.Before.Deleted() {
		all = append(all, d.versionImage(d.Before))
	}
	if d.After != nil {
		all = append(all, d.treeImage(d.Key, d.After))
	}
	return all
}

// scoped reports whether one of the scopes gives a permission on a resource,
// whose it may be.
func (d decision) scoped(p scope.Permissions, i *image) (bool, error) {
	for _, s := range d.view.principal.Scopes.Resources {
		if s.Type != d.Key.Type && s.Type != scope.Any || s.Permissions&p == 0 {
			continue
		}
		if _, ok := d.view.grant(s, d.Key.Type, p); !ok {
			continue
		}
		var where search.Expr
		if s.Query != "" {
			var err error
			if where, err = conditionOf(d.view.registry, d.Key.Type, s.Query); err != nil {
				continue
			}
		}
		if ok, err := d.evaluate(where, i); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}
