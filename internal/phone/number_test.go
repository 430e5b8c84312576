package phone_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/phone"
)

func must(t *testing.T, raw string) phone.Number {
	t.Helper()
	n, err := phone.Parse(raw, "US")
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return n
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		name, raw, region string
		e164, ext         string
		err               error
	}{
		{name: "dashes", raw: "412-555-0123", e164: "+14125550123"},
		{name: "brackets and spaces", raw: " (412) 555 0123 ", e164: "+14125550123"},
		{name: "dots and country code", raw: "1.412.555.0123", e164: "+14125550123"},
		{name: "E.164", raw: "+14125550123", e164: "+14125550123"},
		{name: "full-width digits", raw: "４１２５５５０１２３", e164: "+14125550123"},
		{name: "extension", raw: "412-555-0123 x12", e164: "+14125550123", ext: "12"},
		{name: "extension spelt out", raw: "412-555-0123 extension 12", e164: "+14125550123", ext: "12"},
		{name: "link", raw: "tel:+1-412-555-0123", e164: "+14125550123"},
		{name: "first and last fictional", raw: "724-555-0100", e164: "+17245550100"},
		{name: "toll-free fictional", raw: "800-555-0199", e164: "+18005550199"},
		{name: "abroad from here", raw: "+44 20 7946 0958", e164: "+442079460958"},
		{name: "abroad from there", raw: "020 7946 0958", region: "GB", e164: "+442079460958"},
		{name: "empty", raw: " ", err: phone.ErrEmpty},
		{name: "words", raw: "call me", err: phone.ErrMalformed},
		{name: "too short", raw: "555-0123", err: phone.ErrMalformed},
		{name: "too long", raw: "412-555-01234", err: phone.ErrMalformed},
		{name: "emergency", raw: "911", err: phone.ErrMalformed},
		{name: "area code not assigned", raw: "111-555-0123", err: phone.ErrMalformed},
		{name: "abroad without code, malformed", raw: "12", region: "GB", err: phone.ErrMalformed},
		{name: "555 as area code", raw: "555-856-9091", err: phone.ErrNotDialable},
		{name: "555 as area code with country code", raw: "+1 (555) 555-0123", err: phone.ErrNotDialable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, err := phone.Parse(tc.raw, tc.region)
			if !errors.Is(err, tc.err) {
				t.Fatalf("Parse error = %v, want %v", err, tc.err)
			}
			if n.E164() != tc.e164 || n.Ext() != tc.ext {
				t.Errorf("Parse = %q ext %q, want %q ext %q", n.E164(), n.Ext(), tc.e164, tc.ext)
			}
			if err != nil && len(tc.raw) > 3 && strings.Contains(strings.TrimSuffix(err.Error(), phone.Example), tc.raw) {
				t.Errorf("error repeats the number: %v", err)
			}
		})
	}
}

func TestParseErrorsArePlain(t *testing.T) {
	for _, tc := range []struct{ raw, region, want string }{
		{"", "US", "Please give a phone number. Example: 412-555-0123"},
		{"12", "US", "This does not look like a US phone number. Example: 412-555-0123"},
		{"12", "GB", "This does not look like a phone number. Write it with its country code. Example: +1 412-555-0123"},
		{"555-856-9091", "US", "This number is not dialable: 555 is not an area code."},
	} {
		if _, err := phone.Parse(tc.raw, tc.region); err == nil || err.Error() != tc.want {
			t.Errorf("Parse(%q, %s) = %v, want %s", tc.raw, tc.region, err, tc.want)
		}
	}
	if _, err := phone.Parse(phone.Example, "US"); err != nil {
		t.Errorf("our own example is refused: %v", err)
	}
}

func TestPeopleRead(t *testing.T) {
	for _, tc := range []struct{ raw, national, en, es, masked string }{
		{"412-555-0110", "412-555-0110", "4 1 2, 5 5 5, 0 1 1 0", "4 1 2, 5 5 5, 0 1 1 0", "+1•••0110"},
		{"412-555-0110 x12", "412-555-0110 ext. 12", "4 1 2, 5 5 5, 0 1 1 0, extension 1 2", "4 1 2, 5 5 5, 0 1 1 0, extensión 1 2", "+1•••0110"},
		{"+442079460958", "+44 20 7946 0958", "4 4, 2 0, 7 9 4 6, 0 9 5 8", "4 4, 2 0, 7 9 4 6, 0 9 5 8", "+44•••0958"},
		{"+6837012", "+683 7012", "6 8 3, 7 0 1 2", "6 8 3, 7 0 1 2", "+683•••12"},
	} {
		n := must(t, tc.raw)
		got := []string{n.National(), n.Spoken("en"), n.Spoken("es"), n.String()}
		if diff := cmp.Diff([]string{tc.national, tc.en, tc.es, tc.masked}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.masked, diff)
		}
	}
	var none phone.Number
	if got := none.National() + none.Spoken("en") + none.String() + none.E164() + none.Ext(); got != "" {
		t.Errorf("no number reads %q, want nothing", got)
	}
}

// The number must not show by any verb, from any depth, or in either log format.
func TestPrintingMasks(t *testing.T) {
	n := must(t, "412-555-0123 x7788990")
	type person struct {
		Phone  phone.Number
		hidden phone.Number
		ptr    *phone.Number
		list   []phone.Number
		byNum  map[phone.Number]bool
	}
	p := person{n, n, &n, []phone.Number{n}, map[phone.Number]bool{n: true}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%20s", "%t"} {
		for _, v := range []any{n, &n, p, &p, []any{n}, map[string]phone.Number{"a": n}, fmt.Errorf("to %v: %w", n, errors.New("x"))} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		log := slog.New(h).With("with", n)
		log.Info("send", "to", n, "ptr", &n, slog.Group("g", "to", n))
	}
	for _, secret := range []string{"4125550123", "412-555", "34313235", "7788990"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("output shows %q", secret)
		}
	}
	for verb, want := range map[string]string{"%v": "+1•••0123", "%s": "+1•••0123", "%+v": "+1•••0123", "%q": `"+1•••0123"`, "%d": "+1•••0123"} {
		if got := fmt.Sprintf(verb, n); got != want {
			t.Errorf("%s prints %s, want %s", verb, got, want)
		}
	}
	if want := `"to":"+1•••0123"`; !strings.Contains(out.String(), want) {
		t.Errorf("JSON log has no %s", want)
	}
}

func TestIn(t *testing.T) {
	for raw, want := range map[string]bool{
		"412-555-0123":      true,
		"+1 787 555 0123":   true,  // Puerto Rico
		"800-555-0123":      true,  // toll-free
		"+1 900 234 5678":   false, // premium rate
		"+1 876 555 0123":   false, // Jamaica, with our calling code
		"+1 416 555 0123":   false, // Canada
		"+44 20 7946 0958":  false,
		"+371 90 000 123":   false,
		"+52 55 1234 5678":  false,
		"+881 6 2345 67890": false, // by satellite
	} {
		n, err := phone.Parse(raw, "US")
		if err != nil && want {
			t.Fatal(err)
		}
		if got := n.In(phone.UnitedStates()...); got != want {
			t.Errorf("%s: %v, want %v", raw, got, want)
		}
	}
}

func TestZones(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		want      []string
	}{
		{"Pittsburgh", "412-555-0110", []string{"America/New_York"}},
		{"Arizona", "602-555-0134", []string{"America/Phoenix"}},
		{"Honolulu", "808-555-0199", []string{"Pacific/Honolulu"}},
		{"Alaska has two", "907-555-0111", []string{"America/Adak", "America/Anchorage"}},
		{"London", "+442079460958", []string{"Europe/London"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, phone.Zones(must(t, tc.raw))); diff != "" {
				t.Errorf("zones (-want +got):\n%s", diff)
			}
		})
	}
	if got := phone.Zones(must(t, "800-555-0199")); len(got) < 4 {
		t.Errorf("toll-free zones = %v, want many", got)
	}
	if got := phone.Zones(phone.Number{}); got != nil {
		t.Errorf("zones of no number = %v, want none", got)
	}
}
