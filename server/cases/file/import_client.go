package file

import (
	"net/http"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/problem"
)

// clientBy finds the one Patient whom the caller sees and who has an identifier,
// given as system|value; "" for none.
func (w *importing) clientBy(identifier string) (casemodel.Ref, error) {
	if identifier == "" {
		return "", nil
	}
	at := problem.Fault{Pointer: "/clientIdentifier"}
	system, value, _ := strings.Cut(identifier, "|")
	if system == "" || value == "" {
		at.Detail = "must be system|value, such as http://clinic.example/mrn|1001"
		return "", problem.BadRequest("", at)
	}
	found, err := w.service.caller.Find(w.ctx, interaction.SearchRequest{Type: "Patient", Parameters: []search.Pair{
		{Name: "identifier", Value: search.Escape(system) + "|" + search.Escape(value)}, {Name: "_count", Value: "2"},
	}})
	if err != nil {
		return "", err
	}
	a := &assembly.Assembled{Versions: map[fhir.Key]int64{}}
	if err := w.service.assembler.AddHits(a, found.Matches); err != nil {
		return "", err
	}
	switch len(a.Stored) {
	case 0:
		at.Detail = "there is no Patient with this identifier"
	case 1:
		return casemodel.Ref(assembly.KeyOf(a.Stored[0]).String()), nil
	default:
		at.Detail = "several Patients have this identifier"
	}
	p := problem.New(http.StatusUnprocessableEntity, "not-found", "Something that the case needs isn't there", "")
	return "", p.With([]problem.Fault{at})
}

// nameClient lets a case be that of the client whom the record's identifier
// names, whoever else it may name besides refuses it.
func (b *base) nameClient(c *casemodel.Case) []problem.Fault {
	switch {
	case b.client == "" || c.Client.ID == b.client:
	case c.Client.ID == "":
		c.Client.ID = b.client
	default:
		return []problem.Fault{{Pointer: "/clientIdentifier", Detail: "is that of another Patient than the one whose case it is"}}
	}
	return nil
}
