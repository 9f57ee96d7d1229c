// Package change stores what a step makes of a case, in one commit.
//
// A Commit is the resources of a step with who takes it and why; a Writer makes an
// interaction.Change of it for the caller's Session. Partial is a case of which its
// caller sees a part: rules are judged by the whole of it, and the caller is told
// only what they see. A Loss is what FHIR has no place for.
package change
