package casemodel

import "slices"

// TaskStep reports whether a Task may go from one status to another by R4's state
// machine (https://hl7.org/fhir/R4/task.html#statemachine). What lies between two
// states may be skipped, a draft may become anything, and what was entered in error
// can be said at any time.
func TaskStep(from, to string) bool {
	return from == to || from == "" || from == "draft" || to == "entered-in-error" || slices.Contains(TaskSteps(from), to)
}

// TaskSteps are the statuses that may follow one of a Task.
func TaskSteps(from string) []string {
	var all []string
	for _, e := range edges {
		if e.Kind == KindTask && e.From == from {
			all = append(all, e.To)
		}
	}
	return append(all, "entered-in-error")
}
