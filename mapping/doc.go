// Package mapping converts cases to FHIR and back.
package mapping
