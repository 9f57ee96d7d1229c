package snapshot

// merge puts what a differential says of an element into its node.
func merge(n *Node, e *Element, source string) {
	if e.Min != nil {
		n.Min = e.Min
	}
	if e.Max != "" {
		n.Max = e.Max
	}
	if len(e.Type) > 0 {
		n.Type = mergeTypes(n, e.Type)
	}
	if e.Slicing != nil {
		n.Slicing = mergeSlicing(n.Slicing, e.Slicing)
	}
	if e.Binding != nil {
		n.Binding = e.Binding
	}
	if e.Fixed != nil {
		n.Fixed = e.Fixed
	}
	if e.Pattern != nil {
		n.Pattern = e.Pattern
	}
	if e.MinValue != nil {
		n.MinValue = e.MinValue
	}
	if e.MaxValue != nil {
		n.MaxValue = e.MaxValue
	}
	if e.MaxLength > 0 {
		n.MaxLength = e.MaxLength
	}
	n.MustSupport = n.MustSupport || e.MustSupport
	n.IsModifier = n.IsModifier || e.IsModifier
	mergeConstraints(n, e, source)
}

// mergeTypes drops what was expanded of another type or profile.
func mergeTypes(n *Node, types []Type) []Type {
	if len(n.Type) != len(types) || len(types) == 1 && types[0].Code != n.Type[0].Code {
		n.Children = nil
	}
	return types
}

// mergeSlicing keeps discriminators that a differential doesn't repeat.
func mergeSlicing(base, diff *Slicing) *Slicing {
	if base == nil {
		return diff
	}
	merged := *base
	if len(diff.Discriminator) > 0 {
		merged.Discriminator = diff.Discriminator
	}
	if diff.Rules != "" {
		merged.Rules = diff.Rules
	}
	merged.Ordered = merged.Ordered || diff.Ordered
	return &merged
}

// mergeConstraints appends; a key that is there already is replaced.
func mergeConstraints(n *Node, e *Element, source string) {
	if len(e.Constraint) == 0 {
		return
	}
	kept := make([]Constraint, 0, len(n.Constraint)+len(e.Constraint))
	for _, c := range n.Constraint {
		if !hasKey(e.Constraint, c.Key) {
			kept = append(kept, c)
		}
	}
	for _, c := range e.Constraint {
		if c.Source == "" {
			c.Source = source
		}
		kept = append(kept, c)
	}
	n.Constraint = kept
}

func hasKey(list []Constraint, key string) bool {
	for _, c := range list {
		if c.Key == key {
			return true
		}
	}
	return false
}
