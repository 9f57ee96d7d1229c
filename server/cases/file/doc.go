// Package file reads and writes files of cases: one in each line (NDJSON) or row
// (CSV, for spreadsheets).
//
// An export writes the cases that its caller sees, one after the other. An import
// stores each line for itself, in one commit, and reports line by line; where the
// case is there already, a line changes it as a FHIR client would.
//
// Where to look: export.go and export_csv.go write; import.go deals with a line,
// import_case.go makes a case and import_change.go changes one, import_people.go and
// import_client.go find or make whom it names, import_fill.go names its parts;
// import_ndjson.go and import_csv.go read lines, csv_record.go and csv_value.go
// what spreadsheets write. column.go is the table of columns, with column_plan.go
// and column_value.go. directory.go names people and organizations.
package file
