package access

// Forget lets a benchmark ask about versions as if for the first time.
func (a *Access) Forget() {
	for i := range a.known.parts {
		part := &a.known.parts[i]
		part.mu.Lock()
		part.all = nil
		part.registry = nil
		part.mu.Unlock()
	}
}
