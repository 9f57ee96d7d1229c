// Package ucum reads units of measure written in UCUM's case-sensitive code
// (https://ucum.org/ucum) and brings values to base units, so that 4 g and
// 4000 mg compare equal.
//
// A [Unit] is a factor to a product of base units: m, s, g, rad, K, C, cd, and
// one base of its own for each arbitrary unit, such as [iU]. Factors are exact
// fractions. Two things are kept apart that UCUM counts as plain numbers: mol is
// a base unit, as in the SI, so that an amount of substance doesn't compare with
// a count; and a unit that is nothing but an annotation, such as {score},
// compares with itself alone.
//
// Not here: logarithmic units (pH, dB, Np, bel and homeopathic potencies), the
// prism diopter and slopes in percent, British lengths of before 1959 (_br),
// surveyor's links, printer's and old French lengths, all Btu but the
// thermochemical one, and case-insensitive codes. A code that uses one of them
// doesn't parse, and callers compare such quantities by their unit's text
// alone.
package ucum
