package search

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"caseway/fhir"
)

// filterNode is a part of a filter.
type filterNode interface{ filter() }

type (
	// filterTest compares what a path leads to.
	filterTest struct {
		path      []filterStep
		op, value string
	}
	// filterGroup joins its members by one of the two words.
	filterGroup struct {
		or      bool
		members []filterNode
	}
	filterNot struct{ node filterNode }
)

func (filterTest) filter()   {}
func (*filterGroup) filter() {}
func (filterNot) filter()    {}

// filterStep is a name in a path, with the filter in brackets behind it.
type filterStep struct {
	name  string
	where filterNode
}

// Bounds of a filter.
const (
	mostFilterTests = 500
	deepestFilter   = 50
)

// FilterValue is a value in a _filter that isn't between quotes: From and To are
// where it begins and ends in the text of the filter, in bytes.
type FilterValue struct {
	Parameter string // the last name of the path that is compared
	Operation string // such as eq
	From, To  int
}

// FilterValues gives the values of a filter that aren't between quotes, in order,
// and none if it can't be read.
func FilterValues(filter string) []FilterValue {
	p := &filterParser{text: filter}
	if p.whole(); p.err != nil {
		return nil
	}
	return p.unquoted
}

// filterParser reads the text of a filter. After an error it stands still.
type filterParser struct {
	text     string
	at       int
	tests    int
	unquoted []FilterValue
	err      error
}

func parseFilter(text string) (filterNode, error) {
	p := &filterParser{text: text}
	node := p.whole()
	return node, p.err
}

// whole reads the text from its beginning to its end.
func (p *filterParser) whole() filterNode {
	node := p.filter(0)
	if p.space(); p.err == nil && p.at < len(p.text) {
		p.fail("here the filter should end, or and or or follow")
	}
	return node
}

func (p *filterParser) fail(what string) {
	if p.err == nil {
		p.err = malformed("_filter", "at character "+strconv.Itoa(utf8.RuneCountInString(p.text[:p.at])+1)+": "+what)
	}
}

// filter reads terms with and and or between them, which bind alike, from left
// to right.
func (p *filterParser) filter(depth int) filterNode {
	if depth > deepestFilter && p.err == nil {
		p.err = fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "the filter has parentheses or brackets more than 50 deep")
	}
	if p.err != nil {
		return nil
	}
	node := p.term(depth)
	var open *filterGroup // what a further term joins
	for p.err == nil {
		before := p.at
		word := p.word()
		if word != "and" && word != "or" {
			p.at = before
			break
		}
		next := p.term(depth)
		if open == nil || open.or != (word == "or") {
			open = &filterGroup{or: word == "or", members: []filterNode{node}}
			node = open
		}
		open.members = append(open.members, next)
	}
	return node
}

func (p *filterParser) term(depth int) filterNode {
	before := p.at
	word := p.word()
	p.space()
	switch {
	case p.next('(') && word == "not":
		return filterNot{p.closed(depth, ')')}
	case p.next('(') && word == "":
		return p.closed(depth, ')')
	case word == "not":
		p.fail("behind not stands a filter in parentheses")
		return nil
	}
	p.at = before
	return p.test(depth)
}

// closed reads a filter between brackets, of which the first comes next.
func (p *filterParser) closed(depth int, end byte) filterNode {
	p.at++
	node := p.filter(depth + 1)
	if p.space(); !p.next(end) {
		p.fail("there is no " + string(rune(end)) + " that closes the filter")
		return nil
	}
	p.at++
	return node
}

func (p *filterParser) test(depth int) filterNode {
	if p.tests++; p.tests > mostFilterTests && p.err == nil {
		p.err = fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "the filter has more than 500 comparisons")
	}
	t := filterTest{path: p.path(depth)}
	if p.err != nil {
		return nil
	}
	p.space()
	at := p.at
	if t.op = p.word(); !strings.Contains(filterOperations, " "+t.op+" ") || t.op == "" {
		p.at = at
		p.fail("here stands one of the operations" + strings.TrimRight(filterOperations, " "))
		return nil
	}
	if p.space(); p.next('"') {
		t.value = p.quoted()
		return t
	}
	at = p.at
	t.value = p.bare()
	p.unquoted = append(p.unquoted, FilterValue{t.path[len(t.path)-1].name, t.op, at, p.at})
	return t
}

const filterOperations = " eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in ni re "

// path reads name.name, with filters in brackets behind names that others follow.
func (p *filterParser) path(depth int) []filterStep {
	var steps []filterStep
	for p.err == nil {
		step := filterStep{name: p.word()}
		if step.name == "" {
			p.fail("here stands the name of a search parameter, a filter in parentheses or not")
			return nil
		}
		bracket := p.next('[')
		if bracket {
			step.where = p.closed(depth, ']')
		}
		steps = append(steps, step)
		if !p.next('.') {
			if bracket {
				p.fail("behind a filter in brackets stands a dot and a name")
			}
			return steps
		}
		p.at++
	}
	return nil
}

// word reads a name, an operation or one of and, or and not.
func (p *filterParser) word() string {
	p.space()
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if !isLetter(c) && (c < '0' || c > '9') && c != '_' && c != '-' && c != ':' {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

// bare reads a value without quotes: anything up to a space or closing bracket.
func (p *filterParser) bare() string {
	from := p.at
	for p.at < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		if unicode.IsSpace(r) || r == ')' || r == ']' {
			break
		}
		p.at += size
	}
	if from == p.at {
		p.fail("here stands a value: a word, or a text between double quotes")
	}
	return p.text[from:p.at]
}

// quoted reads a JSON string.
func (p *filterParser) quoted() string {
	end := p.at + 1
	for end < len(p.text) && p.text[end] != '"' {
		if p.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.text) {
		p.fail("there is no double quote that ends the text")
		return ""
	}
	var s string
	if err := json.Unmarshal([]byte(p.text[p.at:end+1]), &s); err != nil {
		p.fail("the text between double quotes isn't a JSON string")
		return ""
	}
	if s == "" {
		p.fail("the text is empty; pr asks whether there is a value")
	}
	p.at = end + 1
	return s
}

func (p *filterParser) space() {
	for p.at < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		if !unicode.IsSpace(r) {
			return
		}
		p.at += size
	}
}

func (p *filterParser) next(c byte) bool { return p.at < len(p.text) && p.text[p.at] == c }
