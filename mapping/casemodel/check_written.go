package casemodel

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var (
	dateUnreadable = rule("date-unreadable", "A date is a year, a month, a day, or an instant with its zone.")
	periodReversed = rule("period-reversed", "A period can't end before it starts.")
)

var (
	dateType   = reflect.TypeFor[Date]()
	periodType = reflect.TypeFor[Period]()
	refType    = reflect.TypeFor[Ref]()
)

// checkWritten judges how dates and periods are written, wherever they are.
func checkWritten(c *Case, found *Errors) {
	if v := reflect.ValueOf(c).Elem(); miswritten(v) {
		walk(v, "", "", found)
	}
}

// miswritten says whether a date or period in v is written badly. It is walk
// without the paths, which cost most and are seldom wanted.
func miswritten(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Type() == dateType && badDate(v)
	case reflect.Struct:
		if v.Type() == periodType && badPeriod(v) {
			return true
		}
		for i := range v.NumField() {
			if miswritten(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if miswritten(v.Index(i)) {
				return true
			}
		}
	case reflect.Pointer:
		return !v.IsNil() && miswritten(v.Elem())
	}
	return false
}

func badDate(v reflect.Value) bool {
	d := Date(v.String())
	return d != "" && !d.Valid()
}

func badPeriod(v reflect.Value) bool {
	return Period{Date(v.Field(0).String()), Date(v.Field(1).String())}.reversed()
}

func walk(v reflect.Value, path string, part Ref, found *Errors) {
	switch {
	case v.Type() == dateType:
		if badDate(v) {
			found.add(dateUnreadable, part, path)
		}
	case v.Kind() == reflect.Struct:
		if v.Type() == periodType && badPeriod(v) {
			found.add(periodReversed, part, path)
		}
		if id := v.FieldByName("ID"); id.IsValid() && id.Type() == refType {
			part = Ref(id.String())
		}
		for i := range v.NumField() {
			walk(v.Field(i), below(path, v.Type().Field(i)), part, found)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), path+"["+strconv.Itoa(i)+"]", part, found)
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		walk(v.Elem(), path, part, found)
	}
}

func below(path string, f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if path == "" {
		return name
	}
	return path + "." + name
}

// reversed says whether p ends before it starts, both read as loosely as they
// were written.
func (p Period) reversed() bool {
	start, _, ok := p.Start.Span()
	from, end, also := p.End.Span()
	if !ok || !also {
		return false
	}
	return end.Before(start) || end.Equal(start) && from.Before(end)
}

// checkRefs finds parts that name a part which the case should have and hasn't.
func checkRefs(c *Case, found *Errors) {
	for i := range c.Plans {
		p := &c.Plans[i]
		for _, g := range p.Goals {
			if !p.Foreign && c.Goal(g) == nil {
				found.add(goalUnknown, p.ID, indexed("plans", i)+".goals")
			}
		}
	}
	for i, o := range c.Outcomes {
		for _, g := range o.Goals {
			if c.Goal(g) == nil {
				found.add(goalUnknown, o.ID, indexed("outcomes", i)+".goals")
			}
		}
	}
	for i, a := range c.Agreements {
		checkServiceRef(c, a.Service, a.ID, indexed("agreements", i), found)
	}
	for i, a := range c.Authorizations {
		checkServiceRef(c, a.Service, a.ID, indexed("authorizations", i), found)
	}
	for i, d := range c.Diagnoses {
		if !slices.ContainsFunc(c.Problems, func(p Problem) bool { return p.ID == d.Problem }) {
			found.add(problemUnknown, "", indexed("diagnoses", i))
		}
	}
}

var problemUnknown = rule("problem-unknown", "The problem isn't part of the case.")

func checkServiceRef(c *Case, service, id Ref, path string, found *Errors) {
	if service != "" && c.Service(service) == nil {
		found.add(serviceUnknown, id, path+".service")
	}
}
