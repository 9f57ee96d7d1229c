package capability

// The elements of CapabilityStatement that are claimed, in the order of its
// definition.

type statement struct {
	ResourceType   string         `json:"resourceType"`
	Status         string         `json:"status"`
	Date           string         `json:"date"`
	Kind           string         `json:"kind"`
	Software       software       `json:"software"`
	Implementation implementation `json:"implementation"`
	FHIRVersion    string         `json:"fhirVersion"`
	Format         []string       `json:"format"`
	PatchFormat    []string       `json:"patchFormat,omitempty"`
	Rest           []rest         `json:"rest"`
}

type software struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type implementation struct {
	Description string `json:"description"`
	URL         string `json:"url,omitempty"`
}

type rest struct {
	Mode          string        `json:"mode"`
	Documentation string        `json:"documentation"`
	Security      security      `json:"security"`
	Resource      []resource    `json:"resource,omitempty"`
	Interaction   []code        `json:"interaction,omitempty"`
	SearchParam   []searchParam `json:"searchParam,omitempty"`
	Operation     []operation   `json:"operation,omitempty"`
}

type resource struct {
	Type              string `json:"type"`
	Documentation     string `json:"documentation,omitempty"`
	Interaction       []code `json:"interaction,omitempty"`
	Versioning        string `json:"versioning"`
	ReadHistory       bool   `json:"readHistory"`
	UpdateCreate      bool   `json:"updateCreate"`
	ConditionalCreate bool   `json:"conditionalCreate"`
	ConditionalRead   string `json:"conditionalRead"`
	ConditionalUpdate bool   `json:"conditionalUpdate"`
	ConditionalDelete string `json:"conditionalDelete"`

	SearchInclude    []string      `json:"searchInclude,omitempty"`
	SearchRevInclude []string      `json:"searchRevInclude,omitempty"`
	SearchParam      []searchParam `json:"searchParam,omitempty"`
	Operation        []operation   `json:"operation,omitempty"`
}

type searchParam struct {
	Name          string `json:"name"`
	Definition    string `json:"definition,omitempty"`
	Type          string `json:"type"`
	Documentation string `json:"documentation,omitempty"`
}

type operation struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
}

type code struct {
	Code string `json:"code"`
}
