package operation

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/search"
)

// isContextAllowed is EpisodeOfCare/[id]/$is-context-allowed: what is allowed is
// answered with the references that allow it, what isn't is refused.
func (s *Service) isContextAllowed(ctx context.Context, c call) ([]byte, error) {
	tree, err := s.decode(c.target.JSON)
	if err != nil {
		return nil, err
	}
	episode := tree.Root()
	patient, team := c.given.text("patient"), c.given.text("careTeam")
	if (patient == "") == (team == "") {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueRequired, "one of the parameters patient and careTeam is needed, for a patient or for a practitioner who asks")
	}
	if episode.Child("status").Text() == "entered-in-error" {
		return nil, notAllowed("the episode was entered in error")
	}
	if patient != "" {
		asks, ours := c.keyOf(patient)
		of, _ := c.keyOf(episode.Child("patient").Child("reference").Text())
		if !ours || asks.Type != "Patient" {
			return nil, invalid("patient", "must be a Patient of this server, such as Patient/1")
		}
		if asks != of {
			return nil, notAllowed("the episode is another patient's")
		}
		return allowed(object{"name": "EpisodeOfCare", "valueReference": object{"reference": c.Key.String()}}), nil
	}
	return s.teamAllowed(ctx, c, episode, team)
}

// teamAllowed: a team that works has the episode as its context where the episode,
// or a plan of it that isn't over, names it.
func (s *Service) teamAllowed(ctx context.Context, c call, episode fhir.Node, team string) ([]byte, error) {
	key, ours := c.keyOf(team)
	if !ours || key.Type != "CareTeam" {
		return nil, invalid("careTeam", "must be a CareTeam of this server, such as CareTeam/1")
	}
	tree, err := s.named(ctx, c, "careTeam", key.String(), []string{"CareTeam"})
	if err != nil {
		return nil, err
	}
	if status := tree.Root().Child("status").Text(); slices.Contains([]string{"suspended", "inactive", "entered-in-error"}, status) {
		return nil, notAllowed("the team's status is " + status)
	}
	by := object{"name": "CareTeam", "valueReference": object{"reference": key.String()}}
	for n := range episode.All("team") {
		if of, _ := c.keyOf(n.Child("reference").Text()); of == key {
			return allowed(by, object{"name": "EpisodeOfCare", "valueReference": object{"reference": c.Key.String()}}), nil
		}
	}
	plans, err := s.matches(ctx, "CarePlan", []search.Pair{
		{Name: "episode-of-care", Value: c.Key.String()}, {Name: "care-team", Value: key.String()}, {Name: "status:not", Value: "revoked,completed,entered-in-error"},
	}, mostPlans)
	if err != nil {
		return nil, err
	}
	if len(plans) == 0 {
		return nil, notAllowed("neither the episode nor a plan of it that isn't over names the team")
	}
	return allowed(by, object{"name": "CarePlan", "valueReference": object{"reference": plans[0].Key.String()}}), nil
}

func allowed(because ...object) []byte {
	return encoded(object{"resourceType": "Parameters", "parameter": append([]object{{"name": "result", "valueBoolean": true}}, because...)})
}

func notAllowed(why string) error {
	return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the episode can't be the context: "+why)
}
