package casemodel

// Task is a unit of work for a member of the team.
type Task struct {
	ID         Ref        `json:"id"`
	Status     TaskStatus `json:"status"`
	Reason     Concept    `json:"reason,omitzero"`   // of the status
	Business   Concept    `json:"business,omitzero"` // the finer state
	Intent     string     `json:"intent,omitempty"`
	Priority   string     `json:"priority,omitempty"` // routine, urgent, asap, stat
	Code       Concept    `json:"code,omitzero"`
	Text       string     `json:"text,omitempty"`
	Owner      Party      `json:"owner,omitzero"`
	OwnerRoles []Concept  `json:"ownerRoles,omitempty"` // who may take it
	Requester  Party      `json:"requester,omitzero"`
	About      Ref        `json:"about,omitempty"` // what the work is on
	BasedOn    []Ref      `json:"basedOn,omitempty"`
	PartOf     []Ref      `json:"partOf,omitempty"`
	CreatedAt  Date       `json:"createdAt,omitzero"`
	ChangedAt  Date       `json:"changedAt,omitzero"`
	Due        Date       `json:"due,omitzero"`
	Period     Period     `json:"period,omitzero"` // when it was worked on
	Every      int        `json:"every,omitempty"` // days until it comes again, 0 for once
	Inputs     []Item     `json:"inputs,omitempty"`
	Outputs    []Item     `json:"outputs,omitempty"`
	Remarks    []Remark   `json:"remarks,omitempty"`
}

// Item is what a task was given or has made.
type Item struct {
	Type  Concept `json:"type,omitzero"`
	Value Value   `json:"value,omitzero"`
}
