package contacts

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noon is Monday 8 June 2026, 12:00 in Pittsburgh.
var noon = time.Date(2026, 6, 8, 16, 0, 0, 0, time.UTC)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

// keisha agreed to everything in January and has a mobile and an e-mail address.
func keisha(change ...func(*Person)) Person {
	p := Person{
		Given: "Keisha", Family: "Morton", BirthDate: "1993-02-01", Language: "en", Zone: "America/New_York",
		Points: []Point{
			{Kind: Mobile, Value: "+18785550178", Hash: "h1"},
			{Kind: Email, Value: "keisha@example.test", Hash: "h2"},
		},
		Address: Address{Line: "1 Elm St", ZIP: "15213"},
		Basis:   Basis{Kind: ByConsent, At: at("2026-01-05 15:00")},
	}
	for _, purpose := range []Purpose{Recruitment, StudyCare} {
		for _, c := range []Channel{SMS, Voice, ByEmail} {
			p.Consents = append(p.Consents, Consent{Purpose: purpose, Channel: c, Granted: true, At: at("2026-01-05 15:00"), Source: "web", Wording: "join@1"})
		}
	}
	for _, f := range change {
		f(&p)
	}
	return p
}

func stop(p *Person) {
	p.Consents = append(p.Consents, Consent{Purpose: AnyPurpose, Channel: SMS, At: at("2026-05-03 18:00"), Source: "sms", Evidence: "Stop"})
}

func recruiting() *StudyGate { return &StudyGate{ID: "CLEARWAY", RecruitmentOpen: true} }

func TestMay(t *testing.T) {
	ask := func(p Purpose, c Channel, change ...func(*Ask)) Ask {
		a := Ask{Purpose: p, Channel: c, Now: noon}
		for _, f := range change {
			f(&a)
		}
		return a
	}
	with := func(s StudyGate) func(*Ask) { return func(a *Ask) { a.Study = &s } }
	when := func(s string) func(*Ask) { return func(a *Ask) { a.Now = at(s) } }
	reply := func(a *Ask) { a.Reply = true }
	blocked := func(a *Ask) { a.Blocked = true }
	waiver := func(ways ...Channel) func(*Person) {
		return func(p *Person) {
			p.Consents = nil
			p.Basis = Basis{Kind: ByWaiver, Study: "CLEARWAY", Board: "Larkfield IRB", Reference: "W-7", Expires: "2026-06-30", Ways: ways, At: at("2026-01-05 15:00")}
		}
	}
	records := func(p *Person) { p.Basis.Kind = ByRecords; p.Given = "Walter" }
	unasked := func(p *Person) { p.Consents = nil }
	textOnly := func(p *Person) { p.ReachMe.TextOnly = true; p.Given = "Tom" }
	relay := func(p *Person) { p.ReachMe.Relay = true }
	landline := func(p *Person) { p.Points[0].Kind = Landline }
	status := func(s string) func(*Person) {
		return func(p *Person) { p.Points[0].Status, p.Points[0].StatusAt = s, at("2026-05-09 15:00") }
	}
	own := func(from, to string) func(*Person) {
		return func(p *Person) { p.ReachMe.From, p.ReachMe.To = from, to }
	}
	sent := func(days ...int) func(*Ask) {
		return func(a *Ask) {
			for _, d := range days {
				a.Recent = append(a.Recent, Touch{Out: true, Purpose: Recruitment, Channel: SMS, At: noon.AddDate(0, 0, -d), Outcome: "delivered"})
			}
		}
	}

	today := func(n int) func(*Ask) {
		return func(a *Ask) {
			for i := range n {
				a.Recent = append(a.Recent, Touch{Out: true, Purpose: StudyCare, Channel: SMS, Kind: "message", Study: []string{"STEADY", "OTHER"}[i%2], At: at("2026-06-08 04:00"), Outcome: "delivered"})
			}
		}
	}

	for _, tc := range []struct {
		name   string
		person Person
		ask    Ask
		want   string // "" = allowed
		codes  []string
		after  string // NotBefore
	}{
		{name: "a standing grant", person: keisha(), ask: ask(Recruitment, SMS, with(*recruiting())), codes: []string{CodeConsent}},
		{name: "STOP by text", person: keisha(stop), ask: ask(Recruitment, SMS), want: "Cannot text: Keisha stopped texts on 3 May 2026 by replying STOP. Call instead.", codes: []string{CodeStopped}},
		{name: "STOP holds for study texts too", person: keisha(stop), ask: ask(StudyCare, SMS), want: "Cannot text: Keisha stopped texts on 3 May 2026 by replying STOP. E-mail instead.", codes: []string{CodeStopped}},
		{name: "STOP leaves calls", person: keisha(stop), ask: ask(Recruitment, Call), codes: []string{CodeConsent}},
		{name: "STOP leaves a safety call by a person", person: keisha(stop, func(p *Person) {
			p.Consents = append(p.Consents, Consent{Purpose: AnyPurpose, Channel: AnyChannel, At: at("2026-05-04 18:00"), Source: "staff"})
		}), ask: ask(Safety, Call), codes: []string{CodeSafety}},
		{name: "all contact stopped", person: keisha(func(p *Person) {
			p.Consents = append(p.Consents, Consent{Purpose: AnyPurpose, Channel: AnyChannel, At: at("2026-05-04 18:00"), Source: "staff"})
		}), ask: ask(StudyCare, Call, with(StudyGate{ID: "STEADY", Enrolled: true})), want: "Cannot call: Keisha stopped all contact on 4 May 2026 as noted by staff.", codes: []string{CodeStopped}},
		{name: "START after STOP for one purpose", person: keisha(stop, func(p *Person) {
			p.Consents = append(p.Consents, Consent{Purpose: StudyCare, Channel: SMS, Granted: true, At: at("2026-05-05 18:00"), Source: "sms"})
		}), ask: ask(StudyCare, SMS), codes: []string{CodeConsent}},
		{name: "an older grant noted later does not undo a STOP", person: keisha(stop, func(p *Person) {
			p.Consents = append(p.Consents, Consent{Purpose: Recruitment, Channel: SMS, Granted: true, At: at("2026-02-05 18:00"), Source: "import"})
		}), ask: ask(Recruitment, SMS), want: "Cannot text: Keisha stopped texts on 3 May 2026 by replying STOP. Call instead.", codes: []string{CodeStopped}},
		{name: "the one confirmation of a STOP", person: keisha(stop), ask: ask(Requested, SMS, reply), codes: []string{CodeRequested}},
		{name: "a code by text after STOP", person: keisha(stop), ask: ask(Requested, SMS), want: "Cannot text: Keisha stopped texts on 3 May 2026 by replying STOP. Call instead.", codes: []string{CodeStopped}},
		{name: "a code at 23:00", person: keisha(unasked), ask: ask(Requested, SMS, when("2026-06-09 03:00")), codes: []string{CodeRequested}},
		{name: "never agreed", person: keisha(unasked), ask: ask(Recruitment, Voice), want: "Cannot call automatically: Keisha has not agreed to automated calls about studies. Call instead.", codes: []string{CodeNoConsent}},
		{name: "consent to the other purpose", person: keisha(func(p *Person) { p.Consents = p.Consents[:3] }), ask: ask(StudyCare, SMS), want: "Cannot text: Keisha has not agreed to texts for a study's visits and diaries.", codes: []string{CodeNoConsent}},
		{name: "enrolled: a person may call", person: keisha(unasked), ask: ask(StudyCare, Call, with(StudyGate{ID: "STEADY", Enrolled: true})), codes: []string{CodeConsent}},
		{name: "not enrolled: no call for a study", person: keisha(unasked), ask: ask(StudyCare, Call, with(StudyGate{ID: "STEADY"})), want: "Cannot call: Keisha has not agreed to calls for a study's visits and diaries.", codes: []string{CodeNoConsent}},

		{name: "records, text", person: keisha(records), ask: ask(Recruitment, SMS), want: RecordsOnly, codes: []string{CodeRecords}},
		{name: "records, letter", person: keisha(records), ask: ask(Recruitment, Letter), want: RecordsOnly, codes: []string{CodeRecords}},
		{name: "records, a code somebody asked for", person: keisha(records), ask: ask(Requested, SMS), want: RecordsOnly, codes: []string{CodeRecords}},
		{name: "records, an answer to their own text", person: keisha(records), ask: ask(Requested, SMS, reply), codes: []string{CodeRequested}},
		{name: "records beat all other reasons", person: keisha(records, stop, status(StatusWrong)), ask: ask(Recruitment, SMS, blocked), want: RecordsOnly, codes: []string{CodeRecords}},

		{name: "waiver, call", person: keisha(waiver()), ask: ask(Recruitment, Call, with(*recruiting())), codes: []string{CodeWaiver}},
		{name: "waiver, letter", person: keisha(waiver()), ask: ask(Recruitment, Letter, with(*recruiting())), codes: []string{CodeWaiver}},
		{name: "waiver, text, even when named", person: keisha(waiver(SMS, Call)), ask: ask(Recruitment, SMS, with(*recruiting())), want: "Cannot text: A waiver never allows automated texts or calls. Call instead.", codes: []string{CodeWaiver}},
		{name: "waiver, a way it does not name", person: keisha(waiver(Letter)), ask: ask(Recruitment, Call, with(*recruiting())), want: "Cannot call: The waiver W-7 does not name calls. Write a letter instead.", codes: []string{CodeWaiver}},
		{name: "waiver, another study", person: keisha(waiver()), ask: ask(Recruitment, Call, with(StudyGate{ID: "STEADY", RecruitmentOpen: true})), want: "Cannot call: Keisha is here under a waiver for CLEARWAY only.", codes: []string{CodeWaiver}},
		{name: "waiver, no study", person: keisha(waiver()), ask: ask(Recruitment, Call), want: "Cannot call: Keisha is here under a waiver for CLEARWAY only.", codes: []string{CodeWaiver}},
		{name: "waiver, last day", person: keisha(waiver()), ask: ask(Recruitment, Call, with(*recruiting()), when("2026-06-30 16:00")), codes: []string{CodeWaiver}},
		{name: "waiver, over", person: keisha(waiver()), ask: ask(Recruitment, Call, with(*recruiting()), when("2026-07-01 16:00")), want: "Cannot call: The waiver W-7 for CLEARWAY ended on 30 June 2026.", codes: []string{CodeWaiver}},
		{name: "waiver that ends before the hour opens", person: keisha(waiver()), ask: ask(Recruitment, Call, with(*recruiting()), when("2026-07-01 02:00")), want: "Cannot call: Calls are made 08:00–21:00; it is 22:00 there. The waiver W-7 for CLEARWAY ended on 30 June 2026.", codes: []string{CodeQuiet, CodeWaiver}},
		{name: "waiver, a code somebody asked for", person: keisha(waiver()), ask: ask(Requested, SMS), want: "Cannot text: Keisha is here under a waiver, which never allows automated contact. Call instead.", codes: []string{CodeWaiver}},
		{name: "referral, call", person: keisha(unasked, func(p *Person) { p.Basis.Kind = ByReferral }), ask: ask(Recruitment, Call), codes: []string{CodeConsent}},
		{name: "referral, text", person: keisha(unasked, func(p *Person) { p.Basis.Kind = ByReferral }), ask: ask(Recruitment, SMS), want: "Cannot text: Keisha has not agreed to texts about studies. Call instead.", codes: []string{CodeNoConsent}},
		{name: "no basis", person: keisha(unasked, func(p *Person) { p.Basis = Basis{} }), ask: ask(Recruitment, Call), want: "Cannot call: It is not recorded why Keisha is in the registry.", codes: []string{CodeNoConsent}},

		{name: "deceased", person: keisha(func(p *Person) { p.Deceased = "2026-05-01" }), ask: ask(Safety, Call), want: "Cannot call: Keisha has died. Nothing is sent any more.", codes: []string{CodeDeceased}},
		{name: "deceased, a reply", person: keisha(func(p *Person) { p.Deceased = "2026-05-01" }), ask: ask(Requested, SMS, reply), want: "Cannot text: Keisha has died. Nothing is sent any more.", codes: []string{CodeDeceased}},
		{name: "suppressed", person: keisha(), ask: ask(Requested, SMS, blocked), want: "Cannot text: This number or address is on the do-not-contact list.", codes: []string{CodeSuppressed}},
		{name: "suppressed leaves the safety call", person: keisha(), ask: ask(Safety, Call, blocked), codes: []string{CodeSafety}},
		{name: "safety by a machine", person: keisha(), ask: ask(Safety, Voice), want: "Cannot call automatically: A safety contact is a call dialled by a person. Call instead.", codes: []string{CodeSafetyCall}},
		{name: "unknown purpose", person: keisha(), ask: ask("", SMS), want: `Cannot text: There is no contact "" by "sms".`, codes: []string{CodeUnknown}},

		{name: "text only, voice", person: keisha(textOnly), ask: ask(StudyCare, Voice), want: "Cannot call automatically: Tom asked for texts only, no calls. Text instead.", codes: []string{CodeTextOnly}},
		{name: "text only, a code read out", person: keisha(textOnly), ask: ask(Requested, Voice), want: "Cannot call automatically: Tom asked for texts only, no calls. Text instead.", codes: []string{CodeTextOnly}},
		{name: "text only, safety call with a caution", person: keisha(textOnly), ask: ask(Safety, Call), codes: []string{CodeSafety, CodeTextOnly}},
		{name: "relay, automated", person: keisha(relay), ask: ask(StudyCare, Voice), want: "Cannot call automatically: Keisha uses a captioned phone or relay, which automated calls do not work with. Text instead.", codes: []string{CodeRelay}},
		{name: "sensitive by text", person: keisha(), ask: ask(Recruitment, SMS, func(a *Ask) { a.Sensitive = true }), want: "Cannot text: This is a sensitive question: ask it by a link after sign-in, or in person.", codes: []string{CodeSensitive}},

		{name: "landline, text", person: keisha(landline), ask: ask(Recruitment, SMS), want: "Cannot text: Keisha's number is a landline, which cannot take texts. Call instead.", codes: []string{CodeNoPoint}},
		{name: "wrong number", person: keisha(status(StatusWrong)), ask: ask(Recruitment, Voice), want: "Cannot call automatically: Keisha's number was reported wrong on 9 May 2026 and is set aside. E-mail instead.", codes: []string{CodeWrongNumber}},
		{name: "wrong number, safety", person: keisha(status(StatusWrong)), ask: ask(Safety, Call), want: "Cannot call: Keisha's number was reported wrong on 9 May 2026 and is set aside.", codes: []string{CodeWrongNumber}},
		{name: "not dialable", person: keisha(status(StatusNoDial)), ask: ask(Recruitment, SMS), want: "Cannot text: Keisha's number is not one that can be dialled. E-mail instead.", codes: []string{CodeNoPoint}},
		{name: "planned for a number that is gone", person: keisha(), ask: ask(Recruitment, SMS, func(a *Ask) { a.Point = &Point{Kind: Mobile, Hash: "old"} }), want: "Cannot text: This is no longer a number or address of Keisha. Call instead.", codes: []string{CodeNoPoint}},
		{name: "planned for a number quarantined since", person: keisha(status(StatusWrong)), ask: ask(Recruitment, SMS, func(a *Ask) { a.Point = &Point{Kind: Mobile, Hash: "h1"} }), want: "Cannot text: Keisha's number was reported wrong on 9 May 2026 and is set aside. E-mail instead.", codes: []string{CodeWrongNumber}},
		{name: "no address", person: keisha(func(p *Person) { p.Address = Address{} }), ask: ask(Recruitment, Letter), want: "Cannot write: Keisha has no postal address here. Call instead.", codes: []string{CodeNoPoint}},

		{name: "study expired", person: keisha(), ask: ask(Recruitment, SMS, with(StudyGate{ID: "CLEARWAY", WhyClosed: "board approval LUH-25-0042 expired on 3 March 2026"})), want: "Cannot text: CLEARWAY is not recruiting: board approval LUH-25-0042 expired on 3 March 2026.", codes: []string{CodeStudyClosed}},
		{name: "study expired, reminders go on", person: keisha(), ask: ask(StudyCare, SMS, with(StudyGate{ID: "CLEARWAY", Enrolled: true})), codes: []string{CodeConsent}},
		{name: "busy", person: keisha(), ask: ask(Recruitment, SMS, with(StudyGate{ID: "CLEARWAY", RecruitmentOpen: true, Busy: "is in LANTERN until 4 August 2026"})), want: "Cannot text: Keisha is in LANTERN until 4 August 2026.", codes: []string{CodeBusy}},

		{name: "07:59", person: keisha(), ask: ask(StudyCare, SMS, when("2026-06-08 11:59")), want: "Cannot text yet: Messages go out 09:00–20:00; it is 07:59 there.", codes: []string{CodeQuiet}, after: "2026-06-08 13:00"},
		{name: "20:00 is over", person: keisha(), ask: ask(StudyCare, SMS, when("2026-06-09 00:00")), want: "Cannot text yet: Messages go out 09:00–20:00; it is 20:00 there.", codes: []string{CodeQuiet}, after: "2026-06-09 13:00"},
		{name: "an answer at 23:00", person: keisha(), ask: ask(Recruitment, SMS, when("2026-06-09 03:00"), reply), codes: []string{CodeConsent}},
		{name: "a person dials at 08:30", person: keisha(), ask: ask(Recruitment, Call, when("2026-06-08 12:30")), codes: []string{CodeConsent}},
		{name: "e-mail at night", person: keisha(), ask: ask(Recruitment, ByEmail, when("2026-06-09 05:00")), codes: []string{CodeConsent}},
		{name: "own window", person: keisha(own("10:00", "12:00")), ask: ask(StudyCare, Voice), want: "Cannot call automatically yet: Keisha takes messages 10:00–12:00; it is 12:00 there.", codes: []string{CodeQuiet}, after: "2026-06-09 14:00"},
		{name: "own window widens the default, not the law", person: keisha(own("06:00", "23:00")), ask: ask(StudyCare, SMS, when("2026-06-09 00:30")), codes: []string{CodeConsent}},
		{name: "own window past the law", person: keisha(own("06:00", "23:00")), ask: ask(StudyCare, SMS, when("2026-06-09 01:00")), want: "Cannot text yet: Keisha takes messages 08:00–21:00; it is 21:00 there.", codes: []string{CodeQuiet}, after: "2026-06-09 12:00"},
		{name: "own window over midnight, morning", person: keisha(own("20:00", "10:00")), ask: ask(StudyCare, SMS, when("2026-06-08 13:30")), codes: []string{CodeConsent}},
		{name: "own window over midnight, noon", person: keisha(own("20:00", "10:00")), ask: ask(StudyCare, SMS), want: "Cannot text yet: Keisha takes messages 08:00–10:00 and 20:00–21:00; it is 12:00 there.", codes: []string{CodeQuiet}, after: "2026-06-09 00:00"},
		{name: "own window at night only", person: keisha(own("22:00", "06:00")), ask: ask(StudyCare, SMS), want: "Cannot text: Keisha asked for 22:00 to 06:00 only, which lies outside 08:00 to 21:00, the hours the law allows.", codes: []string{CodeQuiet}},
		{name: "the study's hours", person: keisha(), ask: ask(StudyCare, SMS, with(StudyGate{ID: "STEADY", From: "13:00", To: "18:00"})), want: "Cannot text yet: Messages go out 13:00–18:00; it is 12:00 there.", codes: []string{CodeQuiet}, after: "2026-06-08 17:00"},
		{name: "own hours within the study's", person: keisha(own("09:00", "14:00")), ask: ask(StudyCare, SMS, with(StudyGate{ID: "STEADY", From: "13:00", To: "18:00"})), want: "Cannot text yet: Keisha takes messages 13:00–14:00; it is 12:00 there.", codes: []string{CodeQuiet}, after: "2026-06-08 17:00"},
		{name: "own hours outside the study's", person: keisha(own("09:00", "12:30")), ask: ask(StudyCare, SMS, with(StudyGate{ID: "STEADY", From: "13:00", To: "18:00"})), want: "Cannot text: Keisha asked for 09:00 to 12:30 only, which lies outside 13:00 to 18:00, the hours of STEADY.", codes: []string{CodeQuiet}},
		{name: "the study's hours bind no person who dials", person: keisha(own("09:00", "12:30")), ask: ask(StudyCare, Call, with(StudyGate{ID: "STEADY", Enrolled: true, From: "13:00", To: "18:00"})), codes: []string{CodeConsent}},
		{name: "nobody knows where", person: keisha(func(p *Person) { p.Zone = ""; p.Address = Address{Line: "x"}; p.Points[0].Value = "" }), ask: ask(StudyCare, SMS), want: "Cannot text: It is not known where Keisha is, so neither what time it is there. Set the time zone or ZIP first.", codes: []string{CodeNoZone}},
		{name: "Hawaii at noon in Pittsburgh", person: keisha(func(p *Person) { p.Zone = "Pacific/Honolulu" }), ask: ask(StudyCare, SMS), want: "Cannot text yet: Messages go out 09:00–20:00; it is 06:00 there.", codes: []string{CodeQuiet}, after: "2026-06-08 19:00"},
		{name: "Arizona keeps no summer time", person: keisha(func(p *Person) { p.Zone = "America/Phoenix" }), ask: ask(StudyCare, SMS, when("2026-06-08 15:59")), want: "Cannot text yet: Messages go out 09:00–20:00; it is 08:59 there.", codes: []string{CodeQuiet}, after: "2026-06-08 16:00"},
		{name: "the night the clocks go forward", person: keisha(), ask: ask(StudyCare, SMS, when("2026-03-08 05:00")), want: "Cannot text yet: Messages go out 09:00–20:00; it is 00:00 there.", codes: []string{CodeQuiet}, after: "2026-03-08 13:00"},

		{name: "three contacts", person: keisha(), ask: ask(Recruitment, SMS, sent(1, 2, 3)), codes: []string{CodeConsent}},
		{name: "four contacts", person: keisha(), ask: ask(Recruitment, SMS, sent(1, 2, 3, 30)), want: "Cannot text yet: Keisha was contacted about studies 4 times in the last 31 days; the limit is 4. Next from 9 June 2026.", codes: []string{CodeCap}, after: "2026-06-09 16:00"},
		{name: "one of four is old", person: keisha(), ask: ask(Recruitment, SMS, sent(1, 2, 3, 31)), codes: []string{CodeConsent}},
		{name: "failed attempts are no contacts", person: keisha(), ask: ask(Recruitment, SMS, sent(1, 2, 3, 4), func(a *Ask) { a.Recent[0].Outcome = "failed" }), codes: []string{CodeConsent}},
		{name: "answers are no contacts", person: keisha(), ask: ask(Recruitment, SMS, sent(1, 2, 3, 4), func(a *Ask) { a.Recent[0].Reply = true }), codes: []string{CodeConsent}},
		{name: "the cap is for studies that may fit", person: keisha(), ask: ask(StudyCare, SMS, sent(1, 2, 3, 4)), codes: []string{CodeConsent}},
		{name: "cap and hour", person: keisha(), ask: ask(Recruitment, SMS, when("2026-06-09 03:00"), func(a *Ask) {
			for range 4 {
				a.Recent = append(a.Recent, Touch{Out: true, Purpose: Recruitment, At: at("2026-05-10 02:00")})
			}
		}), want: "Cannot text yet: Keisha was contacted about studies 4 times in the last 31 days; the limit is 4. Next from 9 June 2026. Messages go out 09:00–20:00; it is 23:00 there.", codes: []string{CodeCap, CodeQuiet}, after: "2026-06-10 13:00"},
		{name: "five texts for studies today", person: keisha(), ask: ask(StudyCare, SMS, today(5)), codes: []string{CodeConsent}},
		{name: "six texts for studies today", person: keisha(), ask: ask(StudyCare, SMS, today(6)), want: "Cannot text yet: Keisha has 6 texts for studies today, sent or waiting; the limit is 6 a day over all studies. Next from 9 June 2026.", codes: []string{CodeDayCap}, after: "2026-06-09 13:00"},
		{name: "two where the site says two", person: keisha(), ask: ask(StudyCare, SMS, today(2), func(a *Ask) { a.TextsADay = 2 }), want: "Cannot text yet: Keisha has 2 texts for studies today, sent or waiting; the limit is 2 a day over all studies. Next from 9 June 2026.", codes: []string{CodeDayCap}, after: "2026-06-09 13:00"},
		{name: "a site that says a hundred", person: keisha(), ask: ask(StudyCare, SMS, today(12), func(a *Ask) { a.TextsADay = 100 }), want: "Cannot text yet: Keisha has 12 texts for studies today, sent or waiting; the limit is 12 a day over all studies. Next from 9 June 2026.", codes: []string{CodeDayCap}, after: "2026-06-09 13:00"},
		{name: "six yesterday evening", person: keisha(), ask: ask(StudyCare, SMS, today(6), func(a *Ask) {
			for i := range a.Recent {
				a.Recent[i].At = at("2026-06-08 03:59")
			}
		}), codes: []string{CodeConsent}},
		{name: "an answer is over no limit", person: keisha(), ask: ask(StudyCare, SMS, today(6), reply), codes: []string{CodeConsent}},
		{name: "a code is over no limit", person: keisha(), ask: ask(Requested, SMS, today(6)), codes: []string{CodeRequested}},
		{name: "a call is no text", person: keisha(), ask: ask(StudyCare, Voice, today(6)), codes: []string{CodeConsent}},
		{name: "what did not go does not count", person: keisha(), ask: ask(StudyCare, SMS, today(6), func(a *Ask) { a.Recent[0].Outcome, a.Recent[1].Outcome = "expired", "cancelled" }), codes: []string{CodeConsent}},
		{name: "paused", person: keisha(func(p *Person) { p.ReachMe.Paused = "2026-07-01" }), ask: ask(Recruitment, SMS), want: "Cannot text yet: Keisha asked for no word about studies before 1 July 2026.", codes: []string{CodePaused}, after: "2026-07-01 13:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := May(tc.person, tc.ask)
			if got := g.Sentence(); got != tc.want {
				t.Errorf("sentence\n got %q\nwant %q", got, tc.want)
			}
			if g.OK != (tc.want == "") {
				t.Errorf("OK is %v", g.OK)
			}
			var codes []string
			for _, r := range g.Reasons {
				codes = append(codes, r.Code)
			}
			if d := cmp.Diff(tc.codes, codes); d != "" {
				t.Errorf("codes (-want +got):\n%s", d)
			}
			var want time.Time
			if tc.after != "" {
				want = at(tc.after)
			}
			if !g.NotBefore.Equal(want) {
				t.Errorf("not before: got %v, want %v", g.NotBefore, want)
			}
		})
	}
}

func TestMayChoosesThePoint(t *testing.T) {
	p := keisha(func(p *Person) {
		p.Points = append(p.Points, Point{Kind: Landline, Value: "+14125550110", Hash: "h3", Preferred: true})
	})
	if g := May(p, Ask{Purpose: StudyCare, Channel: SMS, Now: noon}); g.Point.Hash != "h1" {
		t.Errorf("a text goes to %q, want the mobile", g.Point.Hash)
	}
	if g := May(p, Ask{Purpose: StudyCare, Channel: Voice, Now: noon}); g.Point.Hash != "h3" {
		t.Errorf("a call goes to %q, want the preferred landline", g.Point.Hash)
	}
	if g := May(p, Ask{Purpose: StudyCare, Channel: ByEmail, Now: noon}); g.Point.Hash != "h2" {
		t.Errorf("an e-mail goes to %q", g.Point.Hash)
	}
}

func TestSeveralPossibleZonesMustAllBeOpen(t *testing.T) {
	load := func(n string) *time.Location {
		z, err := time.LoadLocation(n)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	zones := []*time.Location{load("America/New_York"), load("America/Chicago")}
	day := []span{{defaultFrom, defaultTo}}
	never := func(time.Time) bool { return false }
	for _, tc := range []struct{ now, next string }{
		{"2026-06-08 13:30", "2026-06-08 14:00"}, // 09:30 and 08:30
		{"2026-06-08 14:00", "2026-06-08 14:00"},
		{"2026-06-09 00:00", "2026-06-09 14:00"}, // 20:00 and 19:00
	} {
		got, ok := nextOpen(at(tc.now), zones, day, never)
		if !ok || !got.Equal(at(tc.next)) {
			t.Errorf("from %s: got %v %v, want %s", tc.now, got, ok, tc.next)
		}
	}
	if _, ok := nextOpen(noon, []*time.Location{load("Pacific/Honolulu"), load("Asia/Tokyo")}, []span{{lawFrom, lawFrom + 60}}, never); ok {
		t.Error("windows that never meet gave a time")
	}
}

func TestParseHour(t *testing.T) {
	for s, want := range map[string]int{"00:00": 0, "09:05": 545, "23:59": 1439} {
		if got, err := ParseHour(s); err != nil || got != want {
			t.Errorf("%s: got %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "9:00", "24:00", "09:60", "-1:00", "09:-1", "ab:cd", "09-00", "+9:00"} {
		if got, err := ParseHour(s); err == nil {
			t.Errorf("%q was read as %d", s, got)
		}
	}
}

func BenchmarkMay(b *testing.B) {
	a := Ask{Purpose: Recruitment, Channel: SMS, Study: recruiting(), Now: noon}
	for name, p := range map[string]Person{
		"allowed": keisha(func(p *Person) { p.Zone = "" }),
		"stopped": keisha(stop, func(p *Person) { p.Zone = "" }),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				May(p, a)
			}
		})
	}
}
