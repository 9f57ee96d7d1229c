package validate

import (
	"context"
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/terminology"
)

// codes has value sets and code systems of the definitions and of a
// resolver, each read once. What it has read it doesn't read again, so it is for
// resources that don't change, such as those of packages.
type codes struct {
	set      *definition.Set
	resolver terminology.Resolver
	service  *terminology.Service

	mu      sync.Mutex
	sets    map[string]*valueSet
	systems map[string]*codeSystem
}

// NewCodes makes a Codes of the definitions and of what resolver finds, which
// must not change any more; nil: the definitions alone.
func NewCodes(set *definition.Set, resolver terminology.Resolver) Codes {
	return &codes{
		set: set, resolver: resolver, service: terminology.New(set, resolver),
		sets: map[string]*valueSet{}, systems: map[string]*codeSystem{},
	}
}

// valueSet is a value set that was read.
type valueSet struct {
	include, exclude []*include
	unknown          bool // there is none, or it says nothing
	carried          map[search.Coding]bool
}

// include is one part of a value set's definition.
type include struct {
	system  string
	codes   map[string]bool // nil: all of the system
	filter  map[string]bool // codes that the filters leave; nil where there are none
	unsure  bool            // filters can't be told
	imports []string
}

// codeSystem is a code system that was read.
type codeSystem struct {
	codes map[string]bool // nil where not all are known
	fold  bool            // case doesn't matter
}

// deepestImport is how many value sets may import one another.
const deepestImport = 20

// Member implements Codes.
func (c *codes) Member(ctx context.Context, canonical, system, code string) (fhir.Membership, error) {
	return c.member(ctx, canonical, system, code, 0)
}

func (c *codes) member(ctx context.Context, canonical, system, code string, depth int) (fhir.Membership, error) {
	if set := c.set.CodeSet(canonical); set != nil {
		return set.Contains(system, code), nil
	}
	if depth > deepestImport {
		return fhir.Unknown, nil
	}
	set, err := c.valueSet(ctx, canonical)
	if err != nil || set.unknown {
		return fhir.Unknown, err
	}
	if set.carried != nil {
		return set.listed(system, code), nil
	}
	in, err := c.among(ctx, set.include, system, code, depth)
	if err != nil || in == fhir.NotMember {
		return in, err
	}
	out, err := c.among(ctx, set.exclude, system, code, depth)
	switch {
	case err != nil:
		return fhir.Unknown, err
	case out == fhir.Member:
		return fhir.NotMember, nil
	case out == fhir.Unknown:
		return fhir.Unknown, nil
	}
	return in, nil
}

// listed looks into an expansion.
func (s *valueSet) listed(system, code string) fhir.Membership {
	if system != "" {
		if s.carried[search.Coding{System: system, Code: code}] {
			return fhir.Member
		}
		return fhir.NotMember
	}
	for coding := range s.carried {
		if coding.Code == code {
			return fhir.Member
		}
	}
	return fhir.NotMember
}

// among is whether one of several parts has the code.
func (c *codes) among(ctx context.Context, parts []*include, system, code string, depth int) (fhir.Membership, error) {
	answer := fhir.NotMember
	for _, part := range parts {
		one, err := c.part(ctx, part, system, code, depth)
		if err != nil || one == fhir.Member {
			return one, err
		}
		if one == fhir.Unknown {
			answer = one
		}
	}
	return answer, nil
}

// part is whether one part has the code: its system, and all value sets that it
// imports.
func (c *codes) part(ctx context.Context, p *include, system, code string, depth int) (fhir.Membership, error) {
	answer := fhir.Member
	if p.system != "" {
		if system != "" && system != p.system {
			return fhir.NotMember, nil
		}
		switch {
		case p.codes != nil:
			if !p.codes[code] {
				return fhir.NotMember, nil
			}
		case p.unsure:
			answer = fhir.Unknown
		case p.filter != nil:
			if !p.filter[code] {
				return fhir.NotMember, nil
			}
		default:
			known, err := c.Known(ctx, p.system, code)
			if err != nil || known == fhir.NotMember {
				return known, err
			}
			answer = known
		}
	}
	for _, canonical := range p.imports {
		one, err := c.member(ctx, canonical, system, code, depth+1)
		if err != nil || one == fhir.NotMember {
			return one, err
		}
		if one == fhir.Unknown {
			answer = one
		}
	}
	return answer, nil
}

// UCUM can't be enumerated: the definitions have a rule for the form of its units.
const (
	ucum      = "http://unitsofmeasure.org"
	ucumUnits = "http://hl7.org/fhir/ValueSet/ucum-units"
)

// Known implements Codes.
func (c *codes) Known(ctx context.Context, system, code string) (fhir.Membership, error) {
	if system == ucum {
		return c.set.CodeSet(ucumUnits).Contains(system, code), nil
	}
	s, err := c.codeSystem(ctx, system)
	if err != nil || s.codes == nil {
		return fhir.Unknown, err
	}
	if s.codes[code] || s.fold && s.codes[strings.ToLower(code)] {
		return fhir.Member, nil
	}
	return fhir.NotMember, nil
}

func (c *codes) codeSystem(ctx context.Context, url string) (*codeSystem, error) {
	c.mu.Lock()
	s := c.systems[url]
	c.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := c.readSystem(ctx, url)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.systems) < mostRemembered { // systems are what resources name: anybody can think of one
		c.systems[url] = s
	}
	return s, nil
}

// mostRemembered bounds how many answers about what isn't known are kept.
const mostRemembered = 10_000

func (c *codes) readSystem(ctx context.Context, url string) (*codeSystem, error) {
	s := &codeSystem{}
	if own := c.set.CodeSystem(url); own != nil {
		s.codes = map[string]bool{}
		for _, code := range own.Codes() {
			s.codes[code] = true
		}
		return s, nil
	}
	if c.resolver == nil {
		return s, nil
	}
	tree, err := c.resolver.Resolve(ctx, "CodeSystem", url)
	if err != nil || tree == nil {
		return s, err
	}
	root := tree.Root()
	if child(root, "content").Text() != "complete" {
		return s, nil
	}
	s.codes = map[string]bool{}
	s.fold = child(root, "caseSensitive").Text() == "false"
	addConcepts(s, root)
	return s, nil
}

func addConcepts(s *codeSystem, n fhir.Node) {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() != "concept" {
			continue
		}
		code := child(c, "code").Text()
		s.codes[code] = true
		if s.fold {
			s.codes[strings.ToLower(code)] = true
		}
		addConcepts(s, c)
	}
}

func (c *codes) valueSet(ctx context.Context, canonical string) (*valueSet, error) {
	c.mu.Lock()
	s := c.sets[canonical]
	c.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := c.readSet(ctx, canonical)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sets[canonical] = s
	return s, nil
}

func (c *codes) readSet(ctx context.Context, canonical string) (*valueSet, error) {
	if c.resolver == nil {
		return &valueSet{unknown: true}, nil
	}
	tree, err := c.resolver.Resolve(ctx, "ValueSet", canonical)
	if err != nil || tree == nil {
		return &valueSet{unknown: true}, err
	}
	s := &valueSet{}
	compose := child(tree.Root(), "compose")
	for p := compose.First(); p.Valid(); p = p.Next() {
		switch p.Name() {
		case "include":
			s.include = append(s.include, c.readPart(ctx, p))
		case "exclude":
			s.exclude = append(s.exclude, c.readPart(ctx, p))
		}
	}
	if expansion := child(tree.Root(), "expansion"); expansion.Valid() && !compose.Valid() {
		s.carried = map[search.Coding]bool{}
		addContains(s, expansion)
	}
	s.unknown = len(s.include) == 0 && s.carried == nil
	return s, nil
}

func addContains(s *valueSet, n fhir.Node) {
	for c := n.First(); c.Valid(); c = c.Next() {
		if c.Name() == "contains" {
			s.carried[search.Coding{System: child(c, "system").Text(), Code: child(c, "code").Text()}] = true
			addContains(s, c)
		}
	}
}

// readPart reads an include or exclude.
func (c *codes) readPart(ctx context.Context, n fhir.Node) *include {
	p := &include{system: child(n, "system").Text()}
	for m := n.First(); m.Valid(); m = m.Next() {
		switch m.Name() {
		case "concept":
			if p.codes == nil {
				p.codes = map[string]bool{}
			}
			p.codes[child(m, "code").Text()] = true
		case "valueSet":
			p.imports = append(p.imports, m.Text())
		case "filter":
			c.filter(ctx, p, m)
		}
	}
	return p
}

// filter narrows a part to what a filter leaves: is-a and descendent-of are told,
// others aren't.
func (c *codes) filter(ctx context.Context, p *include, n fhir.Node) {
	op, value := child(n, "op").Text(), child(n, "value").Text()
	if child(n, "property").Text() != "concept" || op != "is-a" && op != "descendent-of" || p.filter != nil {
		p.unsure = true
		return
	}
	below, err := c.service.Below(ctx, search.Coding{System: p.system, Code: value})
	if err != nil {
		p.unsure = true
		return
	}
	p.filter = map[string]bool{}
	for _, coding := range below {
		if op == "is-a" || coding.Code != value {
			p.filter[coding.Code] = true
		}
	}
}
