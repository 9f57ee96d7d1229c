// Package jsonpatch changes a JSON document by a JSON Patch (RFC 6902) or a
// JSON Merge Patch (RFC 7396).
//
// Documents and patches are UTF-8 in which no object has a name twice. Numbers
// keep their digits; the members of objects come out in the order of their
// names. A patch is carried out whole or not at all. All functions are pure and
// safe for concurrent use.
//
// Not here: what a document may say, which its owner checks afterwards.
package jsonpatch
