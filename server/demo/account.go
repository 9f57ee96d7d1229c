package demo

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// Account is somebody who can sign in to a demo with a login.
type Account struct {
	Name     string // to sign in with
	Password string // made for this demo
	Who      string // whom it stands for
	linked   string // lines of a seed, see docs/operate/login.md
}

// Accounts are a party of each kind in the stories, with new passwords.
func Accounts() []Account {
	all := []Account{
		{Name: "tomas-reyes", Who: "a patient, whose home infusion is being negotiated", linked: "role: patient\n    patient: tomas-reyes"},
		{Name: "jonas-vale", Who: "a patient, with three therapies under way", linked: "role: patient\n    patient: jonas-vale"},
		{Name: "nora-lind", Who: "the case manager of all cases", linked: "role: staff\n    practitioner: nora-lind"},
		{Name: "northern", Who: "a case manager of the insurer, Northern Mutual", linked: "role: staff\n    organization: northern-mutual"},
		{Name: "pharmacy", Who: "somebody of a provider, the Corner Infusion Pharmacy", linked: "role: staff\n    organization: corner-pharmacy"},
		{Name: "admin", Who: "an administrator", linked: "role: administrator"},
	}
	for i := range all {
		all[i].Password = strings.ToLower(rand.Text()[:10])
	}
	return all
}

// Seed is the YAML that brings accounts into being.
func Seed(accounts []Account) []byte {
	var b strings.Builder
	b.WriteString("users:\n")
	for _, a := range accounts {
		fmt.Fprintf(&b, "  - id: %s\n    password: %s\n    %s\n", a.Name, a.Password, a.linked)
	}
	return []byte(b.String())
}
