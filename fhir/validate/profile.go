package validate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/snapshot"
)

// profileOf gives a compiled definition by its canonical URL; nil where the
// library doesn't have it. The error says what is wrong with the definition.
func (v *Validator) profileOf(canonical string) (*profile, error) {
	if found, ok := v.profiles.Load(canonical); ok {
		return found.(*profile), nil
	}
	if !v.options.Library.Has(canonical) {
		return nil, nil
	}
	def, root, err := v.options.Library.Definition(canonical)
	if errors.Is(err, snapshot.ErrUnknown) && def == nil && !v.options.Library.Has(canonical) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &profile{url: def.URL, def: def, modifier: root.IsModifier}
	c := &shaper{v: v, url: def.URL}
	p.root = c.shape(root, nil, v.set.Type(def.Type), true)
	p.root.rules = c.rules(root, nil, v.set.Type(def.Type))
	p.inner = innerURLs(root)
	found, _ := v.profiles.LoadOrStore(canonical, p)
	return found.(*profile), nil
}

// Usable fails where a profile isn't known, or its definition can't be used.
func (v *Validator) Usable(canonical string) error {
	p, err := v.profileOf(canonical)
	if err == nil && p == nil && !v.isOwnType(canonical) {
		err = fmt.Errorf("validate: %w: %s", snapshot.ErrUnknown, canonical)
	}
	return err
}

// innerURLs are the URLs of the extensions that an extension's definition knows.
func innerURLs(root *snapshot.Node) map[string]bool {
	inner := map[string]bool{}
	if extensions := root.Child("extension"); root.Name == "Extension" && extensions != nil {
		for _, s := range extensions.Slices {
			if url := s.Child("url"); url != nil && url.Fixed != nil {
				inner[literalOf(url.Fixed).text] = true
			}
		}
	}
	return inner
}

// claimed checks the resource against the profiles that it must conform to by a
// setting, and those that it names in its meta.
func (w *walk) claimed(n fhir.Node) {
	wanted := w.v.options.Require[n.Type().Name]
	for _, canonical := range wanted {
		w.against(n, canonical, n)
	}
	meta := child(n, "meta")
	if !meta.Valid() {
		return
	}
	for c := meta.First(); c.Valid(); c = c.Next() {
		if c.Name() == "profile" && c.HasValue() && !slices.Contains(w.asked, c.Text()) && !slices.Contains(wanted, c.Text()) {
			w.against(n, c.Text(), c)
		}
	}
}

// required checks the resource against the profiles that the request names.
func (w *walk) required(root fhir.Node, matching bool) {
	w.self, w.container = root, root
	w.path.Resource, w.path.RootResource = root, root
	for _, canonical := range w.asked {
		if matching && !w.v.isOfType(canonical, root.Type().Name) {
			continue
		}
		w.against(root, canonical, root)
	}
}

// against checks an element against a profile; at is what names it.
func (w *walk) against(n fhir.Node, canonical string, at fhir.Node) {
	p, err := w.v.profileOf(canonical)
	switch {
	case err != nil:
		w.warn(at, fhir.IssueNotSupported, "profile-unusable", "names a profile whose definition can't be used: "+err.Error())
	case p == nil && w.v.isOwnType(canonical):
		if name := ownType(canonical); !isOfOwn(n, name) {
			w.fail(at, fhir.IssueInvalid, "profile-type", "names a profile of "+name)
		}
	case p == nil:
		w.warn(at, fhir.IssueNotFound, "profile-unknown", "names a profile that isn't known here, so that nothing was checked against it")
	case !isOfOwn(n, p.def.Type):
		w.fail(at, fhir.IssueInvalid, "profile-type", "names a profile of "+p.def.Type)
	default:
		w.conform(n, p)
	}
}

// conform checks an element against a compiled profile.
func (w *walk) conform(n fhir.Node, p *profile) {
	key := conformance{n, p}
	if w.open[key] {
		return // it is being checked already: resources that refer to one another
	}
	if w.open == nil {
		w.open = map[conformance]bool{}
	}
	w.open[key] = true
	outer := w.profile
	w.profile = p.url
	leave := w.into(n)
	w.shape(n, p.root)
	leave()
	w.profile = outer
	delete(w.open, key)
}

// conformance is one element checked against one profile.
type conformance struct {
	node    fhir.Node
	profile *profile
}

// conforms tries an element against profiles and reports nothing. known is
// false where none of them is known.
func (w *walk) conforms(n fhir.Node, canonicals []string) (holds, known bool) {
	for _, canonical := range canonicals {
		if w.v.isOwnType(canonical) {
			known = true
			if isOfOwn(n, ownType(canonical)) {
				return true, true
			}
			continue
		}
		p, err := w.v.profileOf(canonical)
		if p == nil || err != nil {
			continue
		}
		known = true
		if w.try(n, p) {
			return true, true
		}
	}
	return false, known
}

// isOwnType reports whether a canonical URL is that of a type of R4.
func (v *Validator) isOwnType(canonical string) bool {
	name := ownType(canonical)
	return name != "" && v.set.Type(name) != nil
}

// ownType is the name in a canonical URL that may be that of a type of R4; "" in any
// other, and where a version is named that isn't R4's.
func ownType(canonical string) string {
	url, version, _ := strings.Cut(canonical, "|")
	name, ok := strings.CutPrefix(url, structureBase)
	if !ok || version != "" && !strings.HasPrefix(definition.Version+".", version+".") {
		return ""
	}
	return name
}

// isOfOwn reports whether an element is of a type of R4, or of one that derives from it.
func isOfOwn(n fhir.Node, name string) bool {
	return name == n.Type().Name || name == n.Type().Base || name == "Resource"
}

// try checks an element against a profile without reporting.
func (w *walk) try(n fhir.Node, p *profile) bool {
	if p.def.Type != n.Type().Name && p.def.Type != n.Type().Base {
		return false
	}
	outer := w.failed
	w.trial++
	w.failed = false
	w.conform(n, p)
	holds := !w.failed
	w.trial--
	w.failed = outer
	return holds
}
