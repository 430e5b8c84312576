package contacts

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
)

// TestNothingPersonalIsStoredInClear goes through everything that writes, then looks into the files.
func TestNothingPersonalIsStoredInClear(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	s := SignUp{
		Person: Person{
			Given: "Xanthippe", Family: "Quintanilla-Öz", BirthDate: "1961-12-29", Gender: "genderqueer-ish", Language: "en",
			Address: Address{Line: "77 Zebra Crossing", City: "Wolfenstein", State: "Pennsyltucky", ZIP: "16001"},
			Points:  []Point{{Value: "412-555-0177"}, {Value: "xanthippe@quintanilla.example.test"}, {Kind: Landline, Raw: "555-987-6543", Status: StatusNoDial}},
			Basis:   Basis{Kind: ByConsent}, SourceID: "MRN-8675309", Proxy: &Proxy{Role: "stepdaughter-in-law"},
		},
		Consents: []Consent{{Purpose: Recruitment, Channel: SMS, Granted: true, Source: "web", Evidence: "ticked at the kiosk"}},
		Facts:    []Fact{{Kind: Answered, Code: "muster|note", Text: "hates needles terribly", Source: "web"}},
	}
	var code Started
	out, err := b.SignUp(ctx, portal, s, func(batch *docstore.Batch, p *Person) (err error) {
		b.AddTouch(batch, &Touch{Person: p.PersonID(), Out: true, Channel: SMS, Kind: "message", Body: "Hello Xanthippe, welcome aboard", Detail: "carrier grumbled", Point: p.Points[0].Hash})
		code, err = b.StartCode(ctx, batch, p.Points[0].Value, "signup", p.PersonID())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	id := out.Person.PersonID()
	again := s
	again.Facts = []Fact{{Kind: Answered, Code: "muster|again", Text: "still hates needles", Source: "web"}}
	if rep, err := b.SignUp(ctx, portal, again, nil); err != nil || !rep.Repeat {
		t.Fatal(rep, err)
	}
	if _, err := b.Verify(ctx, portal, id, out.Person.Points[0].Hash); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Edit(ctx, maria, id, "corrected", func(p *Person) error { p.Family = "Oezdemir"; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Revoke(ctx, portal, "+14125550177", Consent{Channel: SMS, Source: "sms", Evidence: "leave me in peace"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Revoke(ctx, portal, "+14125550178", Consent{Channel: SMS, Source: "sms", Evidence: "a stranger says stop"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.SetPIN(ctx, maria, id, "8264", "by phone"); err != nil {
		t.Fatal(err)
	}
	twin := s
	twin.Person.Given = "Xenocratia"
	other, err := b.SignUp(ctx, portal, twin, nil)
	if err != nil || len(other.Reviews) != 1 {
		t.Fatal(other, err)
	}
	if _, err := b.DecideReview(ctx, maria, other.Reviews[0], ReviewDifferent, "sisters, both rang up"); err != nil {
		t.Fatal(err)
	}
	got, chart, err := b.Reveal(ctx, maria, id, "to call")
	if err != nil || got.Family != "Oezdemir" || got.Points[2].Raw != "555-987-6543" || got.Proxy.Role != "stepdaughter-in-law" {
		t.Fatalf("not readable again: %+v, %v", got, err)
	}
	shown, err := json.Marshal(Show(got, chart))
	if err != nil || !strings.Contains(string(shown), `"code":"muster|note"`) || !strings.Contains(string(shown), `"zone":"America/New_York"`) {
		t.Errorf("shown: %s, %v", shown, err)
	}
	b.clock.Advance(time.Minute)
	if err := b.store.Driver().Close(); err != nil {
		t.Fatal(err)
	}
	var data []byte
	for _, f := range []string{b.path, b.path + "-wal", b.path + "-shm", b.path + "-journal"} {
		if x, err := os.ReadFile(f); err == nil {
			data = append(data, bytes.ToLower(x)...)
		}
	}
	if !bytes.Contains(data, []byte(strings.ToLower(string(id)))) {
		t.Fatal("this is not the database")
	}
	// Long enough that no hash or ciphertext spells one by chance.
	for _, secret := range []string{
		"Xanthippe", "Xenocratia", "Quintanilla", "Oezdemir", "1961-12-29", "genderqueer", "Zebra Crossing", "Wolfenstein", "Pennsyltucky",
		"4125550177", "4125550178", "555-0177", "987-6543", "5559876543", "example.test", "8675309", "stepdaughter",
		"the kiosk", "hates needles", "welcome aboard", "carrier grumbled", "in peace", "a stranger", "rang up", code.Code,
	} {
		if bytes.Contains(data, []byte(strings.ToLower(secret))) {
			t.Errorf("%q stands in the database in clear", secret)
		}
	}
}
