package casemodel

// Closure is why a case was closed, what came of it, and who goes on.
type Closure struct {
	Reason   Concept `json:"reason,omitzero"`
	Summary  string  `json:"summary,omitempty"`  // of the outcomes
	HandOver string  `json:"handOver,omitempty"` // what whoever goes on must know
	To       Party   `json:"to,omitzero"`        // who goes on
	At       Date    `json:"at,omitzero"`
	By       Party   `json:"by,omitzero"`
}

// Cancellation is why a case came to nothing.
type Cancellation struct {
	Reason string `json:"reason,omitempty"`
	At     Date   `json:"at,omitzero"`
	By     Party  `json:"by,omitzero"`
}

// Place is who has a case, and where: what a transfer changes.
type Place struct {
	Manager      Party   `json:"manager,omitzero"`
	Organization Party   `json:"organization,omitzero"`
	Setting      Setting `json:"setting,omitempty"`
}

// Transfer is a change of case manager, organization or setting, with its reason.
type Transfer struct {
	From   Place  `json:"from,omitzero"`
	To     Place  `json:"to,omitzero"`
	Reason string `json:"reason,omitempty"`
	At     Date   `json:"at,omitzero"`
	By     Party  `json:"by,omitzero"`
}

// Reopening is why a closed case was taken up again; Closure is what closed it.
type Reopening struct {
	Reason  string   `json:"reason,omitempty"`
	At      Date     `json:"at,omitzero"`
	By      Party    `json:"by,omitzero"`
	Closure *Closure `json:"closure,omitempty"`
}
