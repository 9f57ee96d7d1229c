package access

import (
	"strings"

	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// fewDocuments bounds how many DocumentReferences to one Binary are looked at.
const fewDocuments = 10

// seesBinary decides on a Binary by its securityContext
// (https://hl7.org/fhir/R4/binary.html#security-context): who sees that sees the
// Binary, and writes it where that is some patient's: what everybody sees, such as
// a Practitioner, gives nobody the right to write. One without is read by those
// who see a DocumentReference with its URL, and written by nobody whom the table
// of types calls to this rule. Attachments of other types (a DiagnosticReport's,
// Media's, Communication's and so on) show nobody a Binary: R4 has no search
// parameter that would find them by their URL.
func (d decision) seesBinary(any scope.Permissions, i *image) (bool, error) {
	tree, err := i.decoded()
	if err != nil {
		return false, err
	}
	if context := tree.Root().Child("securityContext"); context.Valid() {
		key, ok := localKey(context.Child("reference").Text(), d.base)
		rule := types()[key.Type].patients
		if !ok || key.Type == "Binary" || any&visible == 0 && rule != "compartment" && rule != "self" {
			return false, nil
		}
		return d.seesCurrent(key)
	}
	if any&visible == 0 || !i.version.Exists() || i.version.Deleted() {
		return false, nil
	}
	return d.documented(i.key)
}

// documented reports whether a DocumentReference that the caller sees has the
// URL of a Binary. One that is older than the Binary doesn't count: anybody
// could have written down an id in advance.
func (d decision) documented(key fhir.Key) (bool, error) {
	location := d.view.registry.Parameter("DocumentReference", "location")
	if location == nil {
		return false, nil
	}
	urls := key.String()
	if d.base != "" {
		urls += "," + d.base + "/" + key.String()
	}
	where, err := d.view.registry.Condition(d.ctx, location, "", urls, search.Env{})
	if err != nil {
		return false, err
	}
	all := search.And{where}
	if may := either(d.view.grants("DocumentReference", visible)); may != nil {
		all = append(all, may)
	}
	found, err := d.find(d.ctx, "DocumentReference", all, fewDocuments)
	if err != nil || len(found) == 0 {
		return false, err
	}
	first, err := d.store.ReadVersion(d.ctx, key, 1)
	if err != nil {
		return false, err
	}
	for _, h := range found {
		if notOlder(h, first) {
			return true, nil
		}
	}
	return false, nil
}

func notOlder(h search.Hit, first store.Version) bool {
	return first.Exists() && !h.LastUpdated.Before(first.LastUpdated)
}

// documentsOf are the Binaries whose URLs a DocumentReference has.
func documentsOf(t *fhir.Tree, base string) []fhir.Key {
	var keys []fhir.Key
	for content := range t.Root().All("content") {
		key, ok := localKey(content.Child("attachment").Child("url").Text(), base)
		if ok && key.Type == "Binary" {
			keys = append(keys, key)
		}
	}
	return keys
}

// hangsOn is what a Task focuses on, and what else brings it or a Contract into a
// case.
func hangsOn(t *fhir.Tree, base string) []fhir.Key {
	var keys []fhir.Key
	for _, element := range []string{"focus", "basedOn", "partOf", "encounter", "topic"} {
		for n := range t.Root().All(element) {
			if key, ok := localKey(n.Child("reference").Text(), base); ok {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// targetsOf is what a Provenance bears witness to, but for Patients, whose
// compartment it is in.
func targetsOf(t *fhir.Tree, base string) []fhir.Key {
	var keys []fhir.Key
	for target := range t.Root().All("target") {
		key, ok := localKey(target.Child("reference").Text(), base)
		if ok && key.Type != "Patient" {
			keys = append(keys, key)
		}
	}
	return keys
}

// localKey reads a literal reference to a resource of this server.
func localKey(reference, base string) (fhir.Key, bool) {
	reference, _, _ = strings.Cut(reference, "/_history/")
	if base != "" {
		reference = strings.TrimPrefix(reference, base+"/")
	}
	return fhir.ParseKey(reference)
}
