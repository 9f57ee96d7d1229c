package fhir

// Limits bound what Decode accepts. A zero field takes DefaultLimits' value.
type Limits struct {
	Bytes  int // of JSON text
	Depth  int // of objects and arrays inside one another
	Issues int // that an error lists before it only counts
}

// DefaultLimits are the server's defaults: 12 MiB, 100 levels, 200 issues.
var DefaultLimits = Limits{Bytes: 12 << 20, Depth: 100, Issues: 200}

// orDefault fills in what is zero.
func (l Limits) orDefault() Limits {
	if l.Bytes <= 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Depth <= 0 {
		l.Depth = DefaultLimits.Depth
	}
	if l.Issues <= 0 {
		l.Issues = DefaultLimits.Issues
	}
	return l
}
