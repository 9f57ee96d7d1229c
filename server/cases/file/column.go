package file

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseway/mapping/casemodel"
	"caseway/server/cases/form"
)

// Column is a column of a CSV file of cases. Those without set are computed:
// shown, and not read.
type Column struct {
	Name, Text string
	path       string // of what it carries in a case, as rules name it
	Get        func(c *casemodel.Case, now time.Time) string
	Set        func(r *row, v string) (wrong string)
}

// row is what is being made of a row of a file.
type row struct {
	c      *casemodel.Case
	stored *casemodel.Case // nil for a new case
	// newID gives ids to parts that a cell makes.
	newID func(resourceType string) casemodel.Ref
}

// Columns are all that a file may have, in the order in which an export has
// them. Names and order don't change; new ones come at the end.
var Columns = []Column{
	{Name: "id", path: "id", Text: "Id of the case."},
	{Name: "etag", path: "etag", Text: "State of the case; an import changes it only in this state."},
	ofFlag("adopted", "adopted", "Whether the rules of cases bind it; true where the column isn't there.",
		func(c *casemodel.Case) *bool { return &c.Adopted }),
	ofText("phase", "phase", "Phase of the case.", func(c *casemodel.Case) *casemodel.Phase { return &c.Phase }),
	ofFlag("queued", "queued", "Whether a referral waits for a place.", func(c *casemodel.Case) *bool { return &c.Queued }),
	ofText("model", "model", "How the case is run.", func(c *casemodel.Case) *casemodel.Model { return &c.Model }),
	ofText("setting", "setting", "Where the case is managed.", func(c *casemodel.Case) *casemodel.Setting { return &c.Setting }),
	{
		Name: "targetPopulation", path: "targetPopulation", Text: "What makes the client eligible in the targeted model, in words.",
		Get: func(c *casemodel.Case, _ time.Time) string { return c.TargetPopulation.String() },
		Set: func(r *row, v string) string {
			r.c.TargetPopulation = words(v)
			return ""
		},
	},
	ofText("client", "client.id", "The Patient, such as Patient/1.", func(c *casemodel.Case) *casemodel.Ref { return &c.Client.ID }),
	ofText("clientName", "client.name", "Name of the client.", func(c *casemodel.Case) *string { return &c.Client.Name }),
	ofDate("clientBirthDate", "client.birthDate", "Birth date of the client.", func(c *casemodel.Case) *casemodel.Date { return &c.Client.BirthDate }),
	ofText("clientGender", "client.gender", "male, female, other or unknown.", func(c *casemodel.Case) *string { return &c.Client.Gender }),
	ofText("manager", "manager.ref", "The case manager, such as Practitioner/1.", func(c *casemodel.Case) *casemodel.Ref { return &c.Manager.Ref }),
	ofName("managerName", "manager.name", "Name of the case manager.", func(c *casemodel.Case) *casemodel.Party { return &c.Manager }),
	ofText("organization", "managingOrganization.ref", "Who manages the case, such as Organization/1.",
		func(c *casemodel.Case) *casemodel.Ref { return &c.ManagingOrganization.Ref }),
	ofName("organizationName", "managingOrganization.name", "Name of that organization.",
		func(c *casemodel.Case) *casemodel.Party { return &c.ManagingOrganization }),
	ofDate("start", "period.start", "When the case began.", func(c *casemodel.Case) *casemodel.Date { return &c.Period.Start }),
	ofDate("end", "period.end", "When the case ended.", func(c *casemodel.Case) *casemodel.Date { return &c.Period.End }),
	{Name: "diagnosis", path: "diagnoses", Text: "The first diagnosis, in words.", Get: diagnosisText, Set: setDiagnosisText},
	{Name: "diagnosisCode", path: "diagnoses", Text: "The first diagnosis, as system|code.", Get: diagnosisCode, Set: setDiagnosisCode},
	{Name: "contactKind", path: "cadences", Text: "How client and case manager meet.", Get: cadenceKind, Set: setCadenceKind},
	{Name: "contactDays", path: "cadences", Text: "How many days lie from one contact to the next.", Get: cadenceDays, Set: setCadenceDays},
	{Name: "plan", path: "plans", Text: "Title of the plan in force.", Get: planTitle, Set: setPlanTitle},
	{Name: "planApprovedBy", path: "plans.approvals", Text: "Who approved it, such as Practitioner/1.", Get: planApprovedBy, Set: setPlanApprovedBy},
	{Name: "planApprovedByName", path: "plans.approvals", Text: "Name of who approved it.", Get: planApprovedByName, Set: setPlanApprovedByName},
	{Name: "planApprovedAt", path: "plans.approvals", Text: "When it was approved.", Get: planApprovedAt, Set: setPlanApprovedAt},
	{
		Name: "holdFrom", path: "hold.from", Text: "The phase to which a case on hold resumes.",
		Get: func(c *casemodel.Case, _ time.Time) string { return string(holdOf(c).From) },
		Set: func(r *row, v string) string { return setText(&toHold(r.c).From, v) },
	},
	{
		Name: "holdReason", path: "hold.reason", Text: "Why a case is on hold.",
		Get: func(c *casemodel.Case, _ time.Time) string { return holdOf(c).Reason },
		Set: func(r *row, v string) string { return setText(&toHold(r.c).Reason, v) },
	},
	{
		Name: "closureReason", path: "closure.reason", Text: "Why a case was closed: a code of the closure reasons.",
		Get: func(c *casemodel.Case, _ time.Time) string { return closureCode(closureOf(c).Reason) },
		Set: setClosureReason,
	},
	{
		Name: "closureSummary", path: "closure.summary", Text: "What came of a closed case.",
		Get: func(c *casemodel.Case, _ time.Time) string { return closureOf(c).Summary },
		Set: func(r *row, v string) string { return setText(&toClosure(r.c).Summary, v) },
	},
	{
		Name: "handOver", path: "closure.handOver", Text: "What whoever goes on must know.",
		Get: func(c *casemodel.Case, _ time.Time) string { return closureOf(c).HandOver },
		Set: func(r *row, v string) string { return setText(&toClosure(r.c).HandOver, v) },
	},
	{
		Name: "cancellationReason", path: "cancellation.reason", Text: "Why a case was cancelled.",
		Get: func(c *casemodel.Case, _ time.Time) string {
			if c.Cancellation == nil {
				return ""
			}
			return c.Cancellation.Reason
		},
		Set: func(r *row, v string) string {
			if r.c.Cancellation == nil {
				r.c.Cancellation = &casemodel.Cancellation{}
			}
			return setText(&r.c.Cancellation.Reason, v)
		},
	},
	computed("insurers", "Who insures the client.", func(c *casemodel.Case, _ time.Time) string { return partyNames(c.Insurers()) }),
	computed("overdue", "Whether something is overdue.", func(c *casemodel.Case, now time.Time) string {
		return strconv.FormatBool(casemodel.Overdue(c, now))
	}),
	computed("nextDue", "When something comes due next.", func(c *casemodel.Case, _ time.Time) string { return string(dueOf(c).Date) }),
	computed("nextDueKind", "What comes due then.", func(c *casemodel.Case, _ time.Time) string { return dueOf(c).Kind }),
	computed("problems", "How many problems the case has.", count(func(c *casemodel.Case) []casemodel.Problem { return c.Problems })),
	computed("goals", "How many goals the case has.", count(func(c *casemodel.Case) []casemodel.Goal { return c.Goals })),
	computed("services", "How many services the case has.", count(func(c *casemodel.Case) []casemodel.Service { return c.Services })),
	computed("servicesOpen", "How many of them go on.", open(
		func(c *casemodel.Case) []casemodel.Service { return c.Services }, func(x casemodel.Service) bool { return x.Status.Done() })),
	computed("tasksOpen", "How many tasks are open.", open(
		func(c *casemodel.Case) []casemodel.Task { return c.Tasks }, func(x casemodel.Task) bool { return x.Status.Done() })),
	computed("lastContact", "When client and case manager last met.", func(c *casemodel.Case, _ time.Time) string { return string(lastContact(c)) }),
	{
		Name: "clientIdentifier", path: "clientIdentifier",
		Text: "An identifier of the client, as system|value: it finds the Patient where the column client is blank. An export leaves it blank.",
		Get:  func(*casemodel.Case, time.Time) string { return "" },
		Set:  func(*row, string) string { return "" }, // resolved before the case is made
	},
}

func columnNames() []string {
	names := make([]string, len(Columns))
	for i, k := range Columns {
		names[i] = k.Name
	}
	return names
}

func columnNamed(name string) *Column {
	at := slices.IndexFunc(Columns, func(k Column) bool { return k.Name == name })
	if at < 0 {
		return nil
	}
	return &Columns[at]
}

// ofText is a column of a single value.
func ofText[S ~string](name, path, text string, at func(*casemodel.Case) *S) Column {
	return Column{
		Name: name, path: path, Text: text,
		Get: func(c *casemodel.Case, _ time.Time) string { return string(*at(c)) },
		Set: func(r *row, v string) string { return setText(at(r.c), v) },
	}
}

// ofDate is a column of a date.
func ofDate(name, path, text string, at func(*casemodel.Case) *casemodel.Date) Column {
	k := ofText(name, path, text, at)
	k.Set = func(r *row, v string) string { return setDate(at(r.c), v) }
	return k
}

// ofName is a column of the name of a party. Of one that has a resource, the
// name is that one's.
func ofName(name, path, text string, at func(*casemodel.Case) *casemodel.Party) Column {
	return Column{
		Name: name, path: path, Text: text,
		Get: func(c *casemodel.Case, _ time.Time) string { return at(c).Name },
		Set: func(r *row, v string) string {
			switch ref := at(r.c).Ref; {
			case ref == "":
				at(r.c).Name = v
			case r.stored != nil && at(r.stored).Ref == ref:
				return "is the name in the directory; it isn't changed here"
			}
			return ""
		},
	}
}

func setText[S ~string](at *S, v string) (wrong string) {
	if f := form.Of(reflect.TypeFor[S]()); f != nil && v != "" && !f.Valid(v) {
		return f.Text
	}
	*at = S(v)
	return ""
}

func ofFlag(name, path, text string, at func(*casemodel.Case) *bool) Column {
	return Column{
		Name: name, path: path, Text: text,
		Get: func(c *casemodel.Case, _ time.Time) string { return strconv.FormatBool(*at(c)) },
		Set: func(r *row, v string) string {
			yes, known := flags[strings.ToLower(v)]
			if !known {
				return "must be true or false"
			}
			*at(r.c) = yes
			return ""
		},
	}
}

func computed(name, text string, get func(*casemodel.Case, time.Time) string) Column {
	return Column{Name: name, Text: text, Get: get}
}

func count[T any](list func(*casemodel.Case) []T) func(*casemodel.Case, time.Time) string {
	return func(c *casemodel.Case, _ time.Time) string { return strconv.Itoa(len(list(c))) }
}

func open[T any](list func(*casemodel.Case) []T, done func(T) bool) func(*casemodel.Case, time.Time) string {
	return func(c *casemodel.Case, _ time.Time) string {
		n := 0
		for _, x := range list(c) {
			if !done(x) {
				n++
			}
		}
		return strconv.Itoa(n)
	}
}
