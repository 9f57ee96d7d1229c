package definition

import "sync"

// CodeSystem is a whole code system that value sets of required bindings draw
// on.
type CodeSystem struct {
	URL string // canonical

	line []byte

	once     sync.Once
	codes    []string // parents before their children
	parents  []int    // position of each code's parent, -1 for none; nil where no code has one
	position map[string]int
}

// CodeSystem returns the code system with a canonical URL, nil where there is
// none.
func (s *Set) CodeSystem(url string) *CodeSystem { return s.codeSystems()[url] }

// Codes lists all codes, parents before their children.
func (c *CodeSystem) Codes() []string {
	c.once.Do(c.read)
	return c.codes
}

// Parent gives the code that subsumes a code next above it; ok is false where
// there is no such code, or nothing is above it.
func (c *CodeSystem) Parent(code string) (parent string, ok bool) {
	c.once.Do(c.read)
	i, found := c.position[code]
	if !found || c.parents == nil || c.parents[i] < 0 {
		return "", false
	}
	return c.codes[c.parents[i]], true
}

func (c *CodeSystem) read() {
	var l struct {
		Codes   []string
		Parents []int
	}
	decode(c.line, &l)
	c.codes, c.parents = l.Codes, l.Parents
	c.position = make(map[string]int, len(c.codes))
	for i, code := range c.codes {
		c.position[code] = i
	}
}

func readCodeSystems() map[string]*CodeSystem {
	systems := make(map[string]*CodeSystem, 256)
	for line := range readLines("data/codesystem.ndjson") {
		url := urlOf(line)
		systems[url] = &CodeSystem{URL: url, line: line}
	}
	return systems
}
