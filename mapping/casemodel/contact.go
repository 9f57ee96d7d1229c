package casemodel

// ContactKind is how client and case manager meet.
type ContactKind string

// The kinds of contact.
const (
	ContactFaceToFace ContactKind = "face-to-face"
	ContactHomeVisit  ContactKind = "home-visit"
	ContactTelephone  ContactKind = "telephone"
	ContactVideo      ContactKind = "video"
	ContactMessage    ContactKind = "message"
)

// ContactKinds lists all kinds of contact.
func ContactKinds() []ContactKind {
	return []ContactKind{ContactFaceToFace, ContactHomeVisit, ContactTelephone, ContactVideo, ContactMessage}
}

// meets says whether a contact of kind k is one that cadence wants: a home
// visit is face to face, and whoever meets face to face needn't telephone.
func (k ContactKind) meets(cadence ContactKind) bool {
	person := k == ContactFaceToFace || k == ContactHomeVisit
	switch cadence {
	case ContactFaceToFace:
		return person
	case ContactTelephone:
		return person || k == ContactTelephone || k == ContactVideo
	}
	return k == cadence
}

// ContactStatus is where a contact stands.
type ContactStatus string

// The statuses of a contact.
const (
	ContactPlanned        ContactStatus = "planned"
	ContactInProgress     ContactStatus = "in-progress"
	ContactHeld           ContactStatus = "held"
	ContactMissed         ContactStatus = "missed"
	ContactCancelled      ContactStatus = "cancelled"
	ContactEnteredInError ContactStatus = "entered-in-error"
	ContactUnknown        ContactStatus = "unknown"
)

// Contact is a meeting of case manager and client, planned or held.
type Contact struct {
	// ID is the part that came first: the plan of a planned contact (Appointment
	// or CommunicationRequest), else what was held (Encounter or Communication).
	ID     Ref           `json:"id"`
	Kind   ContactKind   `json:"kind,omitempty"`
	Status ContactStatus `json:"status"`
	// Cadence says that the contact was planned by a cadence.
	Cadence bool `json:"cadence,omitempty"`
	Due     Date `json:"due,omitzero"` // when it is planned for
	// Held is the meeting that took place (an Encounter), and Messages what was
	// said (Communications).
	Held     Ref       `json:"held,omitempty"`
	Messages []Ref     `json:"messages,omitempty"`
	Period   Period    `json:"period,omitzero"` // when it took place
	With     []Party   `json:"with,omitempty"`
	By       Party     `json:"by,omitzero"`
	Reasons  []Concept `json:"reasons,omitempty"`
	Problems []Ref     `json:"problems,omitempty"`
	Learned  string    `json:"learned,omitempty"` // what was learned
	Symptoms []Ref     `json:"symptoms,omitempty"`
	Plan     Ref       `json:"plan,omitempty"` // that it belongs to
	Reason   string    `json:"reason,omitempty"`
	Remarks  []Remark  `json:"remarks,omitempty"`
}

// Cadence says how often client and case manager meet, and when next.
type Cadence struct {
	Kind    ContactKind `json:"kind"`
	Days    int         `json:"days"` // from one contact to the next
	NextDue Date        `json:"nextDue,omitzero"`
	LastAt  Date        `json:"lastAt,omitzero"`
}
