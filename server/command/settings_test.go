package command

import (
	"os"
	"strings"
	"testing"
)

// TestThePageListsEverySetting holds the table of docs/operate/settings.md to the
// flags; `caseway settings` prints it.
func TestThePageListsEverySetting(t *testing.T) {
	page, err := os.ReadFile("../../docs/operate/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	if table := SettingsTable(); !strings.Contains(string(page), table) {
		t.Errorf("docs/operate/settings.md must hold the output of `caseway settings`:\n%s", table)
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
