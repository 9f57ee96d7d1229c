package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/definition"
)

// Library holds definitions by canonical URL; R4's own types and extensions are
// there from the beginning. Add before use: then it is safe for concurrent use. What it hands
// out is shared and must not be changed.
type Library struct {
	set   *definition.Set
	byURL map[string][]*entry // versions, the latest first

	mu   sync.Mutex
	base map[string]*entry // R4's own types that were asked for
}

// entry is a definition that is read when it is first asked for.
type entry struct {
	url, version string
	group        string // that it came with; "" for none
	data         []byte

	def  *Definition
	root *Node
	err  error
	done bool
	open bool // is being made: a definition that derives from itself comes here again
}

// New makes a Library of R4's own types and extensions.
func New(set *definition.Set) *Library {
	l := &Library{set: set, byURL: map[string][]*entry{}, base: map[string]*entry{}}
	for url, data := range set.Extensions() {
		l.byURL[url] = []*entry{{url: url, version: definition.Version, data: data}}
	}
	return l
}

// ErrUnknown is for a canonical URL that no definition has.
var ErrUnknown = errors.New("snapshot: no such definition")

// Add takes a StructureDefinition in. data isn't copied. Of two with one URL and
// version the first stays.
func (l *Library) Add(data []byte) error {
	var head struct{ ResourceType, URL, Version string }
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("snapshot: reading a StructureDefinition: %w", err)
	}
	return l.AddTo("", head.URL, head.Version, data)
}

// AddTo is Add for a StructureDefinition whose URL and version are known, so that
// it isn't read before it is asked for. group names what it came with, such as a
// package: where a definition names others without a version, and there are
// several versions, those of its own group are meant.
func (l *Library) AddTo(group, url, version string, data []byte) error {
	if url == "" {
		return errors.New("snapshot: a StructureDefinition without a url")
	}
	list := l.byURL[url]
	for _, e := range list {
		if e.version == version {
			return nil
		}
	}
	list = append(list, &entry{url: url, version: version, group: group, data: data})
	slices.SortStableFunc(list, func(a, b *entry) int { return fhir.CompareVersions(b.version, a.version) })
	l.byURL[url] = list
	return nil
}

// pinned gives a canonical URL the version that a group has of it, where it has
// none and there are several.
func (l *Library) pinned(group, canonical string) string {
	list := l.byURL[canonical]
	if group == "" || len(list) < 2 {
		return canonical
	}
	for _, e := range list {
		if e.group == group {
			return canonical + "|" + e.version
		}
	}
	return canonical
}

// pin does that for all profiles that a node and what is below it name.
func (l *Library) pin(group string, n *Node) {
	if group == "" {
		return
	}
	for i, t := range n.Type {
		if len(t.Profile) == 0 && len(t.TargetProfile) == 0 {
			continue
		}
		n.Type = slices.Clone(n.Type) // others may share it
		n.Type[i].Profile = l.pinnedAll(group, t.Profile)
		n.Type[i].TargetProfile = l.pinnedAll(group, t.TargetProfile)
	}
	for _, c := range n.Children {
		l.pin(group, c)
	}
	for _, s := range n.Slices {
		l.pin(group, s)
	}
}

func (l *Library) pinnedAll(group string, canonicals []string) []string {
	list := slices.Clone(canonicals)
	for i := range list {
		list[i] = l.pinned(group, list[i])
	}
	return list
}

// URLs lists the canonical URLs of all definitions but R4's own types, in byte
// order.
func (l *Library) URLs() []string {
	urls := make([]string, 0, len(l.byURL))
	for url := range l.byURL {
		urls = append(urls, url)
	}
	slices.Sort(urls)
	return urls
}

// Has reports whether a canonical URL names a definition, but for R4's own types.
func (l *Library) Has(canonical string) bool { return l.find(canonical) != nil }

func (l *Library) find(canonical string) *entry {
	url, version, versioned := strings.Cut(canonical, "|")
	list := l.byURL[url]
	if !versioned {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	for _, e := range list {
		if e.version == version || strings.HasPrefix(e.version, version+".") {
			return e
		}
	}
	return nil
}

// Definition gives a definition with its tree, by its canonical URL with or
// without a version: without one, the latest. The error is ErrUnknown, or says
// what is wrong with the definition or with one that it derives from.
func (l *Library) Definition(canonical string) (*Definition, *Node, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, err := l.entry(canonical, 0)
	if err != nil {
		return nil, nil, err
	}
	return e.def, e.root, nil
}

func (l *Library) tree(canonical string, depth int) (*Node, error) {
	e, err := l.entry(canonical, depth)
	if err != nil {
		return nil, err
	}
	return e.root, nil
}

func (l *Library) entry(canonical string, depth int) (*entry, error) {
	e := l.find(canonical)
	if e == nil {
		e = l.own(canonical)
	}
	if e == nil {
		return nil, fmt.Errorf("%w: %s", ErrUnknown, canonical)
	}
	if e.done {
		return e, e.err
	}
	if e.open || depth > deepest {
		return nil, fmt.Errorf("snapshot: %s derives from itself, or from too many others", canonical)
	}
	e.open = true
	e.err = l.read(e, depth)
	e.open, e.done, e.data = false, true, nil
	return e, e.err
}

// read parses a definition and makes its tree.
func (l *Library) read(e *entry, depth int) error {
	def, err := Parse(e.data)
	if err != nil {
		return err
	}
	e.def = def
	if len(def.Snapshot.Element) > mostElements || len(def.Differential.Element) > mostElements {
		return errTooBig
	}
	if root, ok := treeOf(def.Snapshot.Element); ok {
		l.pin(e.group, root)
		e.root = root
		return nil
	}
	if def.BaseDefinition == "" {
		return fmt.Errorf("snapshot: %s has neither a snapshot nor a base definition", def.URL)
	}
	base, err := l.entry(l.pinned(e.group, def.BaseDefinition), depth+1)
	if err != nil {
		return fmt.Errorf("%s derives from %s: %w", def.URL, def.BaseDefinition, err)
	}
	g := &generator{library: l, def: def, base: base.root, root: base.root.clone(), depth: depth}
	if def.Derivation == "specialization" {
		g.root.Name, g.root.Path = def.Type, def.Type
		repath(g.root)
	}
	if err := g.generate(); err != nil {
		return err
	}
	l.pin(e.group, g.root)
	e.root = g.root
	return nil
}

// own gives one of R4's own types.
func (l *Library) own(canonical string) *entry {
	url, _, _ := strings.Cut(canonical, "|")
	name, ok := strings.CutPrefix(url, "http://hl7.org/fhir/StructureDefinition/")
	if !ok {
		return nil
	}
	if e := l.base[name]; e != nil {
		return e
	}
	elements := l.set.Elements(name)
	if elements == nil {
		return nil
	}
	def := &Definition{URL: url, Version: definition.Version, Name: name, Type: name, Derivation: "specialization"}
	for i := range elements {
		def.Snapshot.Element = append(def.Snapshot.Element, ofBase(&elements[i]))
	}
	e := &entry{url: url, def: def, done: true}
	e.root, _ = treeOf(def.Snapshot.Element)
	l.base[name] = e
	return e
}

// ofBase gives an embedded element the form of those that are read.
func ofBase(b *definition.Element) *Element {
	e := &Element{ID: b.Path, Path: b.Path, Min: &b.Min, Max: b.Max}
	if b.Content != "" {
		e.ContentReference = "#" + b.Content
	}
	for _, t := range b.Types {
		typ := Type{Code: t.Code}
		if t.Profile != "" {
			typ.Profile = []string{typeURL(t.Profile)}
		}
		for _, target := range t.Targets {
			typ.TargetProfile = append(typ.TargetProfile, typeURL(target))
		}
		e.Type = append(e.Type, typ)
	}
	if b.Required != "" {
		e.Binding = &Binding{Strength: "required", ValueSet: b.Required}
	}
	for _, c := range b.Constraints {
		e.Constraint = append(e.Constraint, Constraint{Key: c.Key, Severity: c.Severity, Human: c.Human, Expression: c.Expression})
	}
	return e
}
