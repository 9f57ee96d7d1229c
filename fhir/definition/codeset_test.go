package definition

import (
	"strings"
	"testing"

	"caseway/fhir"
)

func TestCodeSets(t *testing.T) {
	const hl7 = "http://hl7.org/fhir/ValueSet/"
	for _, c := range []struct {
		set, system, code string
		want              fhir.Membership
	}{
		{hl7 + "administrative-gender", "", "female", fhir.Member},
		{hl7 + "administrative-gender|4.0.1", "", "female", fhir.Member},
		{hl7 + "administrative-gender", "", "Female", fhir.NotMember},
		{hl7 + "administrative-gender", "", "", fhir.NotMember},
		{hl7 + "condition-clinical", "http://terminology.hl7.org/CodeSystem/condition-clinical", "active", fhir.Member},
		{hl7 + "condition-clinical", "http://terminology.hl7.org/CodeSystem/condition-clinical", "recurrence", fhir.Member}, // below active
		{hl7 + "condition-clinical", "http://terminology.hl7.org/CodeSystem/condition-ver-status", "active", fhir.NotMember},
		{hl7 + "units-of-time", "", "wk", fhir.Member},
		{hl7 + "units-of-time", "", "week", fhir.NotMember},
		{hl7 + "resource-types", "", "CarePlan", fhir.Member},
		{hl7 + "resource-types", "", "HumanName", fhir.NotMember},
		{hl7 + "all-types", "", "HumanName", fhir.Member},

		{hl7 + "currencies", "", "USD", fhir.Member},
		{hl7 + "currencies", "", "VES", fhir.Member}, // since 2018
		{hl7 + "currencies", "", "DEM", fhir.Member}, // until 2001
		{hl7 + "currencies", "", "usd", fhir.NotMember},
		{hl7 + "currencies", "", "USDX", fhir.NotMember},
		{hl7 + "currencies", "", "ABC", fhir.NotMember},
		{hl7 + "currencies", "urn:iso:std:iso:4217", "EUR", fhir.Member},
		{hl7 + "currencies", "http://example.org", "EUR", fhir.NotMember},

		{hl7 + "mimetypes", "", "application/fhir+json", fhir.Member},
		{hl7 + "mimetypes", "", "text/plain; charset=UTF-8", fhir.Member},
		{hl7 + "mimetypes", "", `application/fhir+json;fhirVersion="4.0"`, fhir.Member},
		{hl7 + "mimetypes", "", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", fhir.Member},
		{hl7 + "mimetypes", "", `text/plain; charset="UTF;8" ; format=flowed`, fhir.Member},
		{hl7 + "mimetypes", "", "application/dicom; variant=DICOM WADO-RS", fhir.Member},
		{hl7 + "mimetypes", "", "json", fhir.Member},
		{hl7 + "mimetypes", "", "pdf", fhir.NotMember},
		{hl7 + "mimetypes", "", "text/plain;", fhir.NotMember},
		{hl7 + "mimetypes", "", `text/plain; charset="UTF-8`, fhir.NotMember},
		{hl7 + "mimetypes", "", "application", fhir.NotMember},
		{hl7 + "mimetypes", "", "image/", fhir.NotMember},
		{hl7 + "mimetypes", "", "image/*", fhir.NotMember},
		{hl7 + "mimetypes", "", "a/b/c", fhir.NotMember},
		{hl7 + "mimetypes", "", "text/plain; charset", fhir.NotMember},
		{hl7 + "mimetypes", "", "", fhir.NotMember},

		{hl7 + "all-languages", "", "de", fhir.Member},
		{hl7 + "all-languages", "", "en-US", fhir.Member},
		{hl7 + "all-languages", "", "zh-Hant-TW", fhir.Member},
		{hl7 + "all-languages", "", "qq-XX", fhir.Member}, // well-formed, not registered
		{hl7 + "all-languages", "", "en_US", fhir.NotMember},
		{hl7 + "all-languages", "", "english language", fhir.NotMember},
		{hl7 + "all-languages", "", "", fhir.NotMember},

		{"http://loinc.org/vs/LL379-9", "http://loinc.org", "LA9658-1", fhir.Unknown},
	} {
		t.Run(c.set, func(t *testing.T) {
			if got := R4().CodeSet(c.set).Contains(c.system, c.code); got != c.want {
				t.Errorf("%s: Contains(%q, %q) = %d, want %d", c.set, c.system, c.code, got, c.want)
			}
		})
	}
	if R4().CodeSet(hl7+"nothing") != nil {
		t.Error("a value set that isn't there was found")
	}
}

func TestUCUM(t *testing.T) {
	units := R4().CodeSet("http://hl7.org/fhir/ValueSet/ucum-units")
	for _, code := range []string{
		"m", "kg", "%", "1", "mm[Hg]", "[in_i]", "[lb_av]", "m2", "m-1", "s+2", "kg/m2", "kg.m/s2", "/min", "10*3/uL", "10^9/L", "10*-3",
		"{score}", "kg{dry_body}", "1{tablet}", "mL/min/{1.73_m2}", "mg/(24.h)", "(kg.m)/(s2)", "[iU]/mL", "k[IU]/L", "cal_th", "'", "''",
		"umol/(8.h.kg)", "B[10.nV]", "m[H2O]", "[degF]", "Cel", "a_j", "mg/dL", "12",
	} {
		t.Run(code, func(t *testing.T) {
			if units.Contains("http://unitsofmeasure.org", code) != fhir.Member {
				t.Errorf("%q is refused", code)
			}
		})
	}
	for _, code := range []string{
		"", " ", "mg / dL", "mg/", "/", "mg//dL", "(mg", "mg)", "()", "mm[Hg", "mm]", "{score", "score}", "[]", "kg..m", "mg dL", "µg", "m+", "2m",
	} {
		t.Run(code, func(t *testing.T) {
			if units.Contains("", code) != fhir.NotMember {
				t.Errorf("%q is taken", code)
			}
		})
	}
	deep := make([]byte, 0, 200001)
	for range 100000 {
		deep = append(deep, '(')
	}
	if isUCUM(string(deep)) {
		t.Error("nested without end, and taken")
	}
	if units.Contains("http://loinc.org", "mg") != fhir.NotMember {
		t.Error("a unit of another system is taken")
	}
}

func TestEveryRuleSaysWhy(t *testing.T) {
	for url, r := range rules {
		if r.why == "" || r.system == "" {
			t.Errorf("%s: no reason or no system", url)
		}
	}
}

func TestCodesAreListedInTheirOrder(t *testing.T) {
	lister, ok := R4().CodeSet("http://hl7.org/fhir/ValueSet/request-status").(interface{ Codes() []string })
	if !ok {
		t.Fatal("an expanded value set can't list its codes")
	}
	got := lister.Codes()
	want := []string{"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
	if len(got) != len(want) {
		t.Fatalf("codes: %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("code %d is %s, want %s", i, got[i], want[i])
		}
	}
}

func TestSystemsOfACode(t *testing.T) {
	for _, c := range []struct{ set, code, want string }{
		{"http://hl7.org/fhir/ValueSet/administrative-gender", "unknown", "http://hl7.org/fhir/administrative-gender"},
		{"http://hl7.org/fhir/ValueSet/administrative-gender", "draft", ""},
		{"http://hl7.org/fhir/ValueSet/mimetypes", "text/xml", "urn:ietf:bcp:13"},
		{"http://hl7.org/fhir/ValueSet/mimetypes", "text xml", ""},
	} {
		t.Run(c.set, func(t *testing.T) {
			set := R4().CodeSet(c.set).(interface{ Systems(code string) []string })
			if got := strings.Join(set.Systems(c.code), " "); got != c.want {
				t.Errorf("%s in %s is of %q, want %q", c.code, c.set, got, c.want)
			}
		})
	}
}
