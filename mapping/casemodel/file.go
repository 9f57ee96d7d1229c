package casemodel

// File is a document of the case.
type File struct {
	ID          Ref       `json:"id"`
	Status      string    `json:"status,omitempty"`   // current, superseded, entered-in-error
	Progress    string    `json:"progress,omitempty"` // preliminary, final, amended, entered-in-error
	Type        Concept   `json:"type,omitzero"`
	Categories  []Concept `json:"categories,omitempty"`
	Title       string    `json:"title,omitempty"`
	Description string    `json:"description,omitempty"`
	At          Date      `json:"at,omitzero"`
	By          []Party   `json:"by,omitempty"`
	Contents    []Content `json:"contents,omitempty"`
	Replaces    []Ref     `json:"replaces,omitempty"`
	Labels      []Concept `json:"labels,omitempty"` // of confidentiality
}

// Content is where the bytes of a file are: URL often names a Binary. Hash is
// the base64 of their SHA-1.
type Content struct {
	ContentType string `json:"contentType,omitempty"`
	Language    string `json:"language,omitempty"`
	URL         string `json:"url,omitempty"`
	Size        int64  `json:"size,omitempty"` // in bytes
	Hash        string `json:"hash,omitempty"`
	Title       string `json:"title,omitempty"`
	CreatedAt   Date   `json:"createdAt,omitzero"`
	Format      Coding `json:"format,omitzero"`
}

// Note is a note of the case.
type Note struct {
	ID     Ref     `json:"id"`
	Status string  `json:"status,omitempty"` // preparation, in-progress, completed, …, entered-in-error
	At     Date    `json:"at,omitzero"`
	By     Party   `json:"by,omitzero"`
	To     []Party `json:"to,omitempty"`
	Topic  Concept `json:"topic,omitzero"`
	Text   string  `json:"text,omitempty"`
	About  []Ref   `json:"about,omitempty"`
}
