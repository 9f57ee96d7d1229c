package casemodel

// Decimal is a number as it was written, every digit kept ("12.50").
type Decimal string

// Quantity is a measured amount. Comparator is one of <, <=, >=, > or empty.
type Quantity struct {
	Value      Decimal `json:"value,omitempty"`
	Comparator string  `json:"comparator,omitempty"`
	Unit       string  `json:"unit,omitempty"`
	System     string  `json:"system,omitempty"`
	Code       string  `json:"code,omitempty"`
}

// Range reaches from Low to High, either of which may be open.
type Range struct {
	Low  *Quantity `json:"low,omitempty"`
	High *Quantity `json:"high,omitempty"`
}

// Ratio is one quantity per another.
type Ratio struct {
	Numerator   *Quantity `json:"numerator,omitempty"`
	Denominator *Quantity `json:"denominator,omitempty"`
}

// Value is a measured, wanted or answered value: at most one field is set.
type Value struct {
	Quantity *Quantity `json:"quantity,omitempty"`
	Range    *Range    `json:"range,omitempty"`
	Ratio    *Ratio    `json:"ratio,omitempty"`
	Concept  *Concept  `json:"concept,omitempty"`
	Coding   *Coding   `json:"coding,omitempty"`
	Text     *string   `json:"text,omitempty"`
	Boolean  *bool     `json:"boolean,omitempty"`
	Integer  *int      `json:"integer,omitempty"`
	Decimal  *Decimal  `json:"decimal,omitempty"`
	Date     *Date     `json:"date,omitempty"`
	Time     *string   `json:"time,omitempty"` // of day, hh:mm:ss
	Period   *Period   `json:"period,omitempty"`
	URI      *string   `json:"uri,omitempty"`
	Ref      *Ref      `json:"ref,omitempty"`
}

// IsZero says whether no field is set.
func (v Value) IsZero() bool { return v == Value{} }

// Remark is something written down about a part, in words.
type Remark struct {
	Text string `json:"text"`
	By   Party  `json:"by,omitzero"`
	At   Date   `json:"at,omitzero"`
}
