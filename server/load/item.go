package load

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"caseway/fhir"
)

// Item is what is sent in one piece.
type Item struct {
	File  string // the name of the file as it was found
	Place int    // the number of the item in its file, from 1
	Key   string // idempotency key
	// Type and ID are the resource's; both are "" for a batch or transaction,
	// ID also for a resource without one.
	Type, ID  string
	Batch     bool // a batch: its entries succeed or fail one by one
	Body      []byte
	Resources int    // how many resources it brings
	Problem   string // why it can't be sent at all; "" where it can
	Bytes     int    // of the file
}

// name says where the item stands, for reports.
func (i Item) name() string {
	if i.Place == 1 {
		return i.File
	}
	return i.File + " #" + strconv.Itoa(i.Place)
}

// bundle reports whether the item is carried out rather than stored.
func (i Item) bundle() bool { return i.Type == "" && i.Problem == "" }

// idempotencyKey is the same whenever the same content is loaded from the
// same place of a file of the same name, wherever the file lies.
func idempotencyKey(base string, place int, body []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%d\x00", base, place)
	h.Write(body)
	return "load-" + hex.EncodeToString(h.Sum(nil)[:20])
}

// envelope is as much of a resource as tells how it is to be sent.
type envelope struct {
	ResourceType string          `json:"resourceType"`
	ID           json.RawMessage `json:"id"`
	Type         json.RawMessage `json:"type"`
	Entry        json.RawMessage `json:"entry"`
}

type entry struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Request  *entryRequest   `json:"request,omitempty"`
}

type entryRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
}

// split makes the items of one JSON text. Text that can't be read as a
// resource becomes an item with a Problem.
func split(text []byte, asIs bool) []Item {
	var e envelope
	if json.Unmarshal(text, &e) != nil || e.ResourceType != "Bundle" || asIs {
		return []Item{single(text, e)}
	}
	switch kind := stringOf(e.Type); kind {
	case "transaction", "batch":
		return []Item{{Body: text, Batch: kind == "batch", Resources: count(bringing(e.Entry))}}
	case "collection", "searchset":
		return splitCollection(text, e)
	}
	return []Item{single(text, e)}
}

func single(text []byte, e envelope) Item {
	item := Item{Type: e.ResourceType, ID: stringOf(e.ID), Body: text, Resources: 1}
	switch {
	case !json.Valid(text):
		item.Type, item.ID, item.Problem = "", "", "isn't JSON: it is empty, breaks off or is written wrongly"
	case e.ResourceType == "":
		item.Problem = "isn't a FHIR resource: it has no resourceType"
	}
	return item
}

func splitCollection(text []byte, e envelope) []Item {
	var entries []entry
	if json.Unmarshal(e.Entry, &entries) != nil {
		return []Item{single(text, e)}
	}
	if bytes.Contains(e.Entry, []byte(`"urn:uuid:`)) {
		return []Item{transactionOf(entries)}
	}
	items := make([]Item, 0, len(entries))
	for _, en := range entries {
		if en.Resource == nil {
			continue // a collection may hold entries of other kinds
		}
		var one envelope
		_ = json.Unmarshal(en.Resource, &one) // what can't be read becomes an item that says so
		items = append(items, single(en.Resource, one))
	}
	return items
}

// transactionOf turns a collection whose entries refer to each other by
// urn:uuid into a transaction, so that the links are rewritten.
func transactionOf(entries []entry) Item {
	out := struct {
		ResourceType string  `json:"resourceType"`
		Type         string  `json:"type"`
		Entry        []entry `json:"entry"`
	}{ResourceType: "Bundle", Type: "transaction"}
	for _, en := range entries {
		var one envelope
		_ = json.Unmarshal(en.Resource, &one) // what can't be read is refused by the target
		en.Request = &entryRequest{Method: "POST", URL: one.ResourceType}
		if id := stringOf(one.ID); fhir.IsID(id) {
			en.Request = &entryRequest{Method: "PUT", URL: one.ResourceType + "/" + id}
		}
		out.Entry = append(out.Entry, en)
	}
	body, err := json.Marshal(out)
	if err != nil { // RawMessage that was read once is valid
		panic(err)
	}
	return Item{Body: body, Resources: len(entries)}
}

// bringing tells of each entry whether it brings a resource.
func bringing(raw json.RawMessage) []bool {
	var entries []struct {
		Resource json.RawMessage `json:"resource"`
	}
	_ = json.Unmarshal(raw, &entries) // a malformed list is refused by the target
	brings := make([]bool, len(entries))
	for i, e := range entries {
		brings[i] = e.Resource != nil
	}
	return brings
}

func count(all []bool) (n int) {
	for _, one := range all {
		if one {
			n++
		}
	}
	return n
}

// brings tells of each entry of a batch whether it brings a resource.
func (i Item) brings() []bool {
	var e envelope
	_ = json.Unmarshal(i.Body, &e) // it was read before
	return bringing(e.Entry)
}

// stringOf is a JSON string's value, or "" for anything else.
func stringOf(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}
