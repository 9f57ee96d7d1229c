package search

import "math"

// ReplanEarly lets small tests reach all efforts of planning.
func ReplanEarly() (undo func()) {
	before := efforts
	efforts = [...]struct{ entries, examined int }{
		{entries: 3, examined: 6},
		{entries: 12, examined: 24},
		{entries: 65536, examined: math.MaxInt},
	}
	return func() { efforts = before }
}
