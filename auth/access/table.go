package access

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"caseway/auth"
	"caseway/auth/scope"
	"caseway/fhir/embedded"
)

// typesCSV decides on every resource type.
//
// patients is the rule for those who see patients' data: patients, caregivers,
// Organizations.
//   - compartment: what is in the patient's compartment
//   - self: the patient's own Patient resource
//   - directory: read by everybody whose scopes have it
//   - binary: read through a DocumentReference or the securityContext
//   - none: not at all
//
// whose is the reference parameter that says whose a resource is. One in the
// compartments of several patients is visible only to the patient whom this
// parameter names, and to nobody where it names several; with "all" to each. A
// directory's resource that names a patient by it is that patient's alone.
//
// several is yes where the parameter can name more than one.
//
// staff and administrator say what these may do, clients that act for
// themselves being as staff: write, read or none.
//
//go:embed data/types.csv
var typesCSV []byte

// operationsCSV says which permissions an operation needs: any of the letters
// on the type, and the role where one is named.
//
//go:embed data/operations.csv
var operationsCSV []byte

// partiesCSV says to which resources somebody is a party, whoever's patient they
// are about.
//
// party are the reference parameters by which a resource names the Organizations
// that may see it: whose Task it is, who puts a price forward or pays a share.
//
// addressee is the one of them, where there is one, by which a resource is
// addressed: that of somebody else is shown neither to a patient nor to who pays
// for the patient's care.
//
//go:embed data/parties.csv
var partiesCSV []byte

// partyRule is a line of the table of parties.
type partyRule struct {
	by        []string
	addressee string // "" for none
}

var parties = sync.OnceValue(func() map[string]partyRule {
	all := map[string]partyRule{}
	for _, line := range embedded.Rows(string(partiesCSV)) {
		all[line[0]] = partyRule{by: strings.Fields(line[1]), addressee: line[2]}
	}
	return all
})

// rule is a line of the table of types.
type rule struct {
	patients string
	whose    string
	several  bool
	staff    scope.Permissions
	admin    scope.Permissions
}

// allows are what the words of the columns staff and administrator stand for.
var allows = map[string]scope.Permissions{
	"write": scope.All,
	"read":  scope.Read | scope.Search,
	"none":  0,
}

var types = sync.OnceValue(func() map[string]rule {
	all := map[string]rule{}
	for _, line := range embedded.Rows(string(typesCSV)) {
		all[line[0]] = rule{
			patients: line[1], whose: line[2], several: line[3] == "yes",
			staff: allows[line[4]], admin: allows[line[5]],
		}
	}
	return all
})

// operation is a line of the table of operations.
type operation struct {
	name, typ string
	any       scope.Permissions
	role      auth.Role // "" for any
}

var operations = sync.OnceValue(func() []operation {
	var all []operation
	for _, line := range embedded.Rows(string(operationsCSV)) {
		op := operation{name: line[0], typ: line[1], role: auth.Role(line[3])}
		for i, letter := range "cruds" {
			if strings.ContainsRune(line[2], letter) {
				op.any |= 1 << i
			}
		}
		all = append(all, op)
	}
	return all
})

// operationOn finds what an operation on a type needs; false for an unknown one.
func operationOn(name, typ string) (operation, bool) {
	i := slices.IndexFunc(operations(), func(op operation) bool {
		return op.name == name && (op.typ == typ || op.typ == scope.Any)
	})
	if i < 0 {
		return operation{}, false
	}
	return operations()[i], true
}
