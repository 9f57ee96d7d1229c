package fhirproto

import (
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// timeFields are the fields beside value_us of a date, dateTime, instant or
// time. A time has no zone.
type timeFields struct {
	zone, precision protoreflect.FieldDescriptor
	precisions      map[string]protoreflect.EnumNumber
}

func (f *timeFields) take() {
	values := f.precision.Enum().Values()
	for i := range values.Len() {
		f.precisions[string(values.Get(i).Name())] = values.Get(i).Number()
	}
}

// The layouts of each precision, which is the proto's name for it. The zone of
// those without one is UTC.
var layouts = map[string]string{
	"YEAR": "2006", "MONTH": "2006-01", "DAY": "2006-01-02",
	"SECOND":      "2006-01-02T15:04:05Z07:00",
	"MILLISECOND": "2006-01-02T15:04:05.000Z07:00",
	"MICROSECOND": "2006-01-02T15:04:05.000000Z07:00",
}

var clockLayouts = map[string]string{"SECOND": "15:04:05", "MILLISECOND": "15:04:05.000", "MICROSECOND": "15:04:05.000000"}

// precisionOf is the finest precision that a text needs.
func precisionOf(text string) string {
	switch {
	case len(text) == len("2006"):
		return "YEAR"
	case len(text) == len("2006-01"):
		return "MONTH"
	case len(text) == len("2006-01-02"):
		return "DAY"
	}
	_, fraction, some := strings.Cut(text, ".")
	digits := strings.IndexAny(fraction, "Z+-")
	if digits < 0 {
		digits = len(fraction)
	}
	switch {
	case !some:
		return "SECOND"
	case digits <= 3:
		return "MILLISECOND"
	}
	return "MICROSECOND"
}

func (s *shape) setTime(m protoreflect.Message, text string) bool {
	precision := precisionOf(text)
	at, err := time.Parse(layouts[precision], text)
	if err != nil {
		// Leap seconds, or fewer digits than the layout: the text says it.
		if at, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return false
		}
	}
	m.Set(s.field, protoreflect.ValueOfInt64(at.UnixMicro()))
	m.Set(s.time.zone, protoreflect.ValueOfString(zoneOf(text, precision)))
	m.Set(s.time.precision, protoreflect.ValueOfEnum(s.time.precisions[precision]))
	return at.Format(layouts[precision]) == text
}

// zoneOf is the time zone as the protos name it: Z, UTC for what has none, or
// the offset.
func zoneOf(text, precision string) string {
	switch {
	case precision == "YEAR" || precision == "MONTH" || precision == "DAY":
		return "UTC"
	case strings.HasSuffix(text, "Z"):
		return "Z"
	case len(text) > 6:
		return text[len(text)-6:]
	}
	return ""
}

func (s *shape) appendTime(dst []byte, m protoreflect.Message) []byte {
	layout := layouts[s.precision(m)]
	if layout == "" {
		layout = layouts["SECOND"]
	}
	at := time.UnixMicro(m.Get(s.field).Int()).UTC()
	if zone := m.Get(s.time.zone).String(); zone != "" && zone != "Z" && zone != "UTC" {
		if z, err := time.Parse("Z07:00", zone); err == nil {
			at = at.In(z.Location())
			if strings.HasSuffix(zone, "00:00") { // written so, though it is UTC
				layout = strings.Replace(layout, "Z07:00", "-07:00", 1)
			}
		}
	}
	return at.AppendFormat(dst, layout)
}

func (s *shape) precision(m protoreflect.Message) string {
	number := m.Get(s.time.precision).Enum()
	return string(s.time.precision.Enum().Values().ByNumber(number).Name())
}

func (s *shape) setClock(m protoreflect.Message, text string) bool {
	precision := "SECOND"
	if strings.Contains(text, ".") {
		precision = precisionOf("2006-01-02T" + text)
	}
	at, err := time.Parse(clockLayouts[precision], text)
	if err != nil {
		if at, err = time.Parse("15:04:05.999999999", text); err != nil {
			return false
		}
	}
	midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	m.Set(s.field, protoreflect.ValueOfInt64(at.Sub(midnight).Microseconds()))
	m.Set(s.time.precision, protoreflect.ValueOfEnum(s.time.precisions[precision]))
	return at.Format(clockLayouts[precision]) == text
}

func (s *shape) appendClock(dst []byte, m protoreflect.Message) []byte {
	layout := clockLayouts[s.precision(m)]
	if layout == "" {
		layout = clockLayouts["SECOND"]
	}
	return time.UnixMicro(m.Get(s.field).Int()).UTC().AppendFormat(dst, layout)
}
