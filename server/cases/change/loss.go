package change

import "caseway/mapping"

// Loss names what could not be stored, without its value.
type Loss struct {
	Part   string `json:"part,omitempty"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// LossesOf tells what mapping could not store.
func LossesOf(all mapping.Losses) []Loss {
	var told []Loss
	for _, l := range all {
		told = append(told, Loss{l.Part, l.Path, l.Reason})
	}
	return told
}
