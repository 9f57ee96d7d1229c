package fhirpath

// term is a node of the syntax tree.
type term interface{ pos() int }

// at is where a term stands in the expression, in bytes. For operators and
// calls it is the operator or name, not the operand's start.
type at int

func (a at) pos() int { return int(a) }

type (
	// literalTerm is a constant, or the empty collection {}.
	literalTerm struct {
		at
		value System // nil for {}
	}
	// variableTerm is $this, $index or $total.
	variableTerm struct {
		at
		name string
	}
	// externalTerm is %name.
	externalTerm struct {
		at
		name string
	}
	// memberTerm is a name: of an element, or at the start of a type.
	memberTerm struct {
		at
		source term // nil at the start of an expression
		name   string
	}
	// callTerm is a function call.
	callTerm struct {
		at
		source term // nil at the start of an expression
		name   string
		args   []term
	}
	// indexTerm is source[index].
	indexTerm struct {
		at
		source, index term
	}
	// signTerm is a unary + or -.
	signTerm struct {
		at
		negative bool
		operand  term
	}
	// binaryTerm is an infix operator.
	binaryTerm struct {
		at
		operator    string
		left, right term
	}
	// typeTerm is the operator is or as.
	typeTerm struct {
		at
		operator string
		source   term
		of       typeName
	}
)

// typeName is a type specifier; space is "" where none is written.
type typeName struct{ space, name string }

func (t typeName) String() string {
	if t.space == "" {
		return t.name
	}
	return t.space + "." + t.name
}
