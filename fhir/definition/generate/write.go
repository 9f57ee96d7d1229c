package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
)

// writeLines writes an NDJSON file.
func writeLines(path string, lines []any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // expressions are full of < and &
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}
