// Package packages reads FHIR packages
// (https://confluence.hl7.org/display/FHIR/NPM+Package+Specification): folders
// and .tgz files with package/package.json and a resource in each file.
//
// The nouns:
//
//   - A [Package] is one of them: its name, version and dependencies, and its
//     resources that have a canonical URL. Examples, which have folders of their
//     own, aren't read.
//   - A [Resource] is one resource with what names it; its JSON isn't decoded.
//   - A [Collection] is several packages. It finds resources by canonical URL and
//     says which dependencies are missing.
//
// Packages come from anywhere, so that reading is bounded in files, in bytes of
// each and of all, after inflating. A .tgz with links, devices, or paths that
// lead out of it is refused.
//
// Not here: fetching packages, and what their resources mean.
package packages
