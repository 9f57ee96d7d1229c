// Package budget bounds what requests may cost, so that no caller can spend
// more than there is, alone or together with others.
//
// The nouns: [Memory] is the bytes that all requests of a process hold at once,
// of bodies that are being read and of answers that haven't been sent. An
// [Answer] is what one answer may have, and draws from Memory; a [Share] is
// what one part of an answer, such as the search of a batch's entry, has drawn
// from it. [Work] is the steps that the computing of one request may take.
//
// Bytes are those of JSON text: what a resource needs beside it, such as index
// terms, isn't counted. Not here: how many resources a search may look at,
// which package search bounds.
package budget
