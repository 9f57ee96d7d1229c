package ucum

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
)

func TestCanonicalComparesUnitsOfOneKind(t *testing.T) {
	cases := []struct{ a, aUnit, b, bUnit string }{
		{"4", "g", "4000", "mg"},
		{"1", "kg", "1000000", "mg"},
		{"2.54", "cm", "1", "[in_i]"},
		{"1", "wk", "168", "h"},
		{"1", "[lb_av]", "453.59237", "g"},
		{"37", "Cel", "98.6", "[degF]"},
		{"0", "Cel", "273.15", "K"},
		{"1", "L", "1", "dm3"},
		{"120", "mm[Hg]", "0.12", "m[Hg]"},
		{"5", "mg/dL", "50", "mg/L"},
		{"1", "m2", "10000", "cm2"},
		{"72", "/min", "1.2", "Hz"},
		{"3", "10*3/uL", "3", "10*9/L"},
		{"10", "%", "0.1", "1"},
		{"1", "kat", "60000000", "U"},
		{"7", "mL/min/{1.73_m2}", "7", "mL/min"},
		{"72", "{beats}/min", "72", "/min"},
		{"5", "{cells}/uL", "5", "/uL"},
		{"6", "%{HemoglobinA1C}", "6", "%"},
		{"90", "{score}", "90", "{score}"},
		{"3", "10*3{score}", "3000", "1"},
		{"4", "mmol/L", "4000", "umol/L"},
		{"290", "mosm/kg", "0.29", "osm/kg"},
		{"2", "k[iU]/mL", "2000", "[IU]/mL"},
		{"1", "N", "1", "kg.m/s2"},
		{"1", "J/(kg.K)", "1", "m2/s2/K"},
		{"1", "a", "12", "mo"},
		{"1", "[foz_us]", "2", "[tbs_us]"},
		{"1", "dag", "10", "g"},
		{"1", "KiBy", "8192", "bit"},
		{"1", "4.[pi].10*-7.N/A2", "4", "[pi].10*-7.N/A2"},
	}
	for _, c := range cases {
		av, au, err := Canonical(rat(c.a), c.aUnit)
		if err != nil {
			t.Errorf("%s: got %v, want no error", c.aUnit, err)
			continue
		}
		bv, bu, err := Canonical(rat(c.b), c.bUnit)
		if err != nil {
			t.Errorf("%s: got %v, want no error", c.bUnit, err)
			continue
		}
		if au != bu || av.Cmp(bv) != 0 {
			t.Errorf("%s %s = %s %s, but %s %s = %s %s", c.a, c.aUnit, av.RatString(), au, c.b, c.bUnit, bv.RatString(), bu)
		}
	}
}

func TestUnitsOfDifferentKindsDoNotCompare(t *testing.T) {
	for _, c := range [][2]string{
		{"g", "m"},
		{"[iU]", "[arb'U]"},
		{"mg/dL", "mmol/L"},
		{"Cel", "s"},
		{"rad", "1"},
		{"{score}", "%"},
		{"{score}", "1"},
		{"{score}", "10*3"},
		{"{score}", "{INR}"},
		{"{cells}/{HPF}", "{cells}"},
		{"{score}", "[ppm]"},
		{"mol", "1"},
		{"mmol", "10*20"},
		{"mmol/L", "10*9/L"},
		{"mmol/L", "/L"},
		{"mmol/mol", "mmol"},
		{"kat", "/s"},
	} {
		a, errA := Parse(c[0])
		b, errB := Parse(c[1])
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if a.Comparable(b) {
			t.Errorf("%s compares with %s", c[0], c[1])
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, code := range []string{
		"", "lbs", "wk day", "[degF", "g/", "g..m", "(g", "g)", "0", "m-", "m99", "Cel/s", "Cel2", "[pH]", "kwk", "{a", "mCel",
		"((((((((((((m))))))))))))",
	} {
		t.Run(code, func(t *testing.T) {
			if u, err := Parse(code); err == nil {
				t.Errorf("%q parses as %s", code, u.Base())
			}
		})
	}
}

// TestBase: the base units, each with its exponent where that isn't 1.
func TestBase(t *testing.T) {
	for _, row := range [][2]string{
		{"mg", "g"},
		{"mg/dL", "g.m-3"},
		{"N", "g.m.s-2"},
		{"%", "1"},
		{"m2", "m2"},
		{"m.m-1", "1"},
		{"/min", "s-1"},
		{"m0", "1"},
		{strings.Repeat("m.", 15) + "m", "m16"},
		{"((((((((((m))))))))))", "m"},
	} {
		t.Run(row[0], func(t *testing.T) {
			u, err := Parse(row[0])
			if err != nil {
				t.Fatal(err)
			}
			if got := u.Base(); got != row[1] {
				t.Errorf("got %q, want %q", got, row[1])
			}
		})
	}
}

// TestWhyACodeIsRefused: the error names what stands in the way.
func TestWhyACodeIsRefused(t *testing.T) {
	for _, row := range [][2]string{
		{"", "1 to 100 characters"},
		{strings.Repeat("m", 101), "1 to 100 characters"},
		{"(((((((((((m)))))))))))", "nested too deep"},
		{"m31", "exponent beyond 30"},
		{"m-31", "exponent beyond 30"},
		{"m-", "expected an exponent"},
		{"g.Cel", "stands alone"},
		{"/Cel", "stands alone"},
		{"Cel.g", "stands alone"},
		{"g{a", "expected }"},
		{"g)", `unexpected ")"`},
		{"Cel/g", "stands alone"},
		{"Cel)", `unexpected ")"`},
	} {
		t.Run(row[0], func(t *testing.T) {
			if u, err := Parse(row[0]); err == nil || !strings.Contains(err.Error(), row[1]) {
				t.Errorf("got %v, %v, want an error with %q", u.Base(), err, row[1])
			}
		})
	}
	for _, code := range []string{strings.Repeat("m.", 49) + "mm", "m30", "m-30", "{}", "Cel{body}"} {
		t.Run(code, func(t *testing.T) {
			if _, err := Parse(code); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEveryUnitOfTheTableResolves(t *testing.T) {
	for name := range atoms {
		u, err := Parse(name)
		if err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
			continue
		}
		v := big.NewRat(7, 3)
		if u.From(u.Canonical(v)).Cmp(v) != 0 {
			t.Errorf("%s: From doesn't undo Canonical", name)
		}
	}
}

// TestTheTableIsHeldToItsOwnGrammar: a definition that isn't one whole term, and
// a number that is none, stop the program.
func TestTheTableIsHeldToItsOwnGrammar(t *testing.T) {
	for _, row := range []struct {
		name string
		atom *atom
	}{
		{"no unit", &atom{name: "x", value: "1", of: "m."}},
		{"an unknown unit", &atom{name: "x", value: "1", of: "furlongs"}},
		{"more than a term", &atom{name: "x", value: "1", of: "m)"}},
		{"no number", &atom{name: "x", value: "one", of: "m"}},
		{"no offset", &atom{name: "x", value: "1", of: "K", offset: "zero"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("got a unit, want a panic")
				}
			}()
			row.atom.unit()
		})
	}
}

// TestCacheIsBounded: codes beyond the bound are read anew each time.
func TestCacheIsBounded(t *testing.T) {
	for i := range maxCached + 100 {
		if _, err := Parse(fmt.Sprintf("m{%d}", i)); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	parsed.Range(func(any, any) bool { n++; return true })
	if n != maxCached || parsedCount.Load() != maxCached {
		t.Errorf("got %d codes kept, counted as %d, want %d", n, parsedCount.Load(), maxCached)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"g.m-3", "/min", "10*3/uL", "mm[Hg]", "{a}/L", "(m.s)2"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, code string) {
		if u, err := Parse(code); err == nil {
			_ = u.Base()
		}
	})
}
