package openapi

import (
	"reflect"
	"strings"

	"caseway/server/cases"
	"caseway/server/cases/file"
	"caseway/server/cases/form"
)

// describeFiles adds the export and the import to the paths.
func describeFiles(s *schemas, paths object) {
	paths["/cases/export"] = object{"get": exportOperation(s)}
	paths["/cases/import"] = object{"post": importOperation(s)}
	s.demand(reflect.TypeFor[file.Imported](), "line", "result", "bytes")
	s.demand(reflect.TypeFor[file.Summary](), "complete", "lines", "created", "changed", "unchanged", "refused", "bytes")
	s.components["ImportLine"] = object{
		"type": "object", "description": "A case with its ETag, and who the people and organizations are that it names. " +
			"Parts without an id are given one.",
		"additionalProperties": false, "properties": s.members("ImportLine", file.LineType), "required": []string{"client"},
	}
}

// members are the schemas of a struct's members. Those of a case are described as
// there.
func (s *schemas) members(owner string, t reflect.Type) object {
	all := object{}
	for _, f := range form.Fields(t) {
		of := owner
		if memberTexts()[of+"."+f.Name] == "" {
			of = "Case"
		}
		all[f.Name] = s.member(of, f)
	}
	return all
}

// columnText says which columns a CSV file has.
func columnText() string {
	var b strings.Builder
	b.WriteString("A header, then a row for each case (RFC 4180, UTF-8). What spreadsheets would take for a formula has an apostrophe before it. " +
		"In what is imported, semicolons or tabs may stand for the commas, a blank cell says nothing, and days may be written as " +
		"spreadsheets do where they can be one day only (22.11.2026, 11/22/2026, 22-Nov-2026). Columns:")
	for _, k := range file.Columns {
		b.WriteString("\n- " + k.Name + ": " + k.Text)
		if k.Get != nil && k.Set == nil {
			b.WriteString(" Shown, not read.")
		}
	}
	return b.String()
}

// files are the schemas of both formats. OpenAPI 3.1 has no words for lines of
// NDJSON, so what each is stands beside.
func files(each object) object {
	return object{
		file.FormatNDJSON.MediaTypes()[0]: object{"schema": object{"type": "string"}, "x-line": each},
		file.FormatCSV.MediaTypes()[0]:    object{"schema": object{"type": "string", "description": columnText()}},
	}
}

func exportOperation(s *schemas) object {
	parameters := []object{
		query("format", "The format; without it Accept says which.", object{"type": "string", "enum": file.Formats()}),
		query("bom", "Begin a CSV file with a byte order mark, without which some spreadsheets take UTF-8 for something else.",
			object{"type": "string", "enum": []string{"true", "false"}}),
		query("overdue", "Only cases with something overdue.", object{"type": "string", "enum": []string{"true"}}),
	}
	return object{
		"operationId": "export-cases", "tags": []string{"cases"}, "summary": "Export cases.",
		"description": "Every case that the caller sees and the filters let through, as far as he sees it, once, each as it is when it is written. " +
			"An answer that breaks off doesn't end as HTTP wants it; in NDJSON its last line is an object with problem.",
		"parameters": append(parameters, filterParameters()...),
		"responses": problems(object{"200": object{
			"description": "The cases.", "content": files(refTo("ImportLine")),
		}}, "406"),
	}
}

// filterParameters are the filters of the list.
func filterParameters() []object {
	var all []object
	for _, f := range cases.ListParameters {
		schema := object{"type": "string", "minLength": 1}
		if f.Pattern != "" {
			schema["pattern"] = f.Pattern
		}
		all = append(all, query(f.Name, f.Text, schema))
	}
	return all
}

func importOperation(s *schemas) object {
	return object{
		"operationId": "import-cases", "tags": []string{"cases"}, "summary": "Import cases.",
		"description": "Each line is one commit. A case that isn't there is made, in whatever phase it is; one that is there is changed only with its " +
			"etag, or with existing=change, and by the rules that hold for every change. One that is there as the line has it is left as it is, so " +
			"sending a file again goes on where it broke off. The report has a line for each line of the file, when it is done, and a summary at the " +
			"end; a report without a summary broke off.",
		"parameters": []object{
			query("existing", "What to do with a case that is there and differs, where the line has no etag.",
				object{"type": "string", "enum": []string{"refuse", "change"}}),
			query("dry-run", "Report what would be done, line by line, and store nothing.",
				object{"type": "string", "enum": []string{"true", "false"}}),
			query("reason", "Why the cases are imported, for Provenance.", object{"type": "string"}),
			query("role", "In which role, where nobody logs in.", s.of(reflect.TypeFor[cases.ActionRequest]().Field(0).Type)),
			query("by", "Who imports, where nobody logs in, such as Practitioner/1.", object{"type": "string", "pattern": cases.RefPattern}),
		},
		"requestBody": object{"required": true, "content": files(refTo("ImportLine"))},
		"responses": problems(object{"200": object{
			"description": "The report.",
			"content": object{file.FormatNDJSON.MediaTypes()[0]: object{
				"schema": object{"type": "string"},
				"x-line": refTo("Imported"), "x-last-line": object{
					"type": "object", "properties": object{"summary": described(refTo("Summary"), "lastLine", "summary")}, "required": []string{"summary"},
				},
			}},
		}}, "406", "408", "413", "415", "503"),
	}
}
