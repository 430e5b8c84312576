package contacts

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/phone"
)

// Christmas 2026 is a Friday.
func TestDaysOff(t *testing.T) {
	study := func(days ...string) *StudyGate {
		return &StudyGate{ID: "STEADY", RecruitmentOpen: true, Enrolled: true, Blackout: days}
	}
	away := func(from, to string) func(*Person) {
		return func(p *Person) { p.ReachMe.Away = []Away{{from, to}} }
	}
	noSundays := func(p *Person) { p.ReachMe.SkipDays = []string{"Sun"} }
	for _, tc := range []struct {
		name  string
		p     Person
		ask   Ask
		want  string // "" = allowed
		after string
	}{
		{"the study is silent", keisha(), Ask{Purpose: StudyCare, Channel: SMS, Study: study("2026-12-25"), Now: at("2026-12-25 17:00")},
			"Cannot text yet: STEADY sends nothing on 25 December 2026.", "2026-12-26 14:00"},
		{"two weeks of it", keisha(), Ask{Purpose: StudyCare, Channel: Voice, Study: study("2026-12-24", "2026-12-25", "2026-12-26", "2026-12-27", "2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"), Now: at("2026-12-24 17:00")},
			"Cannot call automatically yet: STEADY sends nothing on 24 December 2026.", "2027-01-03 14:00"},
		{"a person may dial then", keisha(), Ask{Purpose: StudyCare, Channel: Call, Study: study("2026-12-25"), Now: at("2026-12-25 17:00")}, "", ""},
		{"what was asked for just now goes", keisha(), Ask{Purpose: Requested, Channel: SMS, Study: study("2026-12-25"), Now: at("2026-12-25 17:00")}, "", ""},
		{"a safety call goes", keisha(), Ask{Purpose: Safety, Channel: Call, Study: study("2026-12-25"), Now: at("2026-12-25 17:00")}, "", ""},
		{"an answer goes", keisha(), Ask{Purpose: StudyCare, Channel: SMS, Study: study("2026-12-25"), Now: at("2026-12-25 17:00"), Reply: true}, "", ""},
		{"the evening before waits over it", keisha(), Ask{Purpose: StudyCare, Channel: SMS, Study: study("2026-12-25"), Now: at("2026-12-25 02:00")},
			"Cannot text yet: Messages go out 09:00–20:00; it is 21:00 there.", "2026-12-26 14:00"},
		{"not on Sundays", keisha(noSundays), Ask{Purpose: StudyCare, Channel: SMS, Now: at("2026-06-07 16:00")},
			"Cannot text yet: Keisha takes no messages on Sundays.", "2026-06-08 13:00"},
		{"nor by a person", keisha(noSundays), Ask{Purpose: Recruitment, Channel: Call, Now: at("2026-06-07 16:00")},
			"Cannot call yet: Keisha takes no messages on Sundays.", "2026-06-08 12:00"},
		{"away, with a Sunday after it", keisha(noSundays, away("2026-06-01", "2026-06-06")), Ask{Purpose: StudyCare, Channel: SMS, Now: at("2026-06-03 16:00")},
			"Cannot text yet: Keisha is away until 6 June 2026 and takes no messages.", "2026-06-08 13:00"},
		{"the day before they go", keisha(away("2026-06-04", "2026-06-06")), Ask{Purpose: StudyCare, Channel: Voice, Now: at("2026-06-03 16:00")}, "", ""},
		{"a code while away", keisha(away("2026-06-01", "2026-06-06")), Ask{Purpose: Requested, Channel: SMS, Now: at("2026-06-03 16:00")}, "", ""},
		{"a code on a Sunday", keisha(noSundays), Ask{Purpose: Requested, Channel: SMS, Now: at("2026-06-07 16:00")}, "", ""},
	} {
		g := May(tc.p, tc.ask)
		if g.OK != (tc.want == "") || g.Sentence() != tc.want {
			t.Errorf("%s: OK %v, %q; want %q", tc.name, g.OK, g.Sentence(), tc.want)
		}
		if tc.after != "" && !g.NotBefore.Equal(at(tc.after)) {
			t.Errorf("%s: not before %v, want %s", tc.name, g.NotBefore, tc.after)
		}
	}
}

// Places whose time is not their neighbour's: the hours there, on the day the clocks go on and the
// day they go back, and in the middle of summer.
func TestHoursInOddPlaces(t *testing.T) {
	zip := func(z string) Person {
		return keisha(func(p *Person) { p.Zone, p.Address.ZIP = "", z })
	}
	number := func(n string) Person {
		return keisha(func(p *Person) {
			p.Zone, p.Address.ZIP, p.Points = "", "", []Point{{Kind: Mobile, Value: n, Hash: "h1"}}
		})
	}
	for _, tc := range []struct {
		name        string
		p           Person
		day         string // UTC hours at which a text may go on it, first and last minute
		first, last string
	}{
		{"Knox, Indiana: Central", zip("46534"), "2026-07-01", "14:00", "00:59"},
		{"Tell City in Perry County: Central", zip("47586"), "2026-07-01", "14:00", "00:59"},
		{"Vincennes: Eastern", zip("47591"), "2026-07-01", "13:00", "23:59"},
		{"812, either", number("+18125550123"), "2026-07-01", "14:00", "23:59"},
		{"930, either", number("+19305550123"), "2026-07-01", "14:00", "23:59"},
		{"Window Rock, the Navajo Nation: summer time", zip("86515"), "2026-07-01", "15:00", "01:59"},
		{"Keams Canyon, the Hopi land within it: none", zip("86034"), "2026-07-01", "16:00", "02:59"},
		{"928, either", number("+19285550123"), "2026-07-01", "16:00", "01:59"},
		{"928 in winter, when both are the same", number("+19285550123"), "2026-01-14", "16:00", "02:59"},
		{"Adak", zip("99546"), "2026-07-01", "18:00", "04:59"},
		{"907, Anchorage or Adak", number("+19075550123"), "2026-07-01", "18:00", "03:59"},
		{"Hawaii", zip("96813"), "2026-07-01", "19:00", "05:59"},
		{"808", number("+18085550123"), "2026-03-08", "19:00", "05:59"},
		{"New York, the day the clocks go on", zip("10001"), "2026-03-08", "13:00", "23:59"},
		{"New York, the day before", zip("10001"), "2026-03-07", "14:00", "00:59"},
		{"New York, the day they go back", zip("10001"), "2026-11-01", "14:00", "00:59"},
		{"New York, the day before that", zip("10001"), "2026-10-31", "13:00", "23:59"},
		{"Phoenix, on neither", zip("85003"), "2026-03-08", "16:00", "02:59"},
		{"850, the panhandle", number("+18505550123"), "2026-07-01", "14:00", "23:59"},
		{"448, which lies over it", number("+14485550123"), "2026-07-01", "14:00", "23:59"},
	} {
		first, last := at(tc.day+" "+tc.first), at(tc.day+" "+tc.last)
		if last.Before(first) {
			last = last.AddDate(0, 0, 1)
		}
		for when, want := range map[time.Time]bool{first: true, first.Add(-time.Minute): false, last: true, last.Add(time.Minute): false} {
			if g := May(tc.p, Ask{Purpose: StudyCare, Channel: SMS, Now: when}); g.OK != want {
				t.Errorf("%s: at %s allowed %v, want %v (%s)", tc.name, when.Format("2006-01-02 15:04"), g.OK, want, g.Sentence())
			}
		}
	}
}

// Whatever the number, the wish, the study's hours and days off, and the minute, most of all around
// the nights on which clocks are set: nobody is called or texted outside 8:00 to 21:00 in a place
// where the number may ring, and the time that is promised is not outside either.
func TestNeverOutsideTheHoursOfTheLaw(t *testing.T) {
	codes := []string{"212", "312", "602", "808", "812", "930", "219", "574", "850", "448", "270", "606", "423", "931", "906", "605", "701", "308", "785", "620", "432", "208", "541", "775", "928", "907", "334", "671"}
	// The moments at which some clock was or will be set, of every zone these numbers may ring in.
	var turns []time.Time
	for _, code := range codes {
		n, err := phone.Parse("+1"+code+"5550123", "US")
		if err != nil {
			t.Fatal(err)
		}
		zones := Zones(Person{}, Point{Kind: Mobile, Value: n.E164()})
		if len(zones) == 0 {
			t.Fatalf("%s rings nowhere", code)
		}
		for _, z := range zones {
			for x := at("2026-01-02 00:00").In(z); x.Year() < 2032; {
				_, end := x.ZoneBounds()
				if end.IsZero() {
					break
				}
				turns = append(turns, end)
				x = end.Add(time.Hour)
			}
		}
	}
	slices.SortFunc(turns, time.Time.Compare)
	if len(turns) < 100 {
		t.Fatalf("only %d times at which clocks are set", len(turns))
	}
	hour := rapid.Custom(func(t *rapid.T) string {
		return time.Date(2026, 1, 1, rapid.IntRange(0, 23).Draw(t, "h"), rapid.IntRange(0, 59).Draw(t, "m"), 0, 0, time.UTC).Format("15:04")
	})
	rapid.Check(t, func(t *rapid.T) {
		p := keisha(func(p *Person) {
			p.Zone, p.Address.ZIP = "", ""
			p.Points = []Point{{Kind: Mobile, Value: "+1" + rapid.SampledFrom(codes).Draw(t, "code") + "5550123", Hash: "h1"}}
		})
		if rapid.Bool().Draw(t, "wish") {
			p.ReachMe.From, p.ReachMe.To = hour.Draw(t, "from"), hour.Draw(t, "to")
		}
		p.ReachMe.SkipDays = rapid.SliceOfNDistinct(rapid.SampledFrom(weekdays), 0, 3, rapid.ID).Draw(t, "skip")
		if rapid.Bool().Draw(t, "away") {
			from := at("2026-01-01 00:00").AddDate(0, 0, rapid.IntRange(0, 6*365).Draw(t, "from day"))
			p.ReachMe.Away = []Away{{from.Format(time.DateOnly), from.AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "days")).Format(time.DateOnly)}}
		}
		a := Ask{Purpose: StudyCare, Channel: rapid.SampledFrom([]Channel{SMS, Voice, Call}).Draw(t, "channel"), Study: &StudyGate{ID: "A", Enrolled: true}}
		if rapid.Bool().Draw(t, "study hours") {
			a.Study.From, a.Study.To = hour.Draw(t, "study from"), hour.Draw(t, "study to")
		}
		turn := rapid.SampledFrom(turns).Draw(t, "turn")
		if len(p.ReachMe.Away) > 0 && rapid.Bool().Draw(t, "about then") {
			p.ReachMe.Away[0] = Away{turn.Format(time.DateOnly), turn.AddDate(0, 0, 9).Format(time.DateOnly)}
		}
		a.Now = turn.Add(time.Duration(rapid.IntRange(-30*60, 30*60).Draw(t, "minutes")) * time.Minute)
		zones := Zones(p, p.Points[0])
		if rapid.Bool().Draw(t, "blackout") {
			a.Study.Blackout = []string{a.Now.In(zones[0]).Format(time.DateOnly)}
		}
		g := May(p, a)
		when := a.Now
		if !g.OK {
			if when = g.NotBefore; when.IsZero() {
				return
			}
			a.Now = when
			if again := May(p, a); !again.OK {
				t.Fatalf("promised %v, then: %s", when, again.Sentence())
			}
		}
		for _, z := range zones {
			l := when.In(z)
			if l.Hour() < 8 || l.Hour() >= 21 {
				t.Fatalf("%v is %s in %s", when, l.Format("15:04"), z)
			}
			if slices.Contains(p.ReachMe.SkipDays, l.Format("Mon")) {
				t.Fatalf("%v is a %s in %s", when, l.Weekday(), z)
			}
			for _, x := range p.ReachMe.Away {
				if day := l.Format(time.DateOnly); x.From <= day && day <= x.To {
					t.Fatalf("%v is in the days away in %s", when, z)
				}
			}
			if a.Channel != Call && slices.Contains(a.Study.Blackout, l.Format(time.DateOnly)) {
				t.Fatalf("%v is a silent day in %s", when, z)
			}
		}
	})
}
