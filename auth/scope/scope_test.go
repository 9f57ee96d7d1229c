package scope_test

import (
	"errors"
	"strings"
	"testing"

	"caseway/auth/scope"
)

// TestNormalForm: what is asked for, and how it is written back.
func TestNormalForm(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"patient/*.read", "patient/*.rs"},
		{"patient/CarePlan.write", "patient/CarePlan.cud"},
		{"user/Task.*", "user/Task.cruds"},
		{"user/*.*", "user/*.cruds"},
		{"patient/CarePlan.r patient/CarePlan.s", "patient/CarePlan.rs"},
		{"patient/CarePlan.rs patient/*.read", "patient/*.rs"},
		{"patient/CarePlan.cruds patient/*.read", "patient/*.rs patient/CarePlan.cud"},
		{"user/Task.cud?status=requested", "user/Task.cud?status=requested"},
		{"user/Task.rs user/Task.rs?status=requested", "user/Task.rs"},
		{"user/Task.rs?status=x user/Task.rs?status=x&code=y", "user/Task.rs?status=x"},
		{"patient/Observation.rs?category=b,a,b", "patient/Observation.rs?category=a,b"},
		{"patient/Observation.rs?status=final&category=http://x%7Clab", "patient/Observation.rs?category=http://x|lab&status=final"},
		{`patient/Observation.rs?code=a%5C,b`, `patient/Observation.rs?code=a%5C,b`},
		{"patient/Observation.rs?code=a+b", "patient/Observation.rs?code=a%20b"},
		{"system/*.rs user/*.rs patient/*.rs", "patient/*.rs user/*.rs system/*.rs"},
		{"launch/patient openid openid", "openid launch/patient"},
		{"  openid   fhirUser ", "openid fhirUser"},
	} {
		t.Run(c.text, func(t *testing.T) {
			set, err := scope.Parse(c.text)
			if err != nil || set.String() != c.want {
				t.Errorf("%q is %q, %v; want %q", c.text, set, err, c.want)
			}
		})
	}
}

// TestWrongScopesAreNamed: each is refused, and the others are still there.
func TestWrongScopesAreNamed(t *testing.T) {
	for _, word := range []string{
		"patient/CarePlan", "patient/CarePlan.", "patient/CarePlan.sr", "patient/CarePlan.rr", "patient/CarePlan.x",
		"patient/CarePlan.Read", "patient/Careplan.rs", "patient/.rs", "patient/**.rs", "patients/CarePlan.rs", "Patient/CarePlan.rs",
		"/CarePlan.rs", "CarePlan.rs", "patient/CarePlan.rs?", "patient/CarePlan.rs?status", "patient/CarePlan.rs?status=",
		"patient/CarePlan.rs?=x", "patient/CarePlan.rs?status=x&", "patient/CarePlan.read?status=x", "patient/CarePlan.rs?_include=x",
		"patient/CarePlan.rs?_has:x:y=z", "patient/CarePlan.rs?subject.name=x", "patient/CarePlan.rs?status=%zz", "patient/CarePlan.rs?status=a,,b",
		"launch/practitioner", "OpenID", "offline", "patient/CarePlan.rs/x", "*", "*/*.rs", "patient/*", "__proto__", "patient\\CarePlan.rs",
		"patient/CarePlan.rs\tuser/*.rs", "patient/CarePlan.rs\x00",
	} {
		t.Run(word, func(t *testing.T) {
			set, err := scope.Parse("openid " + word)
			wrong := (*scope.Error)(nil)
			if !errors.As(err, &wrong) || len(wrong.Scopes) != 1 || set.String() != "openid" {
				t.Errorf("%q: %q, %v", word, set, err)
				return
			}
			if strings.ContainsAny(err.Error(), "\"\\\t\x00") {
				t.Errorf("%q: an error description can't hold %q", word, err)
			}
		})
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	for _, text := range []string{strings.Repeat("openid ", 201), strings.Repeat("x", 17000)} {
		t.Run(text, func(t *testing.T) {
			if set, err := scope.Parse(text); err == nil || !set.Empty() {
				t.Errorf("%d bytes: %v", len(text), set)
			}
		})
	}
}

func parse(t *testing.T, text string) scope.Set {
	t.Helper()
	set, err := scope.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestIntersect(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"patient/*.rs", "patient/CarePlan.cruds", "patient/CarePlan.rs"},
		{"patient/*.rs", "user/*.rs", ""},
		{"patient/CarePlan.rs", "patient/Task.rs", ""},
		{"patient/CarePlan.c", "patient/CarePlan.rs", ""},
		{"openid launch patient/*.rs", "openid patient/*.cruds", "openid patient/*.rs"},
		{"user/Task.cud", "user/Task.cruds?status=requested", "user/Task.cud?status=requested"},
		{"user/Task.rs?status=a", "user/Task.rs?status=b", "user/Task.rs?status=a&status=b"},
		{"user/*.rs?_tag=x", "user/Task.r user/Goal.s", "user/Goal.s?_tag=x user/Task.r?_tag=x"},
	} {
		t.Run(c.a, func(t *testing.T) {
			if got := parse(t, c.a).Intersect(parse(t, c.b)).String(); got != c.want {
				t.Errorf("%s and %s have %q in common, want %q", c.a, c.b, got, c.want)
			}
			if got := parse(t, c.b).Intersect(parse(t, c.a)).String(); got != c.want {
				t.Errorf("%s and %s have %q in common, want %q", c.b, c.a, got, c.want)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		granted, asked string
		want           bool
	}{
		{"patient/*.rs openid", "patient/CarePlan.r", true},
		{"patient/*.rs", "patient/*.cruds", false},
		{"patient/*.r patient/CarePlan.s", "patient/CarePlan.rs", true},
		{"patient/*.r patient/CarePlan.s", "patient/Task.rs", false},
		{"patient/CarePlan.rs", "patient/*.rs", false},
		{"patient/Task.rs?status=a", "patient/Task.rs", false},
		{"patient/Task.rs?status=a", "patient/Task.rs?status=a", true},
		{"patient/Task.rs?status=a", "patient/Task.rs?code=b&status=a", true},
		{"patient/Task.rs?code=b&status=a", "patient/Task.rs?status=a", false},
		{"patient/*.rs", "user/*.rs", false},
		{"patient/*.rs", "offline_access", false},
		{"patient/*.rs", "", true},
	} {
		t.Run(c.granted, func(t *testing.T) {
			if got := parse(t, c.granted).Covers(parse(t, c.asked)); got != c.want {
				t.Errorf("%s covers %s: %v, want %v", c.granted, c.asked, got, c.want)
			}
		})
	}
}

func TestVersion1(t *testing.T) {
	got := parse(t, "openid patient/*.read user/Task.write user/Goal.* patient/CarePlan.c").Version1()
	if want := "openid patient/*.read patient/CarePlan.c user/Goal.* user/Task.write"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDescribe(t *testing.T) {
	for text, want := range map[string]string{
		"patient/CarePlan.rs":                  "See your care plans",
		"patient/*.rs":                         "See your health records",
		"patient/Observation.cruds":            "See, add, change and delete your measurements and test results",
		"patient/Task.cu?status=x":             "Add and change your tasks, only where status is x",
		"user/Task.rs?code=http://x|a,b":       "See tasks that you have access to, only where code is b or a",
		"system/ExplanationOfBenefit.s":        "See insurance bills and payments",
		"patient/CoverageEligibilityRequest.r": "See your coverage eligibility requests",
	} {
		t.Run(text, func(t *testing.T) {
			if got := parse(t, text).Resources[0].Describe(true); got != want {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
		})
	}
	for _, name := range scope.Others() {
		if scope.DescribeOther(name) == "" {
			t.Errorf("nothing is said of %s", name)
		}
	}
}

// FuzzParse: normal form is stable, allows what it says, and is what
// intersecting with itself gives.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"openid patient/*.read", "user/Task.cud?status=requested&code=a,b", "patient/Observation.rs?category=http://x%7Clab patient/*.s",
		"patient/A.rs?a=%00%2C", "launch/patient system/*.*", "user/*.rs?_tag=%5C,",
	} {
		f.Add(text, "patient/*.rs user/Task.cruds?status=requested")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		first, _ := scope.Parse(a)
		second, _ := scope.Parse(b)
		again, err := scope.Parse(first.String())
		if err != nil || again.String() != first.String() {
			t.Errorf("%q becomes %q, then %q, %v", a, first, again, err)
		}
		meet := first.Intersect(second)
		if !first.Covers(first) || !first.Covers(meet) || !second.Covers(meet) {
			t.Errorf("%q and %q have %q in common", first, second, meet)
		}
		if self := first.Intersect(first); !first.Covers(self) || !self.Covers(first) {
			t.Errorf("%q with itself is %q", first, self)
		}
		if first.Covers(second) && !meet.Covers(second) {
			t.Errorf("%q covers %q, but they have only %q in common", first, second, meet)
		}
		old, err := scope.Parse(first.Version1())
		if err != nil || old.String() != first.String() {
			t.Errorf("%q in version 1 becomes %q, %v", first, old, err)
		}
	})
}
