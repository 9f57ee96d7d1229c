package operation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// timing is when something is wanted: at a date, in a period, or by a schedule
// (https://hl7.org/fhir/R4/plandefinition-definitions.html#PlanDefinition.action.timing_x_).
type timing struct {
	at       string
	period   any             // a Period
	schedule json.RawMessage // a Timing
}

// when is the action's timing, else the definition's.
func (m *making) when() timing {
	act, def := m.act, &m.def
	switch {
	case act.TimingDateTime != "":
		return timing{at: act.TimingDateTime}
	case act.TimingPeriod != nil:
		return timing{period: act.TimingPeriod}
	case act.TimingDuration != nil:
		return m.in(act.TimingDuration)
	case act.TimingAge != nil:
		return m.atAge(act.TimingAge)
	case act.TimingRange != nil:
		return m.inRange(act.TimingRange)
	case act.TimingTiming != nil:
		return timing{schedule: act.TimingTiming}
	case def.TimingDateTime != "":
		return timing{at: def.TimingDateTime}
	case def.TimingPeriod != nil:
		return timing{period: def.TimingPeriod}
	case def.TimingDuration != nil:
		return m.in(def.TimingDuration)
	case def.TimingAge != nil:
		return m.atAge(def.TimingAge)
	case def.TimingRange != nil:
		return m.inRange(def.TimingRange)
	}
	return timing{schedule: def.Timing}
}

// in is a time from now on.
func (m *making) in(d *duration) timing {
	at := d.after(m.now)
	if at == "" {
		m.note(m.path + ": its timing isn't carried over: it isn't a whole number of h, d, wk, mo or a.")
	}
	return timing{at: at}
}

// atAge is the day on which the subject reaches an age.
func (m *making) atAge(text json.RawMessage) timing {
	var age duration
	born, err := time.Parse(time.DateOnly, m.names["subject"].Child("birthDate").Text())
	if err != nil || json.Unmarshal(text, &age) != nil || age.after(born) == "" {
		m.note(m.path + ": its timing, an age, isn't carried over: that needs the subject's whole birth date, and a whole number of d, wk, mo or a.")
		return timing{}
	}
	return timing{at: age.after(born)}
}

// inRange is the period between two times from now on.
func (m *making) inRange(text json.RawMessage) timing {
	var r struct{ Low, High *duration }
	period := object{}
	if json.Unmarshal(text, &r) == nil {
		if r.Low != nil {
			set(period, "start", r.Low.after(m.now))
		}
		if r.High != nil {
			set(period, "end", r.High.after(m.now))
		}
	}
	if len(period) == 0 {
		m.note(m.path + ": its timing, a range, isn't carried over: its ends aren't whole numbers of h, d, wk, mo or a.")
		return timing{}
	}
	return timing{period: period}
}

// occurrence sets when it is wanted; schedules say whether the type takes a
// Timing.
func (m *making) occurrence(schedules bool) {
	w := m.when()
	switch {
	case w.at != "":
		m.r["occurrenceDateTime"] = w.at
	case w.period != nil:
		m.r["occurrencePeriod"] = w.period
	case schedules:
		setRaw(m.r, "occurrenceTiming", w.schedule)
	default:
		s := scheduleIn(w.schedule)
		set(m.r, "occurrenceDateTime", s.first(m.now))
		m.noteRepeats(s)
	}
}

// period is when it is to be done, nil for no time; a time on its own is the end.
// Of a schedule it is the first time.
func (m *making) period() (any, schedule) {
	w := m.when()
	if w.period != nil {
		return w.period, schedule{}
	}
	s := scheduleIn(w.schedule)
	if w.at == "" {
		w.at = s.first(m.now)
	}
	if w.at == "" {
		return nil, s
	}
	return object{"end": w.at}, s
}

// dosage is the definition's, at the action's times.
func (m *making) dosage() {
	w := m.when()
	at := w.schedule
	switch {
	case w.at != "":
		at = encoded(object{"event": []string{w.at}})
	case w.period != nil:
		at = encoded(object{"repeat": object{"boundsPeriod": w.period}})
	}
	all := slices.Clone(m.def.Dosage)
	if len(all) == 0 && at != nil {
		all = append(all, json.RawMessage("{}"))
	}
	for i, text := range all {
		var d map[string]json.RawMessage
		if json.Unmarshal(text, &d) == nil && d["timing"] == nil && at != nil {
			d["timing"] = at
			all[i] = encoded(d)
		}
	}
	if len(all) > 0 {
		m.r["dosageInstruction"] = all
	}
}

// noteRepeats notes that a request is for one time of a schedule.
func (m *making) noteRepeats(s schedule) {
	if s.Repeat.Period != 0 && s.Repeat.Count != 1 || len(s.Event) > 1 {
		m.note(m.path + ": its repetition isn't carried over: a " + m.def.Kind + " is for one time, the first.")
	}
}

// duration is a Duration.
type duration struct {
	Value float64 `json:"value"`
	Code  string  `json:"code"`
	Unit  string  `json:"unit"`

	text json.RawMessage
}

// UnmarshalJSON keeps the text too.
func (d *duration) UnmarshalJSON(text []byte) error {
	type plain duration
	err := json.Unmarshal(text, (*plain)(d))
	d.text = slices.Clone(text)
	if d.Code == "" {
		d.Code = units[strings.TrimSuffix(strings.ToLower(d.Unit), "s")]
	}
	return err
}

// units are codes of units that are given in words.
var units = map[string]string{"hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "a"}

// after is the date so long after now; "" for a unit that isn't one of time.
func (d duration) after(now time.Time) string {
	const most = 100_000
	n := int(d.Value)
	if float64(n) != d.Value || n < 0 || n > most {
		return ""
	}
	switch d.Code {
	case "h":
		return now.Add(time.Duration(n) * time.Hour).Format(time.RFC3339)
	case "d":
		return now.AddDate(0, 0, n).Format(time.DateOnly)
	case "wk":
		return now.AddDate(0, 0, 7*n).Format(time.DateOnly)
	case "mo":
		return now.AddDate(0, n, 0).Format(time.DateOnly)
	case "a":
		return now.AddDate(n, 0, 0).Format(time.DateOnly)
	}
	return ""
}

// schedule is what is read of a Timing (https://hl7.org/fhir/R4/datatypes.html#Timing).
type schedule struct {
	Event  []string `json:"event"`
	Repeat struct {
		Count      int     `json:"count"`
		Period     float64 `json:"period"`
		PeriodUnit string  `json:"periodUnit"`
		Bounds     struct {
			Start string `json:"start"`
		} `json:"boundsPeriod"`
	} `json:"repeat"`
}

func scheduleIn(text json.RawMessage) (s schedule) {
	_ = json.Unmarshal(text, &s) // decoded before; nothing where there is none
	return s
}

// first is the first date of a schedule: an event, the beginning of its bounds, or
// one period from now.
func (s schedule) first(now time.Time) string {
	switch {
	case len(s.Event) > 0:
		return s.Event[0]
	case s.Repeat.Bounds.Start != "":
		return s.Repeat.Bounds.Start
	case s.Repeat.Period == 0:
		return ""
	}
	return duration{Value: s.Repeat.Period, Code: s.Repeat.PeriodUnit}.after(now)
}
