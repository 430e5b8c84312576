package seed

import (
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/i18n"
)

// role is how a person of the story begins.
type role struct {
	key, given, family, sex string
	age                     int
	month                   time.Month
	day                     int
	zip, street             string
	home                    string
	joined                  int // days ago
	source                  string
}

// cast makes the people with a story. What happens to them in studies is in histories.
func (w *world) cast() {
	story := map[string]Persona{}
	for _, p := range Story() {
		story[p.Key] = p
	}
	enter := func(r role, more func(s *someone)) {
		p := story[r.key]
		s := &someone{key: r.key, age: r.age, has: map[string]bool{}, taken: true}
		s.Given, s.Family, s.Sex = r.given, r.family, r.sex
		s.BirthDate = w.born(r.age, r.month, r.day)
		s.Language = i18n.Lang(p.Language)
		place, _ := geo.Find(r.zip)
		s.Address = contacts.Address{Line: r.street, City: place.City, State: place.State, ZIP: r.zip}
		s.Home, s.Source, s.SourceID = r.home, r.source, "demo-"+r.key
		if s.Source == "" {
			s.Source = "web"
		}
		s.Created = w.at(-r.joined, "10:24")
		s.Basis = contacts.Basis{Kind: contacts.ByConsent, At: s.Created}
		if p.Number != "" {
			pt := contacts.Point{Kind: contacts.Mobile, Value: p.Number, Verified: s.Created.Add(2 * time.Minute), Voicemail: "yes"}
			if p.Landline {
				pt.Kind = contacts.Landline
			}
			s.Points = []contacts.Point{pt}
		}
		more(s)
		w.add(s)
	}

	enter(role{"rosa", "Rosa", "Delgado", "female", 74, time.May, 3, "15203", "18 Linden Street", "main", 61, "voice"}, func(s *someone) {
		s.Points[0].Shared = true
		w.pressurePatient(s, pressureTablets[0], 26, 148)
		w.inStudy(s, -24)
	})
	enter(role{"ernesto", "Ernesto", "Delgado", "male", 76, time.September, 12, "15203", "18 Linden Street", "main", 20, "voice"}, func(s *someone) {
		s.Points[0].Shared = true
		w.pressurePatient(s, pressureTablets[1], 0, 0)
		s.yes(ownMobile, false)
		s.grant(contacts.Recruitment, contacts.Voice)
		s.grant(contacts.Recruitment, contacts.Call)
	})
	birthday := w.local().AddDate(0, 0, -16) // 80, and so within the study's ages, when he consented
	enter(role{"harold", "Harold", "Whitcombe", "male", 81, birthday.Month(), min(birthday.Day(), 28), "16002", "7 Quarry Road", "north", 80, "staff"}, func(s *someone) {
		s.Slow = true
		s.Points[0].Voicemail = "no"
		w.pressurePatient(s, pressureTablets[2], 40, 151)
		w.inStudy(s, -38)
	})
	enter(role{"tom", "Tom", "Brannigan", "male", 59, time.July, 7, "15217", "92 Rowan Avenue", "main", 88, ""}, func(s *someone) {
		s.ReachMe.TextOnly = true
		w.pressurePatient(s, pressureTablets[0], 43, 144)
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grantAt(contacts.StudyCare, contacts.SMS, w.at(-41, "10:00"))
	})
	enter(role{"luis", "Luis", "Herrera", "male", 52, time.February, 19, "15210", "4 Copper Lane", "main", 120, ""}, func(s *someone) {
		w.sugarPatient(s)
		w.inStudy(s, -56)
	})
	stop := w.last(time.May, 3)
	enter(role{"keisha", "Keisha", "Morton", "female", 33, time.November, 21, "15221", "31 Sparrow Court", "main", 0, ""}, func(s *someone) {
		s.Created = stop.AddDate(0, 0, -62).Add(11 * time.Hour)
		s.Basis.At, s.Points[0].Verified = s.Created, s.Created
		w.asthmaPatient(s)
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grant(contacts.Recruitment, contacts.Call)
		s.stop(stop.Add(14*time.Hour + 12*time.Minute))
	})
	enter(role{"alma", "Alma", "Keoni", "female", 63, time.June, 11, "96815", "260 Heron Way", "", 33, ""}, func(s *someone) {
		s.answered = true
		s.list("condition", s.joined())
		s.list("medication", s.joined())
		s.list("trial", s.joined())
		s.yes(ownMobile, true)
		s.yes(otherStudy, false)
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grant(contacts.Recruitment, contacts.Voice)
		s.grant(contacts.Recruitment, contacts.Call)
	})
	enter(role{"marisol", "Marisol", "Vega", "female", 38, time.August, 30, "85201", "515 Sage Drive", "mesa", 47, ""}, func(s *someone) {
		w.asthmaPatient(s)
		s.answersByText()
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grant(contacts.Recruitment, contacts.Call)
	})
	enter(role{"marcus", "Marcus", "Bell", "male", 41, time.January, 17, "16066", "88 Holly Drive", "north", 38, ""}, func(s *someone) {
		w.asthmaPatient(s)
		s.answersByText()
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grant(contacts.Recruitment, contacts.Call)
	})
	enter(role{"priya", "Priya", "Raman", "female", 46, time.October, 5, "15232", "140 Chestnut Place", "main", 100, ""}, func(s *someone) {
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grant(contacts.Recruitment, contacts.Call)
	})
	enter(role{"suresh", "Suresh", "Raman", "male", 79, time.March, 28, "15232", "140 Chestnut Place", "main", 95, "staff"}, func(s *someone) {
		s.Proxy = &contacts.Proxy{Person: w.named["priya"].id, Role: "daughter"}
		w.pressurePatient(s, pressureTablets[1], 62, 139)
		s.grantAt(contacts.StudyCare, contacts.Call, w.at(-60, "10:00"))
	})
	enter(role{"gail", "Gail", "Stanton", "female", 67, time.December, 2, "44512", "63 Beacon Road", "", 31, ""}, func(s *someone) {
		w.pressurePatient(s, pressureTablets[0], 22, 156)
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grant(contacts.Recruitment, contacts.Call)
		s.Points[0].Verified = time.Time{}
		s.Points[0].Status, s.Points[0].StatusAt = contacts.StatusWrong, w.at(-3, "16:41")
		s.Points = append(s.Points, contacts.Point{Kind: contacts.Landline, Value: story["gail"].other})
	})
	twin := func(s *someone) {
		s.Points[0].Shared = true
		s.grant(contacts.Recruitment, contacts.SMS)
		s.grant(contacts.Recruitment, contacts.Call)
	}
	enter(role{"june", "June", "Lindqvist", "female", 28, time.April, 9, "44113", "9 Willow Place", "", 12, ""}, twin)
	enter(role{"jade", "Jade", "Lindqvist", "female", 28, time.April, 9, "44113", "9 Willow Place", "", 2, ""}, twin)
	enter(role{"walter", "Walter", "Nims", "male", 61, time.August, 14, "15206", "77 Maple Avenue", "main", 70, "import:fhir"}, func(s *someone) {
		s.Basis.Kind = contacts.ByRecords
		s.Points[0].Verified, s.Points[0].Voicemail = time.Time{}, ""
		s.answered = true
		s.list("condition", s.joined())
		s.list("medication", s.joined())
		s.suffers(asthma, "2009")
		s.takes(inhalers[1], "2019-10")
	})
}

// inStudy is the permission of participants, given with the study's consent form.
func (w *world) inStudy(s *someone, signed int) {
	at := w.at(signed, "10:00")
	s.grant(contacts.Recruitment, contacts.Call)
	if pt, ok := s.Phone(true); ok && !pt.NoText {
		s.grantAt(contacts.StudyCare, contacts.SMS, at)
	}
	s.grantAt(contacts.StudyCare, contacts.Voice, at)
	s.grantAt(contacts.StudyCare, contacts.Call, at)
}

// whole says that somebody answered every question about themselves.
func (s *someone) whole() {
	s.answered = true
	s.list("condition", s.joined())
	s.list("medication", s.joined())
	s.list("trial", s.joined())
	s.yes(otherStudy, false)
}

// pressurePatient has high blood pressure and a tablet; upper is the last value, 0 for none.
func (w *world) pressurePatient(s *someone, tablet coding, ago, upper int) {
	s.whole()
	s.suffers(hypertension, "2016")
	s.takes(tablet, "2021-03")
	if upper > 0 {
		s.lab(upperPressure, float64(upper), "mm[Hg]", w.day(-ago))
		s.lab(lowerPressure, float64(upper*6/10), "mm[Hg]", w.day(-ago))
	}
}

// asthmaPatient is known to fit CLEARWAY but for smoking, which nobody asked.
func (w *world) asthmaPatient(s *someone) {
	s.whole()
	s.suffers(asthma, "2014")
	s.takes(inhalers[0], "2022-05")
	s.yes(ownMobile, true)
	if s.Sex == "female" {
		s.notPregnant(w.day(-30))
	}
}

func (w *world) sugarPatient(s *someone) {
	s.whole()
	s.suffers(diabetes, "2018")
	s.takes(metformin, "2019-02")
	s.yes(canWalk, true)
	s.yes(ownMobile, true)
	s.lab(hba1c, 8.1, "%", w.day(-70))
	s.lab(egfr, 82, "mL/min/{1.73_m2}", w.day(-70))
}
