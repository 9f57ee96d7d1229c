package snapshot

import (
	"errors"
	"fmt"
	"strings"
)

// Bounds of generating.
const (
	mostElements = 50_000 // of one snapshot
	deepest      = 30     // definitions that derive from one another, and parts of a path
)

// generator merges one differential into its base's tree.
type generator struct {
	library *Library
	def     *Definition
	root    *Node
	base    *Node            // as it was before
	named   map[*Node][]Type // choices that the differential names with a type, such as valueQuantity
	sliced  map[*Node]bool   // choices of which the differential says how they are sliced
	added   int              // nodes that expanding has added
	depth   int              // of definitions
}

var errTooBig = errors.New("snapshot: the definition has too many elements")

// generate makes the tree of a definition from its base's, which it changes.
func (g *generator) generate() error {
	elements := g.def.Differential.Element
	g.sliced = map[*Node]bool{}
	identify(elements)
	for _, e := range elements {
		n, err := g.find(e)
		if err != nil {
			return fmt.Errorf("snapshot: %s, element %s: %w", g.def.URL, e.ID, err)
		}
		merge(n, e, g.def.URL)
		if e.Slicing != nil {
			g.sliced[n] = true
		}
	}
	for n, types := range g.named {
		n.Type = types
	}
	return nil
}

// find gives the node that an element of the differential is about; those on the
// way are made where they aren't there yet.
func (g *generator) find(e *Element) (*Node, error) {
	parts := splitID(e.ID)
	if len(parts) > deepest {
		return nil, errors.New("is too deep")
	}
	n := g.root
	for i, part := range parts[1:] {
		if len(n.Children) == 0 {
			if err := g.expand(n); err != nil {
				return nil, err
			}
		}
		next, err := g.step(n, part, i == len(parts)-2, e)
		if err != nil {
			return nil, err
		}
		n = next
	}
	return n, nil
}

// splitID cuts an id at its dots, but for those in the names of slices.
func splitID(id string) []string {
	parts := strings.Split(id, ".")
	joined := parts[:1:1]
	for _, p := range parts[1:] {
		last := joined[len(joined)-1]
		if p == "" || p[0] >= '0' && p[0] <= '9' || strings.Contains(last, ":") && p[0] >= 'A' && p[0] <= 'Z' {
			joined[len(joined)-1] = last + "." + p // a version or a type in a slice's name
			continue
		}
		joined = append(joined, p)
	}
	return joined
}

// step goes to a child, or to one of its slices.
func (g *generator) step(n *Node, part string, last bool, e *Element) (*Node, error) {
	name, slice, sliced := strings.Cut(part, ":")
	c := n.Child(name)
	if c == nil && !sliced {
		if choice, typ := n.choice(name); choice != nil {
			g.narrow(choice, typ)
			return g.slice(choice, name, typ), g.size()
		}
	}
	if c == nil && sliced {
		if choice, _ := n.choice(name); choice != nil {
			c = choice
		}
	}
	if c == nil {
		if g.def.Derivation == "specialization" && last && !sliced {
			added := *e
			added.Constraint = nil // merging puts them in
			c = &Node{Element: &added, Name: name}
			n.Children = append(n.Children, c)
			return c, g.size()
		}
		return nil, fmt.Errorf("%s isn't an element of the base definition", name)
	}
	if !sliced {
		return c, nil
	}
	return g.slice(c, slice, typeOfSlice(c, slice)), g.size()
}

// narrow leaves a choice the types that the differential names it with, where
// neither it nor its base says that it slices.
func (g *generator) narrow(choice *Node, typ string) {
	if g.sliced[choice] || choice.Slicing != nil && g.named[choice] == nil {
		return
	}
	if g.named == nil {
		g.named = map[*Node][]Type{}
	}
	for _, t := range g.named[choice] {
		if t.Code == typ {
			return
		}
	}
	g.named[choice] = append(g.named[choice], only(choice.Type, typ)...)
}

func (g *generator) size() error {
	g.added++
	if g.added > mostElements {
		return errTooBig
	}
	return nil
}

// typeOfSlice is the type that a choice's slice has by its name, such as
// valueQuantity; "" where the name has none.
func typeOfSlice(n *Node, slice string) string {
	stem, ok := strings.CutSuffix(n.Name, "[x]")
	if !ok {
		return ""
	}
	rest, ok := strings.CutPrefix(slice, stem)
	if !ok {
		return ""
	}
	for _, t := range n.Type {
		if strings.EqualFold(t.Code, rest) {
			return t.Code
		}
	}
	return ""
}

// slice finds a slice, or makes it of what holds for all occurrences. A name
// with "/" is of a slice of a slice.
func (g *generator) slice(n *Node, name, typ string) *Node {
	if s := n.Slice(name); s != nil {
		return s
	}
	from := n
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		if outer := n.Slice(name[:i]); outer != nil {
			from = outer
		}
	}
	s := from.clone()
	s.Slices, s.Slicing, s.SliceName = nil, nil, name
	none := 0
	s.Min = &none
	if typ != "" {
		s.Type = only(n.Type, typ)
		if n.Slicing == nil {
			n.Slicing = &Slicing{Discriminator: []Discriminator{{"type", "$this"}}, Rules: "open"}
		}
	}
	if n.Slicing == nil && (n.Name == "extension" || n.Name == "modifierExtension") {
		n.Slicing = &Slicing{Discriminator: []Discriminator{{"value", "url"}}, Rules: "open"} // extensions are always sliced so
	}
	g.added += s.size()
	n.Slices = append(n.Slices, s)
	return s
}

func only(types []Type, code string) []Type {
	for _, t := range types {
		if t.Code == code {
			return []Type{t}
		}
	}
	return types
}

// expand gives a node the children that its type has.
func (g *generator) expand(n *Node) error {
	if path, ok := strings.CutPrefix(n.ContentReference, "#"); ok || n.ContentReference != "" {
		if !ok {
			_, path, _ = strings.Cut(n.ContentReference, "#")
		}
		from := g.base.byPath(path)
		if from == nil {
			return fmt.Errorf("%s isn't in the definition", path)
		}
		n.Children = from.clone().Children
		g.added += n.size()
		return g.size()
	}
	if len(n.Type) == 0 {
		return fmt.Errorf("%s has no type to look into", n.Path)
	}
	if len(n.Type) > 1 {
		return g.expandChoice(n)
	}
	root, err := g.typeTree(n.Type[0])
	if err != nil {
		return err
	}
	n.Children = root.clone().Children
	repath(n)
	g.added += n.size()
	return g.size()
}

// expandChoice gives a choice what all elements have.
func (g *generator) expandChoice(n *Node) error {
	root, err := g.typeTree(Type{Code: "Element"})
	if err != nil {
		return err
	}
	n.Children = root.clone().Children
	repath(n)
	return g.size()
}

// typeTree is the tree of a type, or of its one profile.
func (g *generator) typeTree(t Type) (*Node, error) {
	if len(t.Profile) == 1 {
		if root, err := g.library.tree(t.Profile[0], g.depth+1); err == nil {
			return root, nil
		}
	}
	return g.library.tree(typeURL(t.Code), g.depth+1)
}

// typeURL is the canonical URL of a type of R4.
func typeURL(code string) string {
	if strings.Contains(code, "://") {
		return code
	}
	return "http://hl7.org/fhir/StructureDefinition/" + code
}

// repath gives all below a node paths that begin with the node's.
func repath(n *Node) {
	for _, c := range n.Children {
		c.Path = n.Path + "." + c.Name
		for _, s := range c.Slices {
			s.Path = c.Path
			repath(s)
		}
		repath(c)
	}
}

// byPath finds a node by the names on the way to it.
func (n *Node) byPath(path string) *Node {
	parts := strings.Split(path, ".")
	for _, part := range parts[1:] {
		if n = n.at(part); n == nil {
			return nil
		}
	}
	return n
}
