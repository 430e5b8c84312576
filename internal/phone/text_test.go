package phone_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/phone"
)

type point struct {
	Number phone.Number  `json:"number,omitzero" bson:"number,omitempty"`
	Old    *phone.Number `json:"old,omitempty" bson:"old,omitempty"`
}

func TestRoundTrips(t *testing.T) {
	plain, ext, abroad := must(t, "412-555-0123"), must(t, "412-555-0123 x12"), must(t, "+442079460958")
	for _, tc := range []struct {
		name string
		in   point
		json string
	}{
		{"plain", point{Number: plain}, `{"number":"+14125550123"}`},
		{"extension", point{Number: ext}, `{"number":"+14125550123;ext=12"}`},
		{"abroad, and a pointer", point{Number: abroad, Old: &plain}, `{"number":"+442079460958","old":"+14125550123"}`},
		{"none", point{}, `{}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := json.Marshal(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(text); got != tc.json {
				t.Errorf("JSON = %s, want %s", got, tc.json)
			}
			var fromJSON, fromBSON point
			if err := json.Unmarshal(text, &fromJSON); err != nil {
				t.Fatal(err)
			}
			raw, err := bson.Marshal(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if err := bson.Unmarshal(raw, &fromBSON); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.in, fromJSON); diff != "" {
				t.Errorf("by JSON (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.in, fromBSON); diff != "" {
				t.Errorf("by BSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBSONIsAString(t *testing.T) {
	raw, err := bson.Marshal(point{Number: must(t, "412-555-0123")})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := bson.Raw(raw).Lookup("number").StringValueOK(); !ok || got != "+14125550123" {
		t.Errorf("stored as %q (string: %v), want the E.164 string", got, ok)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, text := range []string{"4125550123", "+", "+1", "+0125550123", "+1412555012a", "+1234567890123456", "+14125550123;ext=", "+14125550123;ext=x"} {
		var n phone.Number
		if err := n.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("UnmarshalText(%q) gave %q, want an error", text, n.E164())
		}
	}
	raw, err := bson.Marshal(bson.M{"number": 4125550123})
	if err != nil {
		t.Fatal(err)
	}
	if err := bson.Unmarshal(raw, new(point)); err == nil {
		t.Error("a BSON number was read as a phone number")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"412-555-0123", "+44 20 7946 0958", "(412) 555-0123 x12", "555-856-9091", "１２", "+", "tel:412;ext=5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		n, err := phone.Parse(raw, "US")
		if err != nil {
			if !n.IsZero() {
				t.Fatalf("an error came with a number")
			}
			return
		}
		text, _ := n.MarshalText()
		var back phone.Number
		if err := back.UnmarshalText(text); err != nil || back != n {
			t.Fatalf("stored form %q does not read back: %v", text, err)
		}
		if again, err := phone.Parse(n.National(), "US"); err != nil || again != n {
			t.Fatalf("Parse(National) = %q, %v, want %q", again.E164(), err, n.E164())
		}
	})
}

// Every country's example number parses, reads back, and hides most of its digits.
func TestRealExamples(t *testing.T) {
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("SKIPPED: set MUSTER_REAL_DATA to run this on the libphonenumber examples of 245 regions")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "phone", "libphonenumber-examples-mobile.json"))
	if err != nil {
		t.Fatal(err)
	}
	var examples map[string]string
	if err := json.Unmarshal(raw, &examples); err != nil {
		t.Fatal(err)
	}
	parsed := 0
	for region, national := range examples {
		n, err := phone.Parse(national, region)
		if err != nil {
			t.Logf("%s example refused: %v", region, err)
			continue
		}
		parsed++
		if back, err := phone.Parse(n.National(), ""); err != nil || back != n {
			t.Errorf("%s: National form does not read back (%v)", region, err)
		}
		if len([]rune(n.String())) > len("+999•••9999") {
			t.Errorf("%s: mask is %d runes long", region, len([]rune(n.String())))
		}
	}
	t.Logf("%d of %d examples parsed", parsed, len(examples))
	if parsed < len(examples)*95/100 {
		t.Errorf("%d of %d examples parsed, want at least 95 %%", parsed, len(examples))
	}
}
