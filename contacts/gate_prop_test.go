package contacts

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	allPurposes = []Purpose{Recruitment, StudyCare, Requested, Safety}
	allChannels = []Channel{SMS, Voice, Call, ByEmail, Letter}
	someZones   = []string{"", "America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/Anchorage", "America/Indiana/Tell_City"}
)

func drawTime(t *rapid.T, label string) time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, label)) * time.Minute)
}

func drawPerson(t *rapid.T) Person {
	oneOf := func(label string, s ...string) string { return rapid.SampledFrom(s).Draw(t, label) }
	p := Person{
		Given:   "Pat",
		Zone:    rapid.SampledFrom(someZones).Draw(t, "zone"),
		Basis:   Basis{Kind: BasisKind(oneOf("basis", "consent", "consent", "referral", "waiver", "records", "")), Study: oneOf("waiver study", "A", "B"), Expires: oneOf("expires", "", "2026-07-01"), At: drawTime(t, "basis at")},
		ReachMe: ReachMe{TextOnly: rapid.Bool().Draw(t, "textOnly"), Relay: rapid.Bool().Draw(t, "relay")},
		Address: Address{Line: oneOf("address", "", "1 Elm St")},
	}
	if rapid.IntRange(0, 9).Draw(t, "dead") == 0 {
		p.Deceased = "2026-02-01"
	}
	if rapid.Bool().Draw(t, "own hours") {
		p.ReachMe.From = oneOf("from", "06:00", "09:30", "20:30", "23:00")
		p.ReachMe.To = oneOf("to", "07:00", "10:00", "21:30", "23:00")
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "points") {
		p.Points = append(p.Points, Point{
			Kind: PointKind(oneOf("kind", "mobile", "landline", "email")), Hash: string(rune('a' + i)),
			Status: oneOf("status", "", "", "", "wrong", "invalid", "nodial"),
		})
	}
	for range rapid.IntRange(0, 6).Draw(t, "ledger") {
		p.Consents = append(p.Consents, Consent{
			Purpose: rapid.SampledFrom(append([]Purpose{AnyPurpose}, allPurposes...)).Draw(t, "purpose"),
			Channel: rapid.SampledFrom(append([]Channel{AnyChannel}, allChannels...)).Draw(t, "channel"),
			Granted: rapid.Bool().Draw(t, "granted"), At: drawTime(t, "at"), Source: "web", Study: oneOf("for", "", "A"),
		})
	}
	return p
}

func drawAsk(t *rapid.T) Ask {
	a := Ask{
		Purpose: rapid.SampledFrom(allPurposes).Draw(t, "ask purpose"),
		Channel: rapid.SampledFrom(allChannels).Draw(t, "ask channel"),
		Now:     drawTime(t, "now"),
		Blocked: rapid.IntRange(0, 5).Draw(t, "blocked") == 0,
		Reply:   rapid.IntRange(0, 5).Draw(t, "reply") == 0,
	}
	if rapid.Bool().Draw(t, "about a study") {
		a.Study = &StudyGate{
			ID: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "study"), RecruitmentOpen: rapid.Bool().Draw(t, "open"),
			Enrolled: rapid.Bool().Draw(t, "enrolled"), MaxPerMonth: rapid.IntRange(0, 3).Draw(t, "max"),
		}
	}
	a.TextsADay = rapid.IntRange(0, 4).Draw(t, "texts a day")
	for range rapid.IntRange(0, 9).Draw(t, "recent") {
		a.Recent = append(a.Recent, Touch{Out: true, Purpose: rapid.SampledFrom([]Purpose{Recruitment, StudyCare}).Draw(t, "was"), Channel: SMS, Reply: rapid.IntRange(0, 5).Draw(t, "answered") == 0, At: a.Now.Add(-time.Duration(rapid.IntRange(0, 40*24).Draw(t, "ago")/rapid.SampledFrom([]int{1, 40}).Draw(t, "lately")) * time.Hour)})
	}
	return a
}

// TestMayNeverAllows states what must hold whatever the history, in its own words rather than
// the gate's: no send without permission, none outside the hours of the law, none after a no.
func TestMayNeverAllows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, a := drawPerson(t), drawAsk(t)
		g := May(p, a)
		if !g.OK {
			if len(g.Reasons) == 0 || g.Sentence() == "" {
				t.Fatal("refused without a reason")
			}
			return
		}
		if p.Deceased != "" {
			t.Fatal("a dead person may be contacted")
		}
		if a.Purpose == Safety {
			if a.Channel != Call {
				t.Fatal("a machine makes a safety contact")
			}
			return
		}
		if a.Blocked && a.Channel != Letter {
			t.Fatal("a suppressed number may be used")
		}
		machine := a.Channel == SMS || a.Channel == Voice
		if machine && (p.Basis.Kind == ByRecords) && !a.Reply {
			t.Fatal("a person from records may be contacted by a machine")
		}
		if a.Channel == Voice && (p.ReachMe.TextOnly || p.ReachMe.Relay) {
			t.Fatal("a machine calls someone who cannot use that")
		}
		if a.Channel != Letter {
			i := slices.IndexFunc(p.Points, func(pt Point) bool { return pt.Hash == g.Point.Hash })
			if i < 0 || p.Points[i].Status != "" {
				t.Fatalf("uses point %+v", g.Point)
			}
			if a.Channel == SMS && p.Points[i].Kind != Mobile || (a.Channel == ByEmail) != (p.Points[i].Kind == Email) {
				t.Fatalf("%s to a %s", a.Channel, p.Points[i].Kind)
			}
		}
		// The last word that covers this, found in the dullest way.
		var last *Consent
		for i, e := range p.Consents {
			covers := (e.Purpose == a.Purpose || e.Purpose == "*") && (e.Channel == a.Channel || e.Channel == "*") &&
				(e.Study == "" || a.Study != nil && a.Study.ID == e.Study)
			if covers && (last == nil || !e.At.Before(last.At)) {
				last = &p.Consents[i]
			}
		}
		if a.Purpose == Requested {
			if machine && !a.Reply && last != nil && !last.Granted {
				t.Fatal("a machine writes to a number that said stop")
			}
			return
		}
		if last != nil && !last.Granted {
			t.Fatal("contacted after a no")
		}
		if last == nil && (machine || a.Channel == ByEmail) {
			t.Fatal("automated contact without a grant")
		}
		if a.Purpose == Recruitment && a.Study != nil && !a.Study.RecruitmentOpen {
			t.Fatal("recruits for a closed study")
		}
		if (machine || a.Channel == Call) && !a.Reply {
			zone, err := time.LoadLocation(p.Zone)
			if err != nil || p.Zone == "" {
				t.Fatal("contacted without knowing the hour")
			}
			if h := a.Now.In(zone).Hour(); h < 8 || h >= 21 {
				t.Fatalf("contacted at %d o'clock", h)
			}
			if a.Purpose == StudyCare && a.Channel == SMS {
				texts, most := 0, 6
				if a.TextsADay > 0 {
					most = a.TextsADay
				}
				for _, x := range a.Recent {
					if x.Purpose == StudyCare && !x.Reply && x.At.In(zone).Format(time.DateOnly) == a.Now.In(zone).Format(time.DateOnly) {
						texts++
					}
				}
				if texts >= most {
					t.Fatalf("the text after %d of %d today", texts, most)
				}
			}
		}
	})
}

// TestMayKeepsItsPromise: asked again at NotBefore, the answer is yes, and not a minute sooner.
func TestMayKeepsItsPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, a := drawPerson(t), drawAsk(t)
		p.Basis.Kind, p.Deceased = ByConsent, ""
		p.Consents = append(p.Consents, Consent{Purpose: AnyPurpose, Channel: AnyChannel, Granted: true, At: a.Now.AddDate(2, 0, 0)})
		g := May(p, a)
		if g.NotBefore.IsZero() {
			return
		}
		if g.OK || !g.NotBefore.After(a.Now) {
			t.Fatalf("not before %v at %v, OK %v", g.NotBefore, a.Now, g.OK)
		}
		b := a
		b.Now = g.NotBefore
		if again := May(p, b); !again.OK {
			t.Fatalf("at the promised time: %s", again.Sentence())
		}
		b.Now = g.NotBefore.Add(-time.Minute)
		if b.Now.After(a.Now) && May(p, b).OK {
			t.Fatal("it would have been possible sooner")
		}
	})
}
