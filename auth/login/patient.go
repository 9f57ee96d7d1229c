package login

import (
	"net/http"
	"net/url"
	"slices"

	"caseway/auth/provider"
)

// patientPage is what the patient picker shows besides.
type patientPage struct {
	Request  string
	App      string
	Search   bool // the user may look for anybody
	Searched bool
	Query    patientQuery
	Found    []patient
	More     bool
}

func (p *Pages) showPatients(w http.ResponseWriter, r *http.Request) error {
	s, err := p.session(r)
	if err != nil {
		return err
	}
	asked, err := p.waiting(w, r, r.URL.Query(), s)
	if err != nil {
		return err
	}
	return p.picker(w, r, asked, s, nil)
}

// choosePatient takes a search, whose words mustn't stand in a URL, or the choice.
func (p *Pages) choosePatient(w http.ResponseWriter, r *http.Request) error {
	form, s, err := p.sessionForm(r)
	if err != nil {
		return err
	}
	asked, err := p.waiting(w, r, form, s)
	if err != nil {
		return err
	}
	id := form.Get("patient")
	if id == "" {
		return p.picker(w, r, asked, s, form)
	}
	if _, err := p.patientSeenBy(r.Context(), s, id); err != nil {
		return err
	}
	return goTo("/auth/consent?" + url.Values{"request": {asked.ID}, "patient": {id}}.Encode())
}

// maxFound is how many patients the picker lists.
const maxFound = 20

// picker shows whom the user may choose: a caregiver's patients, or a search.
// form is the search, nil where nothing has been searched for yet.
func (p *Pages) picker(w http.ResponseWriter, r *http.Request, asked *provider.Pending, s *provider.Session, form url.Values) error {
	choice, err := p.Provider.Choice(r.Context(), s)
	if err != nil {
		return err
	}
	if !asked.NeedsPatient || choice.Patient != "" {
		return pageOf("consent", asked)
	}
	page := patientPage{Request: asked.ID, App: asked.Client.Name, Search: choice.Search}
	var wrong []fault
	if choice.Search && form != nil {
		page.Query = patientQuery{Name: form.Get("name"), BirthDate: form.Get("birthdate"), Identifier: form.Get("identifier")}
		if wrong = page.Query.faults(); wrong == nil {
			page.Searched = true
			page.Found, page.More, err = p.findPatients(r.Context(), s, page.Query, maxFound)
		}
	}
	if !choice.Search {
		page.Found, err = p.patientsSeenBy(r.Context(), s, choice.Patients)
	}
	if err != nil {
		return err
	}
	if !choice.Search && len(page.Found) == 0 {
		return errNobody
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusBadRequest
	}
	p.show(w, r, status, "patient", pageData{
		Title: "Choose a patient", Text: asked.Client.Name + " works on the data of one patient.",
		Form: s.CSRF, User: s.User.Name, Errors: wrong, Page: page,
	})
	return nil
}

// mayChoose reports whether a choice has a patient in it; what a search may find
// isn't part of that.
func mayChoose(c provider.Choice, id string) bool {
	return c.Search || c.Patient == id || slices.Contains(c.Patients, id)
}

var errNobody = problem{
	http.StatusForbidden, "There is no patient whom you can choose",
	"This app needs one, and your account isn't linked to any. Please ask the people who run this server.",
}
