package interaction

type builtinOperation struct {
	ResourceType string               `json:"resourceType"`
	ID           string               `json:"id"`
	Meta         builtinMeta          `json:"meta"`
	URL          string               `json:"url"`
	Name         string               `json:"name"`
	Status       string               `json:"status"`
	Kind         string               `json:"kind"`
	Description  string               `json:"description"`
	AffectsState bool                 `json:"affectsState"`
	Code         string               `json:"code"`
	Resource     []string             `json:"resource,omitempty"`
	System       bool                 `json:"system"`
	Type         bool                 `json:"type"`
	Instance     bool                 `json:"instance"`
	Parameter    []operationParameter `json:"parameter"`
}

type operationParameter struct {
	Name          string `json:"name"`
	Use           string `json:"use"`
	Min           int    `json:"min"`
	Max           string `json:"max"`
	Documentation string `json:"documentation"`
	Type          string `json:"type"`
}

// operationDefinitions describe the operations that are Caseway's own. What is
// the same for all of them is filled in where they are served.
var operationDefinitions = []builtinOperation{
	{
		ID: "EpisodeOfCare-everything", Name: "Everything of a case", Code: "everything",
		Description: "Everything that belongs to a case: the episode, all that carries the tag of its case, the patient, " +
			"and the practitioners, organizations, locations and services that these name.",
		Resource: []string{"EpisodeOfCare"}, Instance: true,
		Parameter: []operationParameter{
			{"start", "in", 0, "1", "The date from which on care is asked for.", "date"},
			{"end", "in", 0, "1", "The date up to which care is asked for.", "date"},
			{"_since", "in", 0, "1", "Only what has changed since this instant.", "instant"},
			{"_type", "in", 0, "*", "Only these resource types.", "code"},
			{"_count", "in", 0, "1", "Resources on a page.", "integer"},
			{"return", "out", 1, "1", "A searchset.", "Bundle"},
		},
	},
	{
		ID: "SearchParameter-reindex-status", Name: "How far indexing is", Code: "reindex-status",
		Description: "How far the store's resources are indexed for a search parameter, or for all of them.",
		Resource:    []string{"SearchParameter"}, System: true, Instance: true,
		Parameter: []operationParameter{{"return", "out", 1, "1", "State, resources done and left, and problems.", "Parameters"}},
	},
	{
		ID: "reindex", Name: "Index everything anew", Code: "reindex",
		Description:  "Indexes all resources of the store anew, in the background.",
		AffectsState: true, System: true,
		Parameter: []operationParameter{{"return", "out", 1, "1", "The state as reindex-status gives it.", "Parameters"}},
	},
}
