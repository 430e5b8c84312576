package web

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/muster-health/muster/portal/view"
	"pgregory.net/rapid"
)

func newForm(pairs ...string) *Form {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	f := NewForm(v, func(key string, _ ...any) string { return key })
	f.now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	return f
}

func TestFields(t *testing.T) {
	yesNo := []view.Option{{Value: "yes"}, {Value: "no"}}
	for _, c := range []struct {
		name string
		form *Form
		read func(f *Form) any
		want any
		mend string // of field "a"
	}{
		{"text", newForm("a", "  Dana "), func(f *Form) any { return f.Text("a") }, "Dana", ""},
		{"text missing", newForm("a", " "), func(f *Form) any { return f.Text("a") }, "", "view.form.required"},
		{"own mend", newForm(), func(f *Form) any { return f.Text("a", Missing("Enter a name.")) }, "", "Enter a name."},
		{"text optional", newForm(), func(f *Form) any { return f.Text("a", Optional()) }, "", ""},
		{"text too long", newForm("a", "ñandú"), func(f *Form) any { return f.Text("a", Max(4)) }, "ñandú", "view.form.long"},
		{"control characters", newForm("a", "a\x00b\r\nc\x1b"), func(f *Form) any { return f.Text("a") }, "ab\nc", ""},
		{"composed", newForm("a", "n\u0303"), func(f *Form) any { return f.Text("a") }, "ñ", ""},
		{"broken bytes", newForm("a", "a\xffb"), func(f *Form) any { return f.Text("a") }, "ab", ""},
		{"choice", newForm("a", "no"), func(f *Form) any { return f.Choice("a", yesNo) }, "no", ""},
		{"choice missing", newForm(), func(f *Form) any { return f.Choice("a", yesNo) }, "", "view.form.choose"},
		{"choice not offered", newForm("a", "maybe"), func(f *Form) any { return f.Choice("a", yesNo) }, "", "view.form.option"},
		{"choices", newForm("a", "no", "a", "yes", "a", "no"), func(f *Form) any { return f.Choices("a", yesNo) }, []string{"no", "yes"}, ""},
		{"choices not offered", newForm("a", "x"), func(f *Form) any { return f.Choices("a", yesNo) }, []string(nil), "view.form.option"},
		{"ticked", newForm("a", "1"), func(f *Form) any { return f.Ticked("a") }, true, ""},
		{"not ticked", newForm(), func(f *Form) any { return f.MustTick("a") }, false, "view.form.tick"},
		{"integer", newForm("a", "186"), func(f *Form) any { return f.Integer("a", 60, 260) }, 186, ""},
		{"integer out of range", newForm("a", "1866"), func(f *Form) any { return f.Integer("a", 60, 260) }, 0, "view.form.range"},
		{"integer in words", newForm("a", "ten"), func(f *Form) any { return f.Integer("a", 1, 20) }, 0, "view.form.range"},
		{"email", newForm("a", "dana@example.test"), func(f *Form) any { return f.Email("a") }, "dana@example.test", ""},
		{"email with a name", newForm("a", "Dana <dana@example.test>"), func(f *Form) any { return f.Email("a") }, "", "view.form.email"},
		{"email without a domain", newForm("a", "dana@home"), func(f *Form) any { return f.Email("a") }, "", "view.form.email"},
		{"code", newForm("a", "123 456"), func(f *Form) any { return f.Code("a", 6) }, "123456", ""},
		{"code too short", newForm("a", "1234"), func(f *Form) any { return f.Code("a", 6) }, "", "view.form.code"},
		{"phone", newForm("a", "(412) 555-0123"), func(f *Form) any { return f.Phone("a", "US").E164() }, "+14125550123", ""},
		{"phone without area code", newForm("a", "555-0123"), func(f *Form) any { return f.Phone("a", "US").E164() }, "", "view.form.phone"},
		{"time", newForm("a", "9:30"), func(f *Form) any { return f.Clock("a") }, "09:30", ""},
		{"time in the afternoon", newForm("a", "2 p.m."), func(f *Form) any { return f.Clock("a") }, "14:00", ""},
		{"no time", newForm("a", "25:00"), func(f *Form) any { return f.Clock("a") }, "", "view.form.time"},
		{"date", newForm("a-day", "3", "a-month", "5", "a-year", "1951"), func(f *Form) any { return f.Date("a") }, "1951-05-03", ""},
		{"date not real", newForm("a-day", "31", "a-month", "2", "a-year", "1974"), func(f *Form) any { return f.Date("a") }, "", "view.form.date"},
		{"leap day", newForm("a-day", "29", "a-month", "2", "a-year", "2000"), func(f *Form) any { return f.Date("a") }, "2000-02-29", ""},
		{"date in part", newForm("a-day", "3", "a-year", "1951"), func(f *Form) any { return f.Date("a") }, "", "view.form.date.part"},
		{"date with a short year", newForm("a-day", "3", "a-month", "5", "a-year", "51"), func(f *Form) any { return f.Date("a") }, "", "view.form.date"},
		{"date missing", newForm(), func(f *Form) any { return f.Date("a") }, "", "view.form.required"},
		{"date ahead", newForm("a-day", "3", "a-month", "3", "a-year", "2026"), func(f *Form) any { return f.Date("a") }, "", "view.form.date.future"},
		{"date ahead allowed", newForm("a-day", "3", "a-month", "3", "a-year", "2026"), func(f *Form) any { return f.Date("a", Future()) }, "2026-03-03", ""},
		{"today", newForm("a-day", "2", "a-month", "3", "a-year", "2026"), func(f *Form) any { return f.Date("a") }, "2026-03-02", ""},
		{"date long ago", newForm("a-day", "2", "a-month", "3", "a-year", "1899"), func(f *Form) any { return f.Date("a") }, "", "view.form.date.early"},
		{"once", newForm("once", "frm_01JB"), func(f *Form) any { return f.Once() }, "frm_01JB", ""},
		{"once forged", newForm("once", "a/../../b$"), func(f *Form) any { return f.Once() }, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.read(c.form)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := c.form.Error("a"); got != c.mend {
				t.Errorf("mend %q, want %q", got, c.mend)
			}
			if c.form.OK() != (c.mend == "") {
				t.Errorf("OK is %v with mend %q", c.form.OK(), c.mend)
			}
		})
	}
}

func TestNilForm(t *testing.T) {
	var f *Form
	field := view.Field{Kind: view.KindText, Name: "a", Value: "kept"}.From(f)
	if f.OK() || f.Sent() || field.Value != "kept" || field.Error != "" {
		t.Errorf("a form that was not sent changed the field: %+v", field)
	}
}

// Every real date from 1900 to today comes back as it was typed, and only those.
func TestDateProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, m, y := rapid.IntRange(-1, 40).Draw(t, "d"), rapid.IntRange(-1, 15).Draw(t, "m"), rapid.IntRange(1890, 2030).Draw(t, "y")
		f := newForm("a-day", itoa(d), "a-month", itoa(m), "a-year", itoa(y))
		got := f.Date("a")
		at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		real := at.Day() == d && int(at.Month()) == m && at.Year() == y && y >= 1900 && !at.After(f.now)
		if real != (got != "") || real && got != at.Format(time.DateOnly) {
			t.Fatalf("%d-%d-%d gave %q (%s)", y, m, d, got, f.Error("a"))
		}
	})
}

// What was typed never comes back with characters that could forge a log line or a header.
func FuzzTidy(f *testing.F) {
	for _, s := range []string{"", "a\x00b", "a\r\nb", "\u202e", "n\u0303", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := tidy(s)
		if tidy(got) != got {
			t.Errorf("tidy twice: %q then %q", got, tidy(got))
		}
		for _, r := range got {
			if r == '\r' || r == 0 || r == 0x1b || r == 0xfffd && !contains(s, 0xfffd) {
				t.Errorf("%q keeps %q", got, r)
			}
		}
	})
}

func itoa(n int) string { return strconv.Itoa(n) }

func contains(s string, r rune) bool { return strings.ContainsRune(s, r) }
