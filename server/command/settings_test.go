package command

import (
	"os"
	"strings"
	"testing"
)

// TestREADMEListsEverySetting holds the README's table to the flags; `caseway
// settings` prints it.
func TestREADMEListsEverySetting(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if table := SettingsTable(); !strings.Contains(string(readme), table) {
		t.Errorf("README.md must hold the output of `caseway settings`:\n%s", table)
	}
}

func TestEverySettingHasItsVariable(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(SettingsTable()), "\n")[2:]
	for _, row := range rows {
		flag, rest, _ := strings.Cut(strings.TrimPrefix(row, "| `--"), "`")
		variable := "`CASEWAY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")) + "`"
		if !strings.Contains(rest, variable) {
			t.Errorf("%s lacks %s", row, variable)
		}
	}
	if len(rows) < 10 {
		t.Errorf("%d rows", len(rows))
	}
}
