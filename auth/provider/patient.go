package provider

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"caseway/auth"
	"caseway/auth/account"
	"caseway/fhir"
)

// Choice says which patients a user may put in context.
type Choice struct {
	// Patient is the only one: nothing has to be asked. "" otherwise.
	Patient string
	// Patients are all there are, by logical id: a caregiver's.
	Patients []string
	// Search: any patient that a search as the user's Principal finds.
	Search bool
}

// Choice says whom the user of a session may put in context.
func (p *Provider) Choice(ctx context.Context, s *Session) (Choice, error) {
	switch s.User.Role {
	case auth.Patient:
		return Choice{Patient: strings.TrimPrefix(s.User.FHIRUser, "Patient/")}, nil
	case auth.Caregiver:
		charges, err := p.charges(ctx, s.User)
		if len(charges) == 1 {
			return Choice{Patient: charges[0]}, err
		}
		return Choice{Patients: charges}, err
	}
	return Choice{Search: true}, nil
}

// maySee decides whether a user may put a patient in context.
func (p *Provider) maySee(ctx context.Context, u *account.User, patient string) (bool, error) {
	switch u.Role {
	case auth.Patient:
		return u.FHIRUser == "Patient/"+patient, nil
	case auth.Caregiver:
		charges, err := p.charges(ctx, u)
		return slices.Contains(charges, patient), err
	}
	if exists, err := p.read(ctx, fhir.Key{Type: "Patient", ID: patient}, nil); err != nil || !exists {
		return false, err
	}
	if p.o.MaySee == nil {
		return true, nil
	}
	who, err := p.Principal(ctx, &Session{User: u, Expires: p.now().Add(pendingLife)})
	if err != nil {
		return false, err
	}
	return p.o.MaySee(ctx, who, patient)
}

// related is what of a RelatedPerson says whose it is
// (https://hl7.org/fhir/R4/relatedperson.html).
type related struct {
	Active  *bool `json:"active"`
	Patient struct {
		Reference string `json:"reference"`
	} `json:"patient"`
	Period struct {
		Start, End string
	} `json:"period"`
}

// charges are the patients whose RelatedPerson a caregiver is, now.
func (p *Provider) charges(ctx context.Context, u *account.User) ([]string, error) {
	var ids []string
	for _, reference := range u.RelatedPersons() {
		kind, id, _ := strings.Cut(reference, "/")
		var r related
		exists, err := p.read(ctx, fhir.Key{Type: kind, ID: id}, &r)
		if err != nil {
			return nil, err
		}
		if patient := r.patient(p.now()); exists && patient != "" && !slices.Contains(ids, patient) {
			ids = append(ids, patient)
		}
	}
	return ids, nil
}

// PatientOf gives the logical id of the Patient to whom a RelatedPerson, in
// JSON, is related at a time; "" where it is to nobody (any more).
func PatientOf(relatedPerson []byte, at time.Time) (string, error) {
	var r related
	err := json.Unmarshal(relatedPerson, &r)
	return r.patient(at), err
}

func (r *related) patient(at time.Time) string {
	id, ok := strings.CutPrefix(r.Patient.Reference, "Patient/")
	if !ok || !fhir.IsID(id) || !r.holds(at) {
		return ""
	}
	return id
}

// holds reports whether the relation is active and its period is now, to the
// day.
func (r *related) holds(now time.Time) bool {
	today := now.UTC().Format(time.DateOnly)
	day := func(s string) string { return s[:min(len(s), len(today))] }
	start, end := day(r.Period.Start), day(r.Period.End)
	return (r.Active == nil || *r.Active) && start <= today && (end == "" || end >= today[:len(end)])
}

// ofPatient reports whether an encounter is a patient's.
func (p *Provider) ofPatient(ctx context.Context, encounter, patient string) (bool, error) {
	var e struct {
		Subject struct {
			Reference string `json:"reference"`
		} `json:"subject"`
	}
	exists, err := p.read(ctx, fhir.Key{Type: "Encounter", ID: encounter}, &e)
	return exists && patient != "" && e.Subject.Reference == "Patient/"+patient, err
}

// read reads of a resource what into asks for, and reports whether the
// resource exists.
func (p *Provider) read(ctx context.Context, key fhir.Key, into any) (bool, error) {
	found, err := p.o.Store.Read(ctx, key)
	if err != nil || !found[0].Exists() || found[0].Deleted() {
		return false, err
	}
	if into == nil {
		return true, nil
	}
	return true, json.Unmarshal(found[0].JSON, into)
}
