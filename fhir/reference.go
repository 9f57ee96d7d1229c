package fhir

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strings"
)

// LiteralKey reads a literal reference to a resource of this server, relative
// or absolute below base, which is our own base URL without a closing slash, to a version or not.
func LiteralKey(reference, base string) (Key, bool) {
	if i := strings.Index(reference, "/_history/"); i >= 0 {
		reference = reference[:i]
	}
	if base != "" {
		reference = strings.TrimPrefix(reference, base+"/")
	}
	return ParseKey(reference)
}

// KeysAt gives the resources of this server to which elements refer that are at
// some paths, such as "activity.reference".
func KeysAt(root Node, paths []string, base string) []Key {
	var keys []Key
	for reference := range ReferencesAt(root, paths) {
		if key, ok := LiteralKey(reference, base); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// ReferencesAt gives the texts of the references at paths.
func ReferencesAt(root Node, paths []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, path := range paths {
			for n := range NodesAt(root, path) {
				if text := n.Child("reference").Text(); text != "" && !yield(text) {
					return
				}
			}
		}
	}
}

// NodesAt gives the elements at a path such as "activity.reference".
func NodesAt(n Node, path string) iter.Seq[Node] {
	name, rest, more := strings.Cut(path, ".")
	return func(yield func(Node) bool) {
		for c := range n.All(name) {
			if !more {
				if !yield(c) {
					return
				}
				continue
			}
			for inner := range NodesAt(c, rest) {
				if !yield(inner) {
					return
				}
			}
		}
	}
}

var referenceMember = []byte(`"reference":"`)

// ReferencesIn gives the texts of all references in the compact JSON of a
// resource, much cheaper than by decoding it. R4 has a text of this name
// elsewhere only in DetectedIssue.reference, a uri.
func ReferencesIn(text []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			at := bytes.Index(text, referenceMember)
			if at < 0 {
				return
			}
			start := at + len(referenceMember) - 1 // with its quotation mark
			end := start + 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			value := text[start:min(end+1, len(text))]
			text = text[min(end, len(text)):]
			if reference, ok := unquoted(value); ok && !yield(reference) {
				return
			}
		}
	}
}

func unquoted(value []byte) (s string, ok bool) {
	if !slices.Contains(value, '\\') {
		return string(value[1 : len(value)-1]), len(value) > 1
	}
	return s, json.Unmarshal(value, &s) == nil
}
