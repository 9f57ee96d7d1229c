package fhir

// CanonicalBase begins the canonical URLs of what Caseway itself defines:
// extensions, parameters, operations.
const CanonicalBase = "https://caseway.dev/fhir"
