package mapping

import (
	"embed"
	"encoding/json"
	"strings"
)

//go:embed operations/*.json
var operationFiles embed.FS

// operationDefinitions are those of the operations on cases, as far as the
// server answers them. A file's name is the id of its definition.
func operationDefinitions() []Definition {
	files, err := operationFiles.ReadDir("operations")
	if err != nil {
		panic(err) // the data is part of the program
	}
	all := make([]Definition, 0, len(files))
	for _, f := range files {
		text, err := operationFiles.ReadFile("operations/" + f.Name())
		if err != nil {
			panic(err)
		}
		var operation map[string]any
		if err := json.Unmarshal(text, &operation); err != nil {
			panic(err)
		}
		all = append(all, definitionOf("OperationDefinition", strings.TrimSuffix(f.Name(), ".json"), operation))
	}
	return all
}
