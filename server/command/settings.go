package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Settings is the command settings.
type Settings struct{}

// Run prints the table of docs/operate/settings.md.
func (Settings) Run(s Streams) error {
	_, err := io.WriteString(s.Out, SettingsTable())
	return err
}

// SettingsTable is the flags of serve with their environment variables and
// defaults, as a Markdown table.
func SettingsTable() string {
	parser, err := newParser(&commands{}, io.Discard, io.Discard)
	if err != nil {
		panic(err) // the flags' tags are wrong: a test would have seen it
	}
	var b strings.Builder
	b.WriteString("| flag | environment | default | what it does |\n| --- | --- | --- | --- |\n")
	for _, node := range parser.Model.Children {
		if node.Name != "serve" {
			continue
		}
		for _, f := range node.Flags {
			b.WriteString(settingsRow(f))
		}
	}
	return b.String()
}

func settingsRow(f *kong.Flag) string {
	fallback := ""
	if f.Default != "" {
		fallback = "`" + f.Default + "`"
	}
	return fmt.Sprintf("| `--%s` | `%s` | %s | %s |\n", f.Name, strings.Join(f.Envs, "`, `"), fallback, f.Help)
}
