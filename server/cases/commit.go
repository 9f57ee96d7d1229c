package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/mapping"
	"caseway/mapping/casemodel"
)

// commit is what an action stores at once.
type commit struct {
	a      *assembled
	writes []mapping.Write
	row    *action
	step   casemodel.Step
	notes  []string // see casemodel.Result
	base   string
	// named lets what is new keep the ids that it has; it fails with thereAlready
	// where something is under one of them.
	named  bool
	dryRun bool
	// made are people and organizations that are made beside the case.
	made []person
}

// commit stores the resources of an action in one transaction; with dryRun it finds
// out whether they would be. It gives the id of the case, and the ids that the store gave to what is new. Resources that
// have changed since they were read refuse it.
func (s *Service) commit(ctx context.Context, c commit) (id string, given map[casemodel.Ref]casemodel.Ref, err error) {
	d := &doing{action: c.row.name, step: c.step, notes: c.notes, caseID: caseOf(c.a)}
	if d.caseID != "" {
		d.episode = c.a.versions[fhir.Key{Type: "EpisodeOfCare", ID: d.caseID}]
	}
	if c.named {
		d.known = c.a.versions
	}
	answer, err := s.engine().Bundle(withDoing(ctx, d), interaction.BundleRequest{
		Body: transaction(c), Base: c.base, Return: interaction.ReturnMinimal, DryRun: c.dryRun,
	})
	if err != nil || c.dryRun {
		return d.caseID, nil, err
	}
	if given, err = givenIDs(answer, c.writes); err != nil || d.caseID != "" {
		return d.caseID, given, err
	}
	episode := given[casemodel.Ref("EpisodeOfCare/"+c.a.c.ID)]
	return strings.TrimPrefix(string(episode), "EpisodeOfCare/"), given, nil
}

// caseOf is the id of a stored case, "" for a new one.
func caseOf(a *assembled) string {
	for key := range a.versions {
		if key.Type == "EpisodeOfCare" && key.ID == a.c.ID {
			return key.ID
		}
	}
	return ""
}

// transaction writes the Bundle. What is new is created under an id of the
// store's, and links to it follow.
func transaction(c commit) []byte {
	var b bytes.Buffer
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for i, w := range c.writes {
		if i > 0 {
			b.WriteByte(',')
		}
		request := map[string]string{"method": http.MethodPost, "url": w.Key.Type}
		if version := c.a.versions[w.Key]; version > 0 {
			request = map[string]string{
				"method": http.MethodPut, "url": w.Key.String(), "ifMatch": `W/"` + strconv.FormatInt(version, 10) + `"`,
			}
		} else if c.named {
			request = map[string]string{"method": http.MethodPut, "url": w.Key.String()}
		}
		fmt.Fprintf(&b, `{"fullUrl":%s,"resource":`, quoted(c.base+"/"+w.Key.String()))
		b.Write(w.JSON())
		how, _ := json.Marshal(request) // strings always marshal
		fmt.Fprintf(&b, `,"request":%s}`, how)
	}
	for i, p := range c.made {
		if i+len(c.writes) > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"fullUrl":%s,"resource":%s,"request":{"method":"PUT","url":%s}}`,
			quoted(c.base+"/"+p.key.String()), p.text, quoted(p.key.String()))
	}
	b.WriteString("]}")
	return b.Bytes()
}

func quoted(text string) []byte {
	q, _ := json.Marshal(text) // a string always marshals
	return q
}

// givenIDs reads from a transaction's answer where what was written is now.
func givenIDs(answer []byte, writes []mapping.Write) (map[casemodel.Ref]casemodel.Ref, error) {
	var b struct {
		Entry []struct {
			Response struct {
				Location string `json:"location"`
			} `json:"response"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(answer, &b); err != nil || len(b.Entry) < len(writes) {
		return nil, fmt.Errorf("the answer to a transaction doesn't fit it: %w", err)
	}
	given := map[casemodel.Ref]casemodel.Ref{}
	for i, w := range writes {
		path, _, _ := strings.Cut(b.Entry[i].Response.Location, "/_history/")
		if at := strings.LastIndex(path, w.Key.Type+"/"); at >= 0 {
			given[casemodel.Ref(w.Key.String())] = casemodel.Ref(path[at:])
		}
	}
	return given, nil
}

// renamed gives changes with the ids that the store gave.
func renamed(changes []casemodel.Change, given map[casemodel.Ref]casemodel.Ref) []casemodel.Change {
	for i := range changes {
		if id, ok := given[changes[i].ID]; ok {
			changes[i].ID = id
		}
	}
	return changes
}

// atParts says of what is wrong in a transaction at which resource of the case it
// is: nobody but the server knows of the Bundle.
func atParts(err error, writes []mapping.Write) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		return err
	}
	told := *fe
	told.Issues = slices.Clone(fe.Issues)
	for i := range told.Issues {
		at, found := strings.CutPrefix(told.Issues[i].Expression, "Bundle.entry[")
		number, rest, closed := strings.Cut(at, "]")
		n, bad := strconv.Atoi(number)
		if !found || !closed || bad != nil || n >= len(writes) {
			continue
		}
		told.Issues[i].Expression = writes[n].Key.Type + strings.TrimPrefix(rest, ".resource")
	}
	return &told
}
