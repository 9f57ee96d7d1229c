// Package demo makes up what `caseway demo` shows: a directory, patients, and
// two stories at several points of their course. In the accident a cyclist goes
// from the hospital to a recovery that is measured; in the home infusion the
// price of a treatment that the policy doesn't cover is negotiated.
//
// Everybody in it is invented. The stories are told by the actions of the case
// API under a clock that lies in the past, so that a case has a course behind it
// and appointments before it; only meta.lastUpdated says when it was stored.
package demo
