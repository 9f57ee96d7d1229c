package operation

import (
	"context"
	"net/http"
	"strconv"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// create stores new resources in one commit. note is for the Guards, see
// interaction.Change.
func (s *Service) create(ctx context.Context, all []fresh, note any) (interaction.Committed, error) {
	c := interaction.Change{Note: note}
	for _, m := range all {
		w, err := s.write(store.Post, m.key, m.resource)
		if err != nil {
			return interaction.Committed{}, err
		}
		c.Writes = append(c.Writes, w)
	}
	return s.engine.Commit(ctx, c)
}

// write is that of a resource as JSON.
func (s *Service) write(how store.Method, key fhir.Key, resource object) (interaction.Write, error) {
	text := encoded(resource)
	tree, err := fhir.Decode(s.schema, text, fhir.Limits{Bytes: len(text)})
	return interaction.Write{Method: how, Key: key, Resource: tree}, err
}

// transactionResponse is the answer to a transaction that creates resources
// (https://hl7.org/fhir/R4/http.html#transaction-response).
func transactionResponse(created []store.Version, base string) []byte {
	w := fhir.NewBundleWriter(fhir.Bundle{Type: "transaction-response"}, 0)
	for _, v := range created {
		url := base + "/" + v.Key.String()
		w.Entry(fhir.Entry{FullURL: url, Resource: v.JSON, Response: &fhir.EntryResponse{
			Status:   strconv.Itoa(http.StatusCreated) + " " + http.StatusText(http.StatusCreated),
			Location: url + "/_history/" + strconv.FormatInt(v.VersionID, 10), VersionID: v.VersionID, LastModified: v.LastUpdated,
		}})
	}
	return w.Text().Bytes()
}
