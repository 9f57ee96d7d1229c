package definition

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"caseway/fhir"
)

// CodeSet returns the expanded value set with a canonical URL, with or
// without a version, or the rule that stands for it; nil where there is
// neither. Value sets of required bindings and all-languages are there.
func (s *Set) CodeSet(url string) fhir.CodeSet {
	url, _, _ = strings.Cut(url, "|")
	return s.codeSets()[url]
}

// CodingLister is a fhir.CodeSet that can also say what it holds: those that
// are rules can't.
type CodingLister interface {
	// Codings gives the codes with their systems, in the order of their
	// definition.
	Codings() iter.Seq2[string, string]
}

// codeList is an expanded value set, decoded when it is first asked.
type codeList struct {
	line []byte

	once    sync.Once
	codes   []string            // in the order of the definition, each once
	systems map[string][]string // by code
}

// Contains implements fhir.CodeSet.
func (l *codeList) Contains(system, code string) fhir.Membership {
	l.once.Do(l.read)
	systems, found := l.systems[code]
	if found && (system == "" || slices.Contains(systems, system)) {
		return fhir.Member
	}
	return fhir.NotMember
}

// Codes implements fhir.CodeLister.
func (l *codeList) Codes() []string {
	l.once.Do(l.read)
	return l.codes
}

// Systems lists the code systems from which the set has a code.
func (l *codeList) Systems(code string) []string {
	l.once.Do(l.read)
	return l.systems[code]
}

func (l *codeList) read() {
	var v struct {
		Include []struct {
			System string
			Codes  []string
		}
	}
	decode(l.line, &v)
	l.systems = map[string][]string{}
	for _, in := range v.Include {
		for _, code := range in.Codes {
			if l.systems[code] == nil {
				l.codes = append(l.codes, code)
			}
			l.systems[code] = append(l.systems[code], in.System)
		}
	}
}

// Codings implements CodingLister.
func (l *codeList) Codings() iter.Seq2[string, string] {
	l.once.Do(l.read)
	return func(yield func(system, code string) bool) {
		for _, code := range l.codes {
			for _, system := range l.systems[code] {
				if !yield(system, code) {
					return
				}
			}
		}
	}
}

// urlOf reads a line's first member.
func urlOf(line []byte) string {
	url, _, _ := strings.Cut(strings.TrimPrefix(string(line), `{"url":"`), `"`)
	return url
}

// readCodeSets finds each value set's line by its first member, its URL, and
// leaves the rest of it for later.
func readCodeSets() map[string]fhir.CodeSet {
	sets := make(map[string]fhir.CodeSet, 256)
	for line := range readLines("data/valueset.ndjson") {
		sets[urlOf(line)] = &codeList{line: line}
	}
	for url, r := range rules {
		sets[url] = r
	}
	return sets
}
