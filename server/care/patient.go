package care

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// subjects are the elements with the patient of each type that is judged.
var subjects = map[string]string{"CarePlan": "subject", "CareTeam": "subject", "EpisodeOfCare": "patient", "Task": "for"}

// others are the types that references are followed to: their subject is one patient.
var others = []string{
	"AllergyIntolerance", "Appointment", "CarePlan", "CareTeam", "Claim", "ClaimResponse", "Communication", "CommunicationRequest", "Condition",
	"Consent", "Coverage", "DiagnosticReport", "DocumentReference", "Encounter", "EpisodeOfCare", "Goal", "MedicationRequest", "MedicationStatement",
	"NutritionOrder", "Observation", "Procedure", "QuestionnaireResponse", "RelatedPerson", "RequestGroup", "RiskAssessment", "ServiceRequest", "Task",
}

// most is how many references of one resource are followed.
const most = 200

// OnePatient is the Guard of patients-differ. Safe for concurrent use.
type OnePatient struct {
	warns bool
}

// NewOnePatient makes the Guard, which refuses or only warns.
func NewOnePatient(warns bool) *OnePatient { return &OnePatient{warns: warns} }

var _ interaction.Guard = (*OnePatient)(nil)

// Check implements interaction.Guard.
func (g *OnePatient) Check(ctx context.Context, p *interaction.Pending) error {
	for i := range p.Images {
		image := &p.Images[i]
		element := subjects[image.Key.Type]
		if element == "" || image.After == nil || image.At == "" {
			continue
		}
		patient := image.After.Root().Child(element).Child("reference").Text()
		if !strings.HasPrefix(patient, "Patient/") {
			continue
		}
		if err := g.judge(ctx, p, image, patient); err != nil {
			return err
		}
	}
	return nil
}

// judge follows the references of a resource.
func (g *OnePatient) judge(ctx context.Context, p *interaction.Pending, image *interaction.Image, patient string) error {
	places := map[fhir.Key]string{} // expressions, by what is referred to
	var stored []fhir.Key
	for at, key := range references(image.After, p.Base()) {
		if _, seen := places[key]; seen || key == image.Key || !slices.Contains(others, key.Type) || len(places) >= most {
			continue
		}
		places[key] = at
		if i := slices.IndexFunc(p.Images, func(other interaction.Image) bool { return other.Key == key }); i >= 0 {
			if other := p.Images[i].After; other != nil && differs(patient, other.JSON) {
				g.tell(p, image, at, key)
			}
			continue
		}
		stored = append(stored, key)
	}
	if len(stored) == 0 {
		return nil
	}
	found, err := p.Stored(ctx, stored...)
	if err != nil {
		return err
	}
	for _, v := range found {
		if !differs(patient, v.JSON) {
			continue
		}
		switch shown, err := visible(ctx, p, v); {
		case err != nil:
			return err
		case shown:
			g.tell(p, image, places[v.Key], v.Key)
		}
	}
	return nil
}

// visible reports whether the caller may read what is stored.
func visible(ctx context.Context, p *interaction.Pending, v store.Version) (bool, error) {
	_, err := p.Caller.Read(ctx, v.Key)
	if fhir.Is(err, fhir.Forbidden, fhir.NotFound, fhir.Gone) {
		return false, nil
	}
	return err == nil, err
}

func (g *OnePatient) tell(p *interaction.Pending, image *interaction.Image, at string, key fhir.Key) {
	_, rest, _ := strings.Cut(at, ".")
	issue := fhir.Issue{
		Severity: fhir.SeverityError, Code: fhir.IssueBusinessRule, Expression: image.At + "." + rest,
		Text: "patients-differ: the reference leads to a " + key.Type + " of another patient than the " + image.Key.Type + " is of",
	}
	if g.warns {
		issue.Severity, issue.Advice = fhir.SeverityWarning, true
	}
	p.Issue(issue)
}

// references are the literal references of a resource to others of this server, each
// with its expression.
func references(tree *fhir.Tree, base string) iter.Seq2[string, fhir.Key] {
	return func(yield func(string, fhir.Key) bool) {
		for n := range tree.All() {
			if n.Type().Name != "Reference" {
				continue
			}
			literal := n.Child("reference")
			if key, ok := fhir.LiteralKey(literal.Text(), base); ok && !yield(n.Path(), key) {
				return
			}
		}
	}
}

// differs reports whether a resource is of another patient.
func differs(patient string, text []byte) bool {
	type ref struct {
		Reference string `json:"reference"`
	}
	var r struct {
		Subject, Patient, For, Beneficiary json.RawMessage
	}
	if text == nil || json.Unmarshal(text, &r) != nil {
		return false
	}
	for _, raw := range []json.RawMessage{r.Subject, r.Patient, r.For, r.Beneficiary} {
		var one ref
		if len(raw) == 0 || json.Unmarshal(raw, &one) != nil { // Contract.subject is a list
			continue
		}
		if strings.HasPrefix(one.Reference, "Patient/") && one.Reference != patient {
			return true
		}
	}
	return false
}
