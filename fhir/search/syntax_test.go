package search

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseway/fhir"
)

func TestTextsOrderAsNumbersDo(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) *big.Rat {
		return big.NewRat(rapid.Int64Range(-5000, 5000).Draw(t, "over"), rapid.SampledFrom([]int64{1, 3, 7, 10, 1000, 1 << 40}).Draw(t, "under"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		if got := strings.Compare(orderRat(a), orderRat(b)); got != a.Cmp(b) {
			t.Fatalf("%s and %s order as %q and %q", a, b, orderRat(a), orderRat(b))
		}
		// What follows a number in a term mustn't change the order.
		if got := strings.Compare(orderRat(a)+"/9", orderRat(b)+"/1"); a.Cmp(b) != 0 && got != a.Cmp(b) {
			t.Fatalf("%s and %s don't order with something behind them", a, b)
		}
	})
}

func TestNumbersHaveOneTextHoweverTheyAreWritten(t *testing.T) {
	for _, same := range [][]string{
		{"100", "100.0", "1e2", "1.00E+2", "1000e-1"},
		{"-0.5", "-5e-1", "-0.50"},
		{"0", "0.0", "-0", "0e5"},
		{strings.Repeat("1", 31), strings.Repeat("1", 30) + "0"}, // beyond what is kept
	} {
		want, _ := parseDecimal(same[0])
		for _, s := range same {
			d, ok := parseDecimal(s)
			if !ok || d.order() != want.order() || orderRat(d.rat()) != want.order() {
				t.Errorf("%s: %q and %q, want %q", s, d.order(), orderRat(d.rat()), want.order())
			}
		}
	}
	for _, s := range []string{"", "-", "1.", ".5", "1e", "1e401", "1e-401", "0x1", "1_0", "½", "NaN", strings.Repeat("9", 1001)} {
		t.Run(s, func(t *testing.T) {
			if _, ok := parseDecimal(s); ok {
				t.Errorf("%.10q is read as a number", s)
			}
		})
	}
	if _, ok := parseDecimal(strings.Repeat("9", 400)); !ok {
		t.Error("a number of 400 digits isn't read")
	}
}

func TestTextsOrderAsTimesDo(t *testing.T) {
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "second"), 0)
		return at.Add(time.Duration(rapid.SampledFrom([]int64{0, 1, 500_000_000, 999_999_999}).Draw(t, "fraction")))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := moment.Draw(t, "a"), moment.Draw(t, "b")
		if got := strings.Compare(orderTime(a)+"/", orderTime(b)+"/"); got != a.Compare(b) {
			t.Fatalf("%s and %s order as %q and %q", a, b, orderTime(a), orderTime(b))
		}
	})
	if openLow >= orderTime(time.Time{}) || openHigh <= orderTime(time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Error("open ends don't lie beyond all times")
	}
}

func TestDatesOfAnyForm(t *testing.T) {
	for text, want := range map[string]string{
		"2024":                            "20240101/20250101",
		"2024-02":                         "20240201/20240301",
		"2024-02-29":                      "20240229/20240301",
		"2024-02-29T10:30":                "20240229103/202402291031",
		"2024-02-29T23:59:60Z":            "20240301/20240301000001",
		"2024-02-29T00:00:00+14:00":       "202402281/20240228100001",
		"2024-02-29T10:00:00.250Z":        "2024022910000025/20240229100000251",
		"2024-02-29T10:00:00.1234567891Z": "20240229100000123456789/2024022910000012345679",
		"9999-12-31":                      "99991231/:",
	} {
		t.Run(text, func(t *testing.T) {
			d, ok := parseDates(text)
			if got := d.span().String(); !ok || got != want {
				t.Errorf("%s is %s, want %s", text, got, want)
			}
		})
	}
	for _, text := range []string{
		"", "20240", "2024-", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "0000", "2024-02-29T", "2024-02T10:00Z",
		"2024-02-29T24:00Z", "2024-02-29T10:60Z", "2024-02-29T10:00:61Z", "2024-02-29T10:00:00.Z", "2024-02-29T10:00:00+15:00",
		"2024-02-29T10:00:00+1:00", "2024-02-29 10:00", "2024-02-29T10:00:00Zulu", "２０２４",
	} {
		t.Run(text, func(t *testing.T) {
			if _, ok := parseDates(text); ok {
				t.Errorf("%q is read as a date", text)
			}
		})
	}
}

func TestFold(t *testing.T) {
	for s, want := range map[string]string{
		"Smith":                     "smith",
		"  O'Brien-Smith\t ":        "obriensmith",
		"a  b\u00a0\tc":             "a b c",
		"Sévérine":                  "severine",
		"Se\u0301ve\u0301rine":      "severine",
		"STRASSE ẞ ß":               "strasse ss ss",
		"ΑΊΑΣ αίας":                 "αιασ αιασ",
		"ﬁancé":                     "fiance",
		"١٢٣":                       "١٢٣",
		"שָׁלוֹם":                   "שלום",
		"山田 太郎":                     "山田 太郎",
		"İstanbul":                  "istanbul",
		"a+b=c":                     "a+b=c",
		"\u200fabc\u200e":           "abc",
		"…":                         "",
		"Søren Ørsted":              "soren orsted",
		"Łukasz Đorđević":           "lukasz dordevic",
		"Kılıç ISIK":                "kilic isik",
		"Æsa Œuvre Straße":          "aesa oeuvre strasse",
		"Guðrún Þór Ħal Ŋ":          "gudrun thor hal n",
		"O\u02bcBrien Hawai\u02bbi": "obrien hawaii",
	} {
		t.Run(s, func(t *testing.T) {
			if got := fold(s); got != want {
				t.Errorf("%q folds to %q, want %q", s, got, want)
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := fold(s); !utf8.ValidString(once) || fold(once) != once {
			t.Fatalf("%q folds to %q, and that to %q", s, once, fold(once))
		}
	})
}

func TestSounds(t *testing.T) {
	for word, want := range map[string]string{
		"robert": "r163", "rupert": "r163", "rubin": "r150", "ashcraft": "a261", "tymczak": "t522",
		"pfister": "p236", "honeyman": "h555", "lee": "l000", "42": "", "jackson": "j250",
	} {
		t.Run(word, func(t *testing.T) {
			if got := soundex(word); got != want {
				t.Errorf("%s sounds like %s, want %s", word, got, want)
			}
		})
	}
}

func TestLongValuesStayShortAndApart(t *testing.T) {
	a, b := strings.Repeat("ä", 500)+"a", strings.Repeat("ä", 500)+"b"
	for _, longest := range []int{63, 64} {
		x, y := shorten(a, longest), shorten(b, longest)
		if x == y || len(x) > longest+33 || !utf8.ValidString(x) || !strings.HasPrefix(a, x[:longest-3]) {
			t.Errorf("%q and %q", x, y)
		}
	}
	if shorten("short", 64) != "short" {
		t.Error("a short value is changed")
	}
}

func TestSystemsEndAtTheFirstBar(t *testing.T) {
	p := &Parameter{prefix: "Patient.identifier"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune(`a|\`)))
		system, code := text.Draw(t, "system"), text.Draw(t, "code")
		gotSystem, gotCode := cutBar(p.value(p.scoped(system, code)))
		if gotSystem != system || gotCode != code {
			t.Fatalf("%q and %q come back as %q and %q", system, code, gotSystem, gotCode)
		}
	})
}

func TestPartsOfCompositesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := rapid.Custom(func(t *rapid.T) Term { return Term(rapid.StringOf(rapid.SampledFrom([]rune("1.:=a"))).Draw(t, "term")) })
		parts := rapid.SliceOfN(rapid.SliceOfN(term, 1, 3), 1, 3).Draw(t, "parts")
		if diff := cmp.Diff(parts, decodeParts(encodeParts(parts))); diff != "" {
			t.Fatalf("want (-), got (+):\n%s", diff)
		}
	})
	for _, broken := range []string{"5:ab.", "x", "1", ":"} {
		t.Run(broken, func(t *testing.T) {
			if parts := decodeParts(broken); len(parts) > 0 {
				t.Errorf("%q is read as %v", broken, parts)
			}
		})
	}
}

func TestLeavesThatDriveAScan(t *testing.T) {
	p := &Parameter{Code: "name", prefix: "Patient.name"}
	for term, kept := range map[Term]bool{
		p.term(valueKind, "a;b"): false, p.term(scopedKind, ";"): false, p.kept(keptString, "-a"): true, "": false,
	} {
		t.Run(string(term), func(t *testing.T) {
			if term.Kept() != kept || (Leaf{Exact: []Term{term}}).Indexed() == kept || (Leaf{From: term, To: term + "z"}).Indexed() == kept {
				t.Errorf("%q is taken for kept: %v", term, term.Kept())
			}
		})
	}
}

func TestReferences(t *testing.T) {
	r := newRegistry(t, WithBase("http://example.org/fhir/"))
	tree := decoded(t, `{"resourceType":"Provenance","recorded":"2024-01-01T00:00:00Z","agent":[{"who":{"reference":"#p"}}],"target":[
		{"reference":"CarePlan/1/_history/2"},{"reference":"CarePlan/1/_history/3"},{"reference":"http://example.org/fhir/Task/7"},
		{"reference":"http://other.org/Task/7"},{"reference":"Patient/1"}]}`)
	terms := r.Index(tree).Merge()
	want := []Reference{
		{Key: fhir.Key{Type: "CarePlan", ID: "1"}, Target: "CarePlan/1", Version: "2"},
		{Key: fhir.Key{Type: "CarePlan", ID: "1"}, Target: "CarePlan/1", Version: "3"},
		{Key: fhir.Key{Type: "Patient", ID: "1"}, Target: "Patient/1"},
		{Key: fhir.Key{Type: "Task", ID: "7"}, Target: "Task/7"},
		{Target: "http://other.org/Task/7"},
	}
	target := r.Parameter("Provenance", "target")
	if diff := cmp.Diff(want, target.References(terms)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if !slices.Contains(terms, target.Term(fhir.Key{Type: "Task", ID: "7"})) {
		t.Error("the term of a target isn't among the resource's")
	}
	if got := r.Parameter("Provenance", "agent").References(terms); got != nil {
		t.Errorf("a contained resource is no target: %v", got)
	}
}
