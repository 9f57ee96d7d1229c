package search

// Request is a search as a client asked for it, understood and checked.
type Request struct {
	Types    []string // the types searched; empty: all
	Where    Expr     // And{} for everything
	Sort     []SortKey
	Count    int // page size, at most MaxCount; 0: only the total
	Total    Total
	Includes []Include
	Summary  Summary
	Elements []string // _elements; nil: not asked for

	// Used is what was really used, in the order of the request, as the self
	// link shows it; Ignored is what was left out, and why.
	Used    []Pair
	Chained bool // some condition follows references
	Ignored []string
}

// Page sizes.
const (
	DefaultCount = 50
	MaxCount     = 1000
)

// Pair is a parameter as it stands in a URL, decoded.
type Pair struct{ Name, Value string }

// SortKey is one of the parameters of _sort.
type SortKey struct {
	Param      *Parameter // nil for _id and _lastUpdated, see Field
	Field      string     // "_id" or "_lastUpdated"
	Descending bool
}

// Total says how the total is wanted (_total).
type Total int

// The ways. DefaultTotal gives it only where it is known without counting.
const (
	DefaultTotal Total = iota
	NoTotal
	EstimatedTotal
	AccurateTotal
)

// Include is one _include or _revinclude.
type Include struct {
	Reverse bool       // _revinclude
	Iterate bool       // :iterate
	Source  string     // the type that refers; "*" in both for everything
	Param   *Parameter // nil for "*"
	Target  string     // only this type; "" for any
}

// Summary is a value of _summary.
type Summary string

// The summaries.
const (
	NoSummary    Summary = ""
	SummaryTrue  Summary = "true"
	SummaryText  Summary = "text"
	SummaryData  Summary = "data"
	SummaryCount Summary = "count"
)
