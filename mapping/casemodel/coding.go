package casemodel

import (
	"slices"
	"strings"
)

// Coding is a code of a code system (by its canonical URL).
type Coding struct {
	System  string `json:"system,omitempty"`
	Version string `json:"version,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
	// UserSelected says that a person picked exactly this coding; nil for unsaid.
	UserSelected *bool `json:"userSelected,omitempty"`
}

// Concept is one meaning, in as many codings as it has, or in words.
type Concept struct {
	Codings []Coding `json:"codings,omitempty"`
	Text    string   `json:"text,omitempty"`
}

// Words makes a Concept of words alone.
func Words(text string) Concept { return Concept{Text: text} }

// IsZero says whether the concept means nothing.
func (c Concept) IsZero() bool { return len(c.Codings) == 0 && c.Text == "" }

// Is says whether a coding of c has this system and code.
func (c Concept) Is(system, code string) bool {
	return slices.ContainsFunc(c.Codings, func(k Coding) bool { return k.System == system && k.Code == code })
}

// String gives the words for c: its text, else the first display or code.
func (c Concept) String() string {
	if c.Text != "" {
		return c.Text
	}
	for _, k := range c.Codings {
		if k.Display != "" {
			return k.Display
		}
		if k.Code != "" {
			return k.Code
		}
	}
	return ""
}

// Ref names a part, a person or an organization: Type/id ("Goal/g1"), or an
// absolute URL where it lives elsewhere.
type Ref string

// Type gives the resource type of r, "" if it names none.
func (r Ref) Type() string {
	parts := strings.Split(string(r), "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// Identifier is a business identifier: a policy number, a licence.
type Identifier struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value,omitempty"`
}

// IsZero says whether nothing is identified.
func (i Identifier) IsZero() bool { return i == Identifier{} }

// Party is a person or an organization, by reference, identifier or name.
type Party struct {
	Ref        Ref        `json:"ref,omitempty"`
	Identifier Identifier `json:"identifier,omitzero"`
	Name       string     `json:"name,omitempty"`
	// Type is the resource type where the reference doesn't say it.
	Type string `json:"type,omitempty"`
}

// IsZero says whether p is nobody.
func (p Party) IsZero() bool { return p == Party{} }

// Same says whether p and q are one: by reference if both have one, else by
// identifier, else by name.
func (p Party) Same(q Party) bool {
	switch {
	case p.Ref != "" && q.Ref != "":
		return p.Ref == q.Ref
	case !p.Identifier.IsZero() && !q.Identifier.IsZero():
		return p.Identifier == q.Identifier
	case p.Ref != "" || q.Ref != "" || !p.Identifier.IsZero() || !q.Identifier.IsZero():
		return false
	}
	return p.Name == q.Name
}
