package casemodel

// Evidence is what shows that a party said something which somebody else
// recorded: a note of it, a document, or both.
type Evidence struct {
	By   Party  `json:"by,omitzero"` // who recorded it
	Note string `json:"note,omitempty"`
	File Ref    `json:"file,omitempty"` // a document of the case
}

// IsZero says whether nothing is there, so that the party itself said it.
func (e Evidence) IsZero() bool { return e == Evidence{} }

var (
	evidenceNeeded = rule("evidence-needed", "What a party agrees to is recorded by that party, or with evidence: a note of how it was said, or a document of the case.")
	evidenceSpare  = rule("evidence-of-ones-own", "What one says oneself needs no evidence.")
	fileUnknown    = rule("file-unknown", "The document isn't part of the case.")
	speaksForOther = rule("party-is-another", "In this role one speaks for oneself.")
)

// checkEvidence judges the evidence of something that a party is said to have
// agreed to, where somebody newly records it.
func checkEvidence(c *Case, e Evidence, needed bool, a Actor, part Ref, path string, found *Errors) {
	if a.Role == RoleSystem {
		return // answers for who said it
	}
	leads := a.Role == RoleCaseManager || a.Role == RoleAdministrator
	switch {
	case leads && needed && blank(e.Note) && e.File == "":
		found.add(evidenceNeeded, part, path)
	case !leads && !e.IsZero():
		found.add(evidenceSpare, part, path)
	}
	if e.File != "" && find(c.Files, func(f *File) bool { return f.ID == e.File }) == nil {
		found.add(fileUnknown, part, path+".file")
	}
}

// checkAnswerer judges an answer to an offer that was newly given.
func checkAnswerer(c *Case, was, now *Offer, a Actor, path string, found *Errors) {
	answers := was.Status != now.Status && (now.Status == TaskAccepted || now.Status == TaskRejected)
	if answers || was.Evidence != now.Evidence {
		checkEvidence(c, now.Evidence, answers, a, now.ID, path+".evidence", found)
	}
}

// checkSpeaker judges in whose name a new round is put forward. Who manages the
// case puts forward what they negotiate; what others agree to, or say, they record
// with evidence.
func checkSpeaker(c *Case, r *Round, a Actor, part Ref, path string, found *Errors) {
	other := !r.By.IsZero() && !r.By.Same(a.Party)
	switch a.Role {
	case RoleClient, RoleFamily, RoleProvider, RolePayer:
		if other && !(a.Role == RoleFamily && r.By.Same(c.Client.Party())) {
			found.add(speaksForOther, part, path+".by")
		}
	}
	checkEvidence(c, r.Evidence, other || r.Kind == RoundAgreement, a, part, path+".evidence", found)
}
