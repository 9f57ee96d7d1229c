package fhir_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
)

var decodeSchema = definition.R4()

// decode is Decode with R4's definitions and the default limits.
func decode(text string) (*fhir.Tree, error) {
	return fhir.Decode(decodeSchema, []byte(text), fhir.DefaultLimits)
}

func mustDecode(t testing.TB, text string) *fhir.Tree {
	t.Helper()
	tree, err := decode(text)
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return tree
}

// problems gives an error's kind, and its issues as "code expression".
func problems(err error) (kind fhir.Kind, issues []string) {
	var e *fhir.Error
	if !errors.As(err, &e) {
		return -1, nil
	}
	for _, is := range e.Issues {
		issues = append(issues, strings.TrimSpace(is.Code+" "+is.Expression))
	}
	return e.Kind, issues
}

const (
	patient = `{"resourceType":"Patient"`
	allergy = `{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}`
	plan    = `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/1"}`
)

// unreadable are texts that aren't R4 JSON: kind Structure.
var unreadable = map[string]struct {
	text string
	want []string
}{
	"no resourceType":        {`{"id":"a"}`, []string{"structure"}},
	"unknown resourceType":   {`{"resourceType":"Pateint"}`, []string{"structure"}},
	"abstract resourceType":  {`{"resourceType":"DomainResource"}`, []string{"structure"}},
	"a data type":            {`{"resourceType":"HumanName"}`, []string{"structure"}},
	"an element's type":      {`{"resourceType":"CarePlan.activity"}`, []string{"structure"}},
	"resourceType no string": {`{"resourceType":1}`, []string{"structure"}},
	"no object":              {`[]`, []string{"structure"}},
	"a string":               {`"Patient"`, []string{"structure"}},
	"resourceType twice":     {patient + `,"resourceType":"Patient"}`, []string{"structure Patient.resourceType"}},
	"resourceType twice, spelt otherwise": {
		patient + `,"resource\u0054ype":"Patient"}`, []string{"structure Patient.resourceType"},
	},
	"unknown element":        {plan + `,"foo":{"bar":[1,{}]}}`, []string{"structure CarePlan.foo"}},
	"unknown element inside": {plan + `,"activity":[{"detail":{"status":"scheduled","foo":1}}]}`, []string{"structure CarePlan.activity[0].detail.foo"}},
	"unknown odd name":       {patient + `,"a b":1,"":2}`, []string{"structure Patient", "structure Patient"}},
	"unknown twin":           {patient + `,"_name":[{"id":"a"}]}`, []string{"structure Patient._name"}},
	"twin of an id":          {patient + `,"_id":{"id":"a"}}`, []string{"structure Patient._id"}},
	"choice without type":    {`{"resourceType":"Observation","status":"final","code":{"text":"a"},"value":1}`, []string{"structure Observation.value"}},
	"choice of no such type": {`{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueAddress":{}}`, []string{"structure Observation.valueAddress"}},
	"choice twice":           {patient + `,"deceasedBoolean":true,"deceasedDateTime":"2024"}`, []string{"structure Patient.deceased"}},
	"choice twice by twin":   {patient + `,"deceasedBoolean":true,"_deceasedDateTime":{"id":"a"}}`, []string{"structure Patient.deceased"}},
	"duplicate":              {patient + `,"active":true,"active":true}`, []string{"structure Patient.active"}},
	"duplicate by escape":    {patient + `,"active":true,"activ\u0065":true}`, []string{"structure Patient.active"}},
	"duplicate twin":         {patient + `,"_active":{"extension":[{"url":"a"}]},"_active":{}}`, []string{"structure Patient.active"}},
	"duplicate inside":       {patient + `,"name":[{"text":"a"},{"text":"a","text":"b"}]}`, []string{"structure Patient.name[1].text"}},
	"string for boolean":     {patient + `,"active":"true"}`, []string{"structure Patient.active"}},
	"number for string":      {patient + `,"gender":1}`, []string{"structure Patient.gender"}},
	"string for number":      {patient + `,"multipleBirthInteger":"1"}`, []string{"structure Patient.multipleBirth"}},
	"object for string":      {patient + `,"gender":{}}`, []string{"structure Patient.gender"}},
	"string for object":      {patient + `,"maritalStatus":"a"}`, []string{"structure Patient.maritalStatus"}},
	"array for one":          {patient + `,"gender":["male"]}`, []string{"structure Patient.gender"}},
	"one for array":          {patient + `,"name":{"text":"a"}}`, []string{"structure Patient.name"}},
	"string in object array": {patient + `,"name":["a",{"text":"b"}]}`, []string{"structure Patient.name[0]"}},
	"array in array":         {patient + `,"name":[{"given":[["a"]]}]}`, []string{"structure Patient.name[0].given[0]"}},
	"empty object":           {patient + `,"maritalStatus":{}}`, []string{"structure Patient.maritalStatus"}},
	"empty array":            {patient + `,"name":[]}`, []string{"structure Patient.name"}},
	"empty member":           {patient + `,"name":[{}]}`, []string{"structure Patient.name[0]"}},
	"null":                   {patient + `,"active":null}`, []string{"structure Patient.active"}},
	"null object":            {patient + `,"maritalStatus":null}`, []string{"structure Patient.maritalStatus"}},
	"null in objects":        {patient + `,"name":[null]}`, []string{"structure Patient.name[0]"}},
	"null in primitives":     {patient + `,"name":[{"given":["a",null]}]}`, []string{"structure Patient.name[0].given[1]"}},
	"null in both":           {patient + `,"name":[{"given":["a",null],"_given":[null,null]}]}`, []string{"structure Patient.name[0].given[1]"}},
	"null in both, twin first": {
		patient + `,"name":[{"_given":[null,null],"given":["a",null]}]}`, []string{"structure Patient.name[0].given[1]"},
	},
	"null twin":                   {patient + `,"active":true,"_active":null}`, []string{"structure Patient.active"}},
	"twin no object":              {patient + `,"_active":true}`, []string{"structure Patient.active"}},
	"twin no array":               {patient + `,"name":[{"given":["a"],"_given":{"id":"a"}}]}`, []string{"structure Patient.name[0].given"}},
	"empty twin":                  {patient + `,"active":true,"_active":{}}`, []string{"structure Patient.active"}},
	"unknown in twin":             {patient + `,"active":true,"_active":{"value":1}}`, []string{"structure Patient.active.value"}},
	"empty twin alone":            {patient + `,"_birthDate":{}}`, []string{"structure Patient.birthDate"}},
	"unknown in twin alone":       {patient + `,"_birthDate":{"value":1}}`, []string{"structure Patient.birthDate.value"}},
	"empty object lacks nothing":  {patient + `,"communication":[{}]}`, []string{"structure Patient.communication[0]"}},
	"misspelt coding":             {allergy + `,"clinicalStatus":{"codin":[]}}`, []string{"structure AllergyIntolerance.clinicalStatus.codin"}},
	"nested without type":         {`{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"id":"a"}}]}`, []string{"structure Bundle.entry[0].resource"}},
	"nested of unknown type":      {patient + `,"contained":[{"resourceType":"X"}]}`, []string{"structure Patient.contained[0]"}},
	"nested unknown element":      {patient + `,"contained":[{"resourceType":"Group","type":"person","actual":true,"foo":1}]}`, []string{"structure Patient.contained[0].foo"}},
	"resourceType in a data type": {patient + `,"name":[{"resourceType":"HumanName","text":"a"}]}`, []string{"structure Patient.name[0].resourceType"}},
	"both kinds": {
		patient + `,"gender":"no","foo":1,"birthDate":"2024-02-30"}`,
		[]string{"code-invalid Patient.gender", "structure Patient.foo", "value Patient.birthDate"},
	},
}

// unprocessable are texts that read, but break a rule: kind Unprocessable.
var unprocessable = map[string]struct {
	text string
	want []string
}{
	"bad date":                {patient + `,"birthDate":"2024-02-30"}`, []string{"value Patient.birthDate"}},
	"bad id":                  {patient + `,"id":"a_b"}`, []string{"value Patient.id"}},
	"long id":                 {patient + `,"id":"` + strings.Repeat("x", 65) + `"}`, []string{"value Patient.id"}},
	"NUL by escape":           {patient + `,"name":[{"text":"a\u0000"}]}`, []string{"value Patient.name[0].text"}},
	"empty string":            {patient + `,"name":[{"text":""}]}`, []string{"value Patient.name[0].text"}},
	"empty uri":               {patient + `,"implicitRules":""}`, []string{"value Patient.implicitRules"}},
	"decimal for integer":     {patient + `,"multipleBirthInteger":1.0}`, []string{"value Patient.multipleBirth"}},
	"number too big":          {patient + `,"multipleBirthInteger":2147483648}`, []string{"value Patient.multipleBirth"}},
	"no extension url":        {patient + `,"extension":[{"valueString":"a"}]}`, []string{"required Patient.extension[0].url"}},
	"bad extension url":       {patient + `,"extension":[{"url":"a b","valueString":"a"}]}`, []string{"value Patient.extension[0].url"}},
	"required missing":        {`{"resourceType":"CarePlan"}`, []string{"required CarePlan.status", "required CarePlan.intent", "required CarePlan.subject"}},
	"required missing inside": {plan + `,"activity":[{"detail":{"description":"a"}}]}`, []string{"required CarePlan.activity[0].detail.status"}},
	"required choice":         {`{"resourceType":"Task","status":"draft","intent":"order","input":[{"type":{"text":"a"}}]}`, []string{"required Task.input[0].value"}},
	"code outside":            {patient + `,"gender":"man"}`, []string{"code-invalid Patient.gender"}},
	"code with other case":    {patient + `,"gender":"Male"}`, []string{"code-invalid Patient.gender"}},
	"concept of other codes": {
		allergy + `,"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"gone"},{"system":"http://example.org","code":"active"}]}}`,
		[]string{"code-invalid AllergyIntolerance.clinicalStatus"},
	},
	"concept that needs a code":       {allergy + `,"clinicalStatus":{"text":"active"}}`, []string{"code-invalid AllergyIntolerance.clinicalStatus"}},
	"code without a system":           {allergy + `,"clinicalStatus":{"coding":[{"code":"active"}]}}`, []string{"code-invalid AllergyIntolerance.clinicalStatus"}},
	"coding without a code":           {allergy + `,"clinicalStatus":{"coding":[{"display":"Active"}]}}`, []string{"code-invalid AllergyIntolerance.clinicalStatus"}},
	"narrative no div":                {patient + `,"text":{"status":"generated","div":"text"}}`, []string{"value Patient.text.div"}},
	"narrative with script":           {patient + `,"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>a</script></div>"}}`, []string{"value Patient.text.div"}},
	"nothing but an id":               {patient + `,"maritalStatus":{"id":"a"}}`, []string{"invariant Patient.maritalStatus"}},
	"twin without value or extension": {patient + `,"_birthDate":{"id":"a"}}`, []string{"invariant Patient.birthDate"}},
	"array twin without value or extension": {
		patient + `,"name":[{"given":[null],"_given":[{"id":"a"}]}]}`, []string{"invariant Patient.name[0].given[0]"},
	},
	"in a twin's extension": {patient + `,"_birthDate":{"extension":[{"url":"a","valueDate":"x"}]}}`, []string{"value Patient.birthDate.extension[0].value"}},
	"in a list": {
		patient + `,"contact":[{"name":{"given":["a"]}},{"gender":"x","period":{"start":"y"}}]}`,
		[]string{"code-invalid Patient.contact[1].gender", "value Patient.contact[1].period.start"},
	},
	"in a bundle": {
		`{"resourceType":"Bundle","type":"batch","entry":[{"resource":` + patient + `}},{"resource":` + patient + `,"birthDate":"x"},"request":{"method":"PATCHY","url":"Patient"}}]}`,
		[]string{"value Bundle.entry[1].resource.birthDate", "code-invalid Bundle.entry[1].request.method"},
	},
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range unreadable {
		t.Run("unreadable/"+name, func(t *testing.T) { expectProblems(t, c.text, fhir.Structure, c.want) })
	}
	for name, c := range unprocessable {
		t.Run("unprocessable/"+name, func(t *testing.T) { expectProblems(t, c.text, fhir.Unprocessable, c.want) })
	}
}

func expectProblems(t *testing.T, text string, kind fhir.Kind, want []string) {
	t.Helper()
	tree, err := decode(text)
	if tree == nil {
		t.Error("no tree came with the error")
	}
	if gotKind, got := problems(err); gotKind != kind || !slices.Equal(got, want) {
		t.Errorf("kind %d, issues %q; expected kind %d, issues %q", gotKind, got, kind, want)
	}
}

// readable are texts that are right, though unusual.
var readable = map[string]string{
	"resourceType last":               `{"active":true,"resourceType":"Patient"}`,
	"resourceType escaped":            `{"active":true,"resource\u0054ype":"Patient"}`,
	"only resourceType":               patient + `}`,
	"nested resourceType last":        `{"contained":[{"type":"person","actual":true,"resourceType":"Group"}],"resourceType":"Patient"}`,
	"twin after":                      patient + `,"birthDate":"2024","_birthDate":{"id":"a"}}`,
	"twin before":                     patient + `,"_birthDate":{"id":"a"},"birthDate":"2024"}`,
	"twin alone":                      patient + `,"_birthDate":{"extension":[{"url":"a","valueString":"b"}]}}`,
	"twins in arrays":                 patient + `,"name":[{"given":["a",null,"c"],"_given":[null,{"extension":[{"url":"a","valueString":"b"}]},null]}]}`,
	"twins longer":                    patient + `,"name":[{"given":["a"],"_given":[null,{"extension":[{"url":"a","valueString":"b"}]}]}]}`,
	"twins shorter":                   patient + `,"name":[{"given":["a","b"],"_given":[{"id":"x"}]}]}`,
	"twins first":                     patient + `,"name":[{"_given":[{"id":"x"},null],"family":"f","given":["a","b"]}]}`,
	"required as twin":                `{"resourceType":"CarePlan","_status":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},"intent":"plan","subject":{"reference":"Patient/1"}}`,
	"decimal forms":                   `{"resourceType":"Observation","status":"final","code":{"text":"a"},"component":[{"code":{"text":"a"},"valueQuantity":{"value":1.0}},{"code":{"text":"a"},"valueQuantity":{"value":1e2}},{"code":{"text":"a"},"valueQuantity":{"value":0.123456789012345678901234567890}}]}`,
	"item in item":                    `{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"group","item":[{"linkId":"1.1.1","type":"string"}]}]}]}`,
	"extension in extension":          patient + `,"extension":[{"url":"a","extension":[{"url":"b","valuePeriod":{"start":"2024"}}]}]}`,
	"resource in parameters":          `{"resourceType":"Parameters","parameter":[{"name":"a","resource":` + patient + `}},{"name":"b","valueMoney":{"value":1,"currency":"EUR"}}]}`,
	"byte order mark":                 "\ufeff" + patient + "}",
	"white space":                     " {\t\"resourceType\"\r\n: \"Patient\" , \"active\" : true } \n",
	"concept with text only":          `{"resourceType":"Patient","communication":[{"language":{"text":"German"}}]}`,
	"concept of the set among others": allergy + `,"clinicalStatus":{"coding":[{"system":"http://example.org","code":"x"},{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]}}`,
	"escapes":                         patient + `,"name":[{"text":"\u00e9\/\ud83d\ude00\"\\"}]}`,
}

func TestDecodeTakes(t *testing.T) {
	for name, text := range readable {
		if _, err := decode(text); err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
	}
}

// TestDecodeSyntax says where the text stops being JSON, and nothing of what
// it holds.
func TestDecodeSyntax(t *testing.T) {
	cases := map[string]string{
		"":                                 "line 1, column 1",
		" \n":                              "line 2, column 1",
		`{"resourceType":"Patient"`:        "line 1, column 26",
		`{"resourceType":"Patient"}{}`:     "line 1, column 27",
		"{\n \"é\": 01}":                   "line 2, column 8",
		"{\"a\":\n\"secret\xff\"}":         "line 2, column 8",
		`{"a":"secret\ud800 secret"}`:      "line 1, column 13",
		"{\"a\":\"secret\x00\"}":           "line 1, column 13",
		`{"resourceType":'Patient'}`:       "line 1, column 17",
		`{"a":NaN}`:                        "line 1, column 6",
		`{"a":1,}`:                         "line 1, column 8",
		"\ufeff\ufeff{}":                   "line 1, column 1",
		`<Patient xmlns="http://hl7.org">`: "line 1, column 1",
	}
	for text, where := range cases {
		tree, err := decode(text)
		kind, issues := problems(err)
		if tree != nil || kind != fhir.Structure || !slices.Equal(issues, []string{"structure"}) {
			t.Errorf("%q: tree %v, kind %v, issues %q", text, tree != nil, kind, issues)
			continue
		}
		if !strings.Contains(err.Error(), where+":") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v; expected %s", text, err, where)
		}
	}
}

func TestDecodeLimits(t *testing.T) {
	limits := fhir.Limits{Bytes: 2000, Depth: 6, Issues: 3}
	item := `{"linkId":"1","type":"group","item":[%s]}`
	deep := `{"resourceType":"Questionnaire","status":"draft","item":[` + fmt.Sprintf(item, fmt.Sprintf(item, fmt.Sprintf(item, `{"linkId":"1","type":"group"}`))) + `]}`
	cases := []struct {
		name, text string
		kind       fhir.Kind
		want       []string
	}{
		{"bytes", patient + strings.Repeat(" ", 2000) + "}", fhir.TooLarge, []string{"too-long"}},
		{"depth", deep, fhir.Structure, []string{"structure Questionnaire.item[0].item[0].item[0]"}},
		{"syntax at depth", strings.Repeat("[", 1000), fhir.Structure, []string{"structure"}},
		{"issues", patient + `,"a":1,"b":1,"c":1,"d":1,"e":1}`, fhir.Structure, []string{"structure Patient.a", "structure Patient.b", "structure Patient.c", "informational"}},
		{"structure beyond the issues", patient + `,"gender":"x","birthDate":"x","id":"_","d":1}`, fhir.Structure, []string{"code-invalid Patient.gender", "value Patient.birthDate", "value Patient.id", "informational"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tree, err := fhir.Decode(definition.R4(), []byte(c.text), limits)
			if kind, got := problems(err); kind != c.kind || !slices.Equal(got, c.want) {
				t.Errorf("%s: kind %d, issues %q; expected kind %d, issues %q", c.name, kind, got, c.kind, c.want)
			}
			if tree == nil && c.name != "syntax at depth" {
				t.Errorf("%s: no tree", c.name)
			}
		})
	}
}

// TestDecodeAtOnce decodes right and wrong texts at the same time: nothing of
// one shows in the tree or the error of another.
func TestDecodeAtOnce(t *testing.T) {
	want := map[string]string{}
	for name, text := range readable {
		want[text] = render(mustDecode(t, readable[name]))
	}
	for _, c := range unprocessable {
		_, err := decode(c.text)
		want[c.text] = err.Error()
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for text, what := range want {
				tree, err := decode(text)
				if err != nil && err.Error() != what || err == nil && render(tree) != what {
					t.Errorf("%s: another answer than alone: %v", text, err)
				}
			}
		})
	}
	all.Wait()
}
