package casemodel_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"caseway/mapping/casemodel"
)

func TestDatesReachAsFarAsTheyWereWritten(t *testing.T) {
	for _, c := range []struct{ date, start, end string }{
		{"2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
		{"2026-11-22T10:30:00.5+01:00", "2026-11-22T09:30:00.5Z", "2026-11-22T09:30:00.5Z"},
		{"2026-11-22T10:30:00Z", "2026-11-22T10:30:00Z", "2026-11-22T10:30:00Z"},
	} {
		t.Run(c.date, func(t *testing.T) {
			from, to, ok := casemodel.Date(c.date).Span()
			if !ok || from.UTC().Format(time.RFC3339Nano) != c.start || to.UTC().Format(time.RFC3339Nano) != c.end {
				t.Errorf("%s is [%s, %s), %t", c.date, from, to, ok)
			}
		})
	}
	for _, bad := range []casemodel.Date{"", "26", "2026-13", "2026-02-30", "2026-11-22T10:30", "2026-11-22T10:30:00", "noon", "2026-1-1"} {
		if bad.Valid() || bad.Past(start) || bad.After(start) {
			t.Errorf("%q is read as a date", bad)
		}
	}
}

func TestADayIsPastWhenItIsOver(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for date, past := range map[casemodel.Date]bool{
		"2026-11-22": false, "2026-11-21": true, "2026-11": false, "2025": true, "2026-11-22T11:59:59Z": true, "2026-11-22T12:00:00Z": false,
	} {
		t.Run(string(date), func(t *testing.T) {
			if date.Past(noon) != past {
				t.Errorf("%s is past at noon: %t", date, !past)
			}
		})
	}
}

func TestMoneyIsWholeMinorUnits(t *testing.T) {
	for _, c := range []struct {
		amount, currency string
		minor            int64
		back             string
	}{
		{"5000", "USD", 500000, "5000.00"},
		{"0.05", "USD", 5, "0.05"},
		{"-1.5", "EUR", -150, "-1.50"},
		{"12", "JPY", 12, "12"},
		{"1.234", "BHD", 1234, "1.234"},
		{"1.000", "JPY", 1, "1"},
		{"1.2300", "USD", 123, "1.23"},
	} {
		t.Run(c.amount, func(t *testing.T) {
			m, err := casemodel.ParseMoney(casemodel.Decimal(c.amount), c.currency)
			if err != nil || m.Minor != c.minor || string(m.Decimal()) != c.back {
				t.Errorf("%s %s is %+v, written %s: %v", c.amount, c.currency, m, m.Decimal(), err)
			}
		})
	}
	for _, c := range [][2]string{{"1.005", "USD"}, {"1.5", "JPY"}, {"1", "XAU"}, {"1", "usd"}, {"", "USD"}, {"1e3", "USD"}, {"--1", "USD"}, {"+1", "USD"}, {"99999999999999999999", "USD"}} {
		if m, err := casemodel.ParseMoney(casemodel.Decimal(c[0]), c[1]); err == nil {
			t.Errorf("%s %s is read as %+v", c[0], c[1], m)
		}
	}
}

func TestMoneyGoesThereAndBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := casemodel.Money{
			Minor:    rapid.Int64Range(-1<<62, 1<<62).Draw(r, "minor"),
			Currency: rapid.SampledFrom([]string{"USD", "JPY", "BHD", "CLF"}).Draw(r, "currency"),
		}
		if back, err := casemodel.ParseMoney(m.Decimal(), m.Currency); err != nil || back != m {
			r.Fatalf("%+v came back as %+v: %v", m, back, err)
		}
	})
}

// TestACaseGoesThroughJSON holds every field to a camelCase name, and a case
// with many parts to coming back as it was.
func TestACaseGoesThroughJSON(t *testing.T) {
	k, service := infusion(t)
	k.must(casemodel.Negotiate(k.c, k.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
		Service: service, Round: round(casemodel.RoundOffer, shares(100000, 50000, 250000)...),
	}))
	data, err := json.Marshal(k.c)
	if err != nil {
		t.Fatal(err)
	}
	var back casemodel.Case
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(k.c, back) {
		t.Errorf("came back with changes %+v", casemodel.Diff(k.c, back))
	}
	names(t, reflect.TypeFor[casemodel.Case](), map[reflect.Type]bool{})
}

func names(t *testing.T, typ reflect.Type, seen map[reflect.Type]bool) {
	for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || seen[typ] {
		return
	}
	seen[typ] = true
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || strings.ToLower(name[:1]) != name[:1] || strings.ContainsAny(name, "-_") {
			t.Errorf("%s.%s is called %q in JSON", typ.Name(), f.Name, name)
		}
		names(t, f.Type, seen)
	}
}

func TestACloneSharesNothing(t *testing.T) {
	k, _ := infusion(t)
	twin := k.c.Clone()
	twin.Services[0].Offers[0].Status = casemodel.TaskFailed
	twin.Goals[0].Targets[0].Detail.Quantity.Value = "0"
	if k.c.Services[0].Offers[0].Status == casemodel.TaskFailed || k.c.Goals[0].Targets[0].Detail.Quantity.Value == "0" {
		t.Error("a change of the clone shows in the case")
	}
}

func BenchmarkApply(b *testing.B) {
	k, _ := infusion(b)
	after := k.c.Clone()
	after.Services[0].Remarks = append(after.Services[0].Remarks, casemodel.Remark{Text: "well"})
	for i := range 500 {
		o := casemodel.Outcome{ID: casemodel.Ref("Observation/o" + string(rune('a'+i%26)) + string(rune('a'+i/26))), Value: number("1")}
		k.c.Outcomes, after.Outcomes = append(k.c.Outcomes, o), append(after.Outcomes, o)
	}
	for b.Loop() {
		if _, err := casemodel.Apply(k.c, after, k.as(casemodel.RoleSystem)); err != nil {
			b.Fatal(err)
		}
	}
}
