package rules

import (
	"encoding/json"
	"slices"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// evidenceURL is the extension with which what a party said is recorded by
// somebody else.
const evidenceURL = fhir.CanonicalBase + "/StructureDefinition/evidence"

// spoken is an element in which a party says something: a Task, or a term of a
// Contract.
type spoken struct {
	Extension []struct {
		URL       string `json:"url"`
		Extension []struct {
			URL         string          `json:"url"`
			ValueString string          `json:"valueString"`
			Value       json.RawMessage `json:"valueReference"`
		} `json:"extension"`
	} `json:"extension"`
	Owner json.RawMessage `json:"owner"`
	Offer struct {
		Party []struct {
			Reference []json.RawMessage `json:"reference"`
		} `json:"party"`
	} `json:"offer"`
	Term []spoken `json:"term"`
}

// testimony is whose words a commit records for them, and what shows these.
type testimony struct{ informants, sources []json.RawMessage }

// testimonyOf reads the evidence that comes with a commit and wasn't there before.
func testimonyOf(images []interaction.Image) testimony {
	var t testimony
	for i := range images {
		image := &images[i]
		if image.After == nil || image.Key.Type != "Task" && image.Key.Type != "Contract" {
			continue
		}
		var before, after spoken
		_ = json.Unmarshal(image.After.JSON, &after) // what was decoded is JSON
		if image.Before.JSON != nil {
			_ = json.Unmarshal(image.Before.JSON, &before)
		}
		t.add(after, before)
		for j, term := range after.Term {
			was := spoken{}
			if j < len(before.Term) {
				was = before.Term[j]
			}
			t.add(term, was)
		}
	}
	return t
}

func (t *testimony) add(now, was spoken) {
	known := was.sources()
	fresh := slices.DeleteFunc(now.sources(), func(s json.RawMessage) bool {
		return slices.ContainsFunc(known, func(old json.RawMessage) bool { return string(old) == string(s) })
	})
	if len(fresh) == 0 {
		return
	}
	t.sources = append(t.sources, fresh...)
	if now.Owner != nil {
		t.informants = append(t.informants, now.Owner)
	}
	for _, p := range now.Offer.Party {
		t.informants = append(t.informants, p.Reference...)
	}
}

// sources are the notes and documents of an element, each as a Reference.
func (s *spoken) sources() []json.RawMessage {
	var all []json.RawMessage
	for _, e := range s.Extension {
		if e.URL != evidenceURL {
			continue
		}
		for _, part := range e.Extension {
			switch {
			case part.URL == "note" && part.ValueString != "":
				all = append(all, slices.Concat([]byte(`{"display":`), quoted(part.ValueString), []byte(`}`)))
			case part.URL == "file" && part.Value != nil:
				all = append(all, part.Value)
			}
		}
	}
	return all
}

// tell adds to a Provenance whose words are recorded, and by what evidence.
func (t testimony) tell(p object) {
	for _, who := range t.informants {
		p["agent"] = append(p["agent"].([]object), object{"type": participant("informant"), "who": who})
	}
	entities, _ := p["entity"].([]object)
	for _, what := range t.sources {
		entities = append(entities, object{"role": "source", "what": what})
	}
	if len(entities) > 0 {
		p["entity"] = entities
	}
}

// participant is how somebody took part in what a Provenance tells of.
func participant(code string) object {
	return object{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": code}}}
}

func quoted(text string) []byte {
	q, _ := json.Marshal(text) // a string always marshals
	return q
}
