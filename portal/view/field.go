package view

// FieldKind is which control a Field is.
type FieldKind string

// The controls.
const (
	KindText     FieldKind = "text"
	KindEmail    FieldKind = "email"
	KindTel      FieldKind = "tel"
	KindNumber   FieldKind = "number" // decimal keypad; a text input, so nothing is lost
	KindCode     FieldKind = "code"   // one-time code: paste allowed, autofill on
	KindArea     FieldKind = "area"
	KindDate     FieldKind = "date" // three parts: NAME-day, NAME-month, NAME-year
	KindSelect   FieldKind = "select"
	KindRadio    FieldKind = "radio"  // full-width rows
	KindChecks   FieldKind = "checks" // any number of rows
	KindConsent  FieldKind = "consent"
	KindPassword FieldKind = "password"
)

// Field is one control with its label, hint and error. ID is Name unless set, for pages with
// two forms. Fields are required unless Optional is set, which then says so.
type Field struct {
	Kind         FieldKind
	Name, ID     string
	Label        string
	Hint         string
	Value        string
	Error        string
	Optional     bool
	Options      []Option
	Blank        string // select: the first, empty choice
	Autocomplete string // the HTML token: "tel", "given-name", "bday"
	Unit         string // after a number: "mmHg"
	Units        Units  // instead, after a number: the units to choose from
	Width        int    // in characters, 0 = full
	Rows         int    // area
	Max          int    // most characters, 0 = no limit
	Day, Month   string // date
	Year         string
	Time         Clock  // date: a time of day beside it
	Large        bool   // the label is the question of the screen
	Wording      string // consent: the version of the wording, sent as NAME-wording
	Own          string // radio, checks: the label of a box for own words, sent as NAME-own; "" for none
	OwnValue     string // what is in it
	LabelHidden  bool   // for search boxes: the label is there for screen readers only
}

// Units is the choice of a number's unit, sent as NAME-unit; none without options.
type Units struct {
	Label, Blank string
	Options      []Option
}

// Clock is a time of day beside a date, sent as NAME-time; none without a label.
type Clock struct{ Label, Value string }

// Option is one choice. Hint is a second, smaller line.
type Option struct {
	Value, Label, Hint string
	On                 bool
}

// Input is a form that was sent: what was typed and what was wrong. A nil *web.Form is one.
type Input interface {
	Value(name string) string
	Values(name string) []string
	Error(name string) string
	Sent() bool
}

// From fills the field with what was sent, or leaves it as it is when nothing was.
func (f Field) From(in Input) Field {
	if in == nil || !in.Sent() {
		return f
	}
	f.Error = in.Error(f.Name)
	switch f.Kind {
	case KindPassword, KindCode: // typed again
	case KindDate:
		f.Day, f.Month, f.Year = in.Value(f.Name+"-day"), in.Value(f.Name+"-month"), in.Value(f.Name+"-year")
	case KindSelect, KindRadio, KindChecks:
		on := map[string]bool{}
		for _, v := range in.Values(f.Name) {
			on[v] = true
		}
		f.Value = in.Value(f.Name)
		opts := make([]Option, len(f.Options))
		for i, o := range f.Options {
			o.On = on[o.Value]
			opts[i] = o
		}
		f.Options = opts
	default:
		f.Value = in.Value(f.Name)
	}
	return f
}

// In is the field in one of several forms of a page, with an id of its own.
func (f Field) In(form string) Field {
	f.ID = form + "-" + f.Name
	return f
}

// Date fills a date field from "YYYY-MM-DD"; anything else leaves it empty.
func (f Field) Date(iso string) Field {
	if len(iso) == 10 && iso[4] == '-' && iso[7] == '-' {
		f.Year, f.Month, f.Day = iso[:4], trimZero(iso[5:7]), trimZero(iso[8:])
	}
	return f
}

func trimZero(s string) string {
	if len(s) == 2 && s[0] == '0' {
		return s[1:]
	}
	return s
}

// ElementID is the id of the control, or of the first one of a group.
func (f Field) ElementID() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

// FocusID is where the error summary points: for dates the first part.
func (f Field) FocusID() string {
	if f.Kind == KindDate {
		return f.ElementID() + "-month"
	}
	return f.ElementID()
}

// Described lists the ids of the hint and the error, for aria-describedby; "" for none.
func (f Field) Described() string {
	s := ""
	if f.Hint != "" {
		s = f.ElementID() + "-hint"
	}
	if f.Error != "" {
		if s != "" {
			s += " "
		}
		s += f.ElementID() + "-error"
	}
	return s
}

// Chosen reports whether an option is the one: by its own mark or by the field's value.
func (f Field) Chosen(o Option) bool {
	return o.On || (f.Value != "" && o.Value == f.Value && f.Kind != KindChecks)
}

// Checked reports whether a consent box is ticked.
func (f Field) Checked() bool { return f.Value != "" && f.Value != "0" && f.Value != "false" }

// Problems lists the errors of the fields in their order, for Page.Errors.
func Problems(fields ...Field) []FieldError {
	var out []FieldError
	for _, f := range fields {
		if f.Error != "" {
			out = append(out, FieldError{f.FocusID(), f.Error})
		}
	}
	return out
}
