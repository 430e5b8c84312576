package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"golang.org/x/text/unicode/norm"
)

// Form is what a reader sent, read field by field: each method gives the typed value and keeps
// the mend when there is something wrong. It is a view.Input, so the page's fields take their
// values and errors back with Field.From. A nil Form is one that was not sent.
type Form struct {
	values url.Values
	files  map[string][]*multipart.FileHeader
	errs   map[string]string
	order  []string
	now    time.Time
	t      func(key string, pairs ...any) string
}

// Form reads the body of a POST. The error is for the handler to return: 400 or 413.
func (s *Site) Form(w http.ResponseWriter, r *http.Request) (*Form, error) {
	parse := r.ParseForm
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		parse = func() error { return r.ParseMultipartForm(filesInMemory) }
	}
	if err := parse(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, fmt.Errorf("read form: %w", err)
		}
		return nil, fmt.Errorf("read form: %w", ErrBadRequest)
	}
	f := NewForm(r.PostForm, func(key string, pairs ...any) string { return s.T(r, key, pairs...) })
	if r.MultipartForm != nil {
		f.files = r.MultipartForm.File
	}
	if s.Now != nil {
		f.now = s.Now()
	}
	return f, nil
}

// filesInMemory is above what any handler has Room for, so that no file of a form lies on a disk.
const filesInMemory = 32 << 20

// File is a file that was sent: what it is called and what is in it, "" and nothing where there is none.
func (f *Form) File(name string) (called string, data []byte, err error) {
	if f == nil || len(f.files[name]) == 0 {
		return "", nil, nil
	}
	at, err := f.files[name][0].Open()
	if err != nil {
		return "", nil, fmt.Errorf("read file of a form: %w", err)
	}
	defer at.Close()
	data, err = io.ReadAll(at)
	return f.files[name][0].Filename, data, err
}

// Query reads the values of a GET, for searches without personal data and paging.
func (s *Site) Query(r *http.Request) *Form {
	f := NewForm(r.URL.Query(), func(key string, pairs ...any) string { return s.T(r, key, pairs...) })
	if s.Now != nil {
		f.now = s.Now()
	}
	return f
}

// NewForm makes a form of values; t gives the words of the standard mends.
func NewForm(values url.Values, t func(key string, pairs ...any) string) *Form {
	return &Form{values: values, errs: map[string]string{}, t: t}
}

// Sent reports whether there is a form at all.
func (f *Form) Sent() bool { return f != nil }

// Value is a field as it was typed, trimmed, in NFC, without control characters.
func (f *Form) Value(name string) string {
	if f == nil {
		return ""
	}
	return tidy(f.values.Get(name))
}

// Values are all values of a name, tidy.
func (f *Form) Values(name string) []string {
	if f == nil {
		return nil
	}
	out := make([]string, len(f.values[name]))
	for i, v := range f.values[name] {
		out[i] = tidy(v)
	}
	return out
}

// Has reports whether the field was sent at all.
func (f *Form) Has(name string) bool { return f != nil && f.values.Has(name) }

func tidy(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(strings.TrimSpace(s))
}

// Error is the mend of a field, "" when there is nothing wrong.
func (f *Form) Error(name string) string {
	if f == nil {
		return ""
	}
	return f.errs[name]
}

// Refuse marks a field with its mend. The first one said about a field stays.
func (f *Form) Refuse(name, mend string) {
	if _, ok := f.errs[name]; !ok {
		f.errs[name] = mend
		f.order = append(f.order, name)
	}
}

// OK reports whether nothing was refused.
func (f *Form) OK() bool { return f != nil && len(f.errs) == 0 }

// Err is nil, or the error that shows the refused fields with 422; a handler that draws its
// page again does not need it.
func (f *Form) Err() error {
	if f.OK() {
		return nil
	}
	var fields []view.FieldError
	for _, name := range f.order {
		fields = append(fields, view.FieldError{Field: name, Text: f.errs[name]})
	}
	return Invalid(fields...)
}

// Once is the id of this form, made when its page was drawn. A form without a well-formed one
// gives "".
func (f *Form) Once() string {
	v := f.Value("once")
	if len(v) < 8 || len(v) > 64 {
		return ""
	}
	for _, r := range v {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r != '-' {
			return ""
		}
	}
	return v
}

// Rule adjusts how a field is read.
type Rule func(*rules)

type rules struct {
	optional bool
	max      int
	missing  string
	future   bool
}

// Optional allows the field to be empty.
func Optional() Rule { return func(r *rules) { r.optional = true } }

// Max is the most characters a text may have; 200 unless said.
func Max(n int) Rule { return func(r *rules) { r.max = n } }

// Missing is the mend for an empty field: "Enter your name, as you like to be called."
func Missing(mend string) Rule { return func(r *rules) { r.missing = mend } }

// Future allows dates after today.
func Future() Rule { return func(r *rules) { r.future = true } }

func read(given []Rule) rules {
	r := rules{max: 200}
	for _, g := range given {
		g(&r)
	}
	return r
}

// need refuses an empty value unless it is optional, and reports whether there is one to read.
func (f *Form) need(name, value, key string, r rules) bool {
	if value != "" {
		return true
	}
	if !r.optional {
		f.Refuse(name, cmpOr(r.missing, f.t(key)))
	}
	return false
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Text is a line or a paragraph.
func (f *Form) Text(name string, given ...Rule) string {
	r, v := read(given), f.Value(name)
	if f.need(name, v, "view.form.required", r) && utf8.RuneCountInString(v) > r.max {
		f.Refuse(name, f.t("view.form.long", "max", r.max))
	}
	return v
}

// Choice is one of the options; anything else is refused.
func (f *Form) Choice(name string, options []view.Option, given ...Rule) string {
	v := f.Value(name)
	if !f.need(name, v, "view.form.choose", read(given)) {
		return ""
	}
	if !slices.ContainsFunc(options, func(o view.Option) bool { return o.Value == v }) {
		f.Refuse(name, f.t("view.form.option"))
		return ""
	}
	return v
}

// Choices are any of the options, none included; use Refuse to ask for one.
func (f *Form) Choices(name string, options []view.Option) []string {
	var out []string
	for _, v := range f.Values(name) {
		if !slices.ContainsFunc(options, func(o view.Option) bool { return o.Value == v }) {
			f.Refuse(name, f.t("view.form.option"))
			return nil
		}
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// Ticked is a box. Must refuses the form unless it is ticked.
func (f *Form) Ticked(name string) bool { return f.Value(name) == "1" }

// MustTick is a box that has to be ticked to go on.
func (f *Form) MustTick(name string, given ...Rule) bool {
	if f.Ticked(name) {
		return true
	}
	f.Refuse(name, cmpOr(read(given).missing, f.t("view.form.tick")))
	return false
}

// Integer is a whole number from low to high.
func (f *Form) Integer(name string, low, high int, given ...Rule) int {
	v := f.Value(name)
	if !f.need(name, v, "view.form.required", read(given)) {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		f.Refuse(name, f.t("view.form.range", "min", low, "max", high))
		return 0
	}
	return n
}

// Email is an address as it is written, without a display name.
func (f *Form) Email(name string, given ...Rule) string {
	v := f.Value(name)
	if !f.need(name, v, "view.form.required", read(given)) {
		return ""
	}
	a, err := mail.ParseAddress(v)
	if err != nil || a.Address != v || len(v) > 254 || !strings.Contains(v[strings.LastIndexByte(v, '@'):], ".") {
		f.Refuse(name, f.t("view.form.email"))
		return ""
	}
	return v
}

// Phone is a number people can be reached at, with area code; region is where numbers without
// a country code are, "US".
func (f *Form) Phone(name, region string, given ...Rule) phone.Number {
	v := f.Value(name)
	if !f.need(name, v, "view.form.phone", read(given)) {
		return phone.Number{}
	}
	n, err := phone.Parse(v, region)
	if err != nil {
		f.Refuse(name, f.t("view.form.phone"))
	}
	return n
}

// Clock is a time of day as "15:04". It takes what people write: 9:30, 9:30 am, 2 pm, 14:30.
func (f *Form) Clock(name string, given ...Rule) string {
	v := strings.ToLower(strings.NewReplacer(".", "", " ", "").Replace(f.Value(name)))
	if !f.need(name, v, "view.form.time", read(given)) {
		return ""
	}
	for _, layout := range []string{"15:04", "3:04pm", "3pm"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.Format("15:04")
		}
	}
	f.Refuse(name, f.t("view.form.time"))
	return ""
}

// Code is a one-time code of so many digits; spaces and hyphens are taken out.
func (f *Form) Code(name string, digits int) string {
	v := strings.NewReplacer(" ", "", "-", "").Replace(f.Value(name))
	if len(v) != digits || strings.Trim(v, "0123456789") != "" {
		f.Refuse(name, f.t("view.form.code", "digits", digits))
		return ""
	}
	return v
}

// Date is a date of three parts (NAME-day, NAME-month, NAME-year) as "YYYY-MM-DD", from 1900
// to today unless Future.
func (f *Form) Date(name string, given ...Rule) string {
	r := read(given)
	day, month, year := f.Value(name+"-day"), f.Value(name+"-month"), f.Value(name+"-year")
	if !f.need(name, day+month+year, "view.form.required", r) {
		return ""
	}
	for _, part := range []struct{ value, key string }{{day, "view.day"}, {month, "view.month"}, {year, "view.year"}} {
		if part.value == "" {
			f.Refuse(name, f.t("view.form.date.part", "part", strings.ToLower(f.t(part.key))))
			return ""
		}
	}
	d, err1 := strconv.Atoi(day)
	m, err2 := strconv.Atoi(month)
	y, err3 := strconv.Atoi(year)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if errors.Join(err1, err2, err3) != nil || t.Day() != d || int(t.Month()) != m || y < 1000 || y > 9999 {
		f.Refuse(name, f.t("view.form.date"))
		return ""
	}
	if y < 1900 {
		f.Refuse(name, f.t("view.form.date.early"))
		return ""
	}
	iso := t.Format(time.DateOnly)
	if !r.future && !f.now.IsZero() && iso > f.now.Format(time.DateOnly) {
		f.Refuse(name, f.t("view.form.date.future"))
		return ""
	}
	return iso
}
