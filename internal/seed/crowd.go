package seed

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
)

// makePeople makes n people: those with a story first, then the crowd, whose shares are exact.
func (w *world) makePeople(n int) {
	w.cast()
	story := len(w.people)
	crowd := make([]*someone, 0, max(0, n-story))
	for i := range n - story {
		crowd = append(crowd, w.anybody(i))
	}
	w.house(crowd)
	w.language(crowd, n)
	w.basis(crowd, n)
	w.phones(crowd, n)
	w.health(crowd, n)
	w.agree(crowd, n)
	for _, s := range crowd {
		w.add(s)
	}
}

// anybody has an age (18 to 90, 51 in the middle), a birthday and a day on which they joined.
func (w *world) anybody(i int) *someone {
	r := w.rand
	age := 0
	for age < 18 || age > 90 {
		age = int(math.Round(50.5 + 18*r.NormFloat64()))
	}
	s := &someone{age: age, has: map[string]bool{}}
	s.BirthDate = w.born(age, time.Month(1+r.IntN(12)), 1+r.IntN(28))
	s.Sex = "female"
	if r.IntN(100) < 46 {
		s.Sex = "male"
	}
	s.Created = w.at(-(4 + int(900*r.Float64()*r.Float64())), fmt.Sprintf("%02d:%02d", 8+r.IntN(13), r.IntN(60)))
	s.Source, s.SourceID = "web", fmt.Sprintf("demo-%04d", i+1)
	if x := r.IntN(100); x < 9 {
		s.Source = "staff"
	} else if x < 14 {
		s.Source = "voice"
	}
	return s
}

// house gives everybody a place to live in.
func (w *world) house(crowd []*someone) {
	next := 0
	for i := range regions {
		g := &regions[i]
		until := min(len(crowd), next+share(len(crowd), g.share))
		if i == len(regions)-1 {
			until = len(crowd)
		}
		for ; next < until; next++ {
			s := crowd[next]
			s.region, s.Home = g, g.home
			s.Address.Line, s.Address.City, s.Address.State, s.Address.ZIP = addressIn(w.rand, g)
		}
	}
	w.rand.Shuffle(len(crowd), func(i, j int) { crowd[i], crowd[j] = crowd[j], crowd[i] })
}

// language: 17 in 100 are written and spoken to in Spanish. Names follow.
func (w *world) language(crowd []*someone, n int) {
	for _, s := range crowd {
		s.Language = i18n.En
	}
	told := len(filter(w.people, func(s *someone) bool { return s.Language == i18n.Es }))
	for _, s := range weighted(w.rand, crowd, share(n, 0.17)-told, func(s *someone) float64 {
		if slices.Contains([]string{"mesa", "tucson", "el paso", "albuquerque", "dallas"}, s.region.name) {
			return 3
		}
		return 1
	}) {
		s.Language = i18n.Es
	}
	for _, s := range crowd {
		spanish := s.Language == i18n.Es || w.rand.IntN(100) < 4
		s.Given, s.Family = givenName(w.rand, spanish, s.Sex), familyName(w.rand, spanish)
	}
}

// basis: 3 in 100 come from medical records, a few through their clinician; three have died.
func (w *world) basis(crowd []*someone, n int) {
	for _, s := range crowd {
		s.Basis = contacts.Basis{Kind: contacts.ByConsent, At: s.Created}
	}
	known := len(filter(w.people, func(s *someone) bool { return s.Basis.Kind == contacts.ByRecords }))
	for _, s := range some(w.rand, crowd, share(n, 0.03)-known) {
		s.Basis.Kind, s.Source = contacts.ByRecords, "import:fhir"
	}
	consented := filter(crowd, func(s *someone) bool { return s.Basis.Kind == contacts.ByConsent })
	for _, s := range some(w.rand, filter(consented, func(s *someone) bool { return s.Source == "staff" }), share(n, 0.02)) {
		s.Basis.Kind = contacts.ByReferral
	}
	died := weighted(w.rand, consented, 3, func(s *someone) float64 {
		if w.now.Sub(s.Created) < 200*24*time.Hour {
			return 0
		}
		return math.Pow(float64(s.age)/60, 4)
	})
	for i, s := range died {
		s.Deceased, s.taken = w.day(-150+40*i), true
	}
}

// phones: 9 in 100 have a landline only, 2 in 100 want texts only, 6 in 100 share a number with
// somebody they live with, and most have an e-mail address.
func (w *world) phones(crowd []*someone, n int) {
	r := w.rand
	landline := map[*someone]bool{}
	told := len(filter(w.people, func(s *someone) bool {
		return len(s.Points) > 0 && !slices.ContainsFunc(s.Points, func(p contacts.Point) bool { return p.Kind != contacts.Landline })
	}))
	for _, s := range weighted(r, crowd, share(n, 0.09)-told, func(s *someone) float64 { return math.Pow(float64(s.age)/50, 3) }) {
		landline[s] = true
	}
	textOnly := len(filter(w.people, func(s *someone) bool { return s.ReachMe.TextOnly }))
	mobile := filter(crowd, func(s *someone) bool { return !landline[s] && s.Basis.Kind != contacts.ByRecords && s.Deceased == "" })
	for _, s := range some(r, mobile, share(n, 0.02)-textOnly) {
		s.ReachMe.TextOnly = true
	}
	mate := w.housemates(crowd, n, landline)
	for _, s := range crowd {
		if first := mate[s]; first != nil {
			continue
		}
		pt := contacts.Point{Kind: contacts.Mobile, Value: w.numbers.take(s.region)}
		if landline[s] {
			pt.Kind = contacts.Landline
		}
		if s.Basis.Kind == contacts.ByConsent {
			pt.Verified = s.Created.Add(2 * time.Minute)
			pt.Voicemail = pick(r, []string{"yes", "no", ""})
		}
		if pt.Value != "" {
			s.Points = append(s.Points, pt)
		}
	}
	for _, s := range crowd {
		first := mate[s]
		if first == nil {
			continue
		}
		s.Address, s.region, s.Home = first.Address, first.region, first.Home
		if r.IntN(10) < 7 {
			s.Family = first.Family
		}
		for s.Given == first.Given { // told apart by their birth dates, but it reads badly
			s.Given = givenName(r, s.Language == i18n.Es, s.Sex)
		}
		for i := range first.Points {
			first.Points[i].Shared = true
			pt := first.Points[i]
			pt.Verified = time.Time{}
			s.Points = append(s.Points, pt)
		}
	}
	for i, s := range crowd {
		if r.IntN(100) < 62 || len(s.Points) == 0 {
			local := strings.ToLower(ascii.Replace(s.Given + "." + s.Family))
			s.Points = append(s.Points, contacts.Point{Kind: contacts.Email, Value: fmt.Sprintf("%s.%d@example.test", local, i+1)})
		}
		if s.age > 68 && r.IntN(100) < 12 {
			s.ReachMe.LargePrint = true
		}
		if r.IntN(100) < 45 {
			s.ReachMe.BestTimes = pick(r, []string{"morning", "afternoon", "evening"})
		}
		if s.age > 74 && r.IntN(100) < 20 {
			s.Slow = true
		}
	}
}

// housemates says of one in each pair who the other is.
func (w *world) housemates(crowd []*someone, n int, landline map[*someone]bool) map[*someone]*someone {
	told := 0
	for _, s := range w.people {
		if slices.ContainsFunc(s.Points, func(p contacts.Point) bool { return p.Shared }) {
			told++
		}
	}
	able := filter(crowd, func(s *someone) bool {
		return s.age > 24 && s.Basis.Kind == contacts.ByConsent && s.Deceased == "" && !s.ReachMe.TextOnly
	})
	byRegion := map[*region][]*someone{}
	pairs := (share(n, 0.06) - told) / 2
	mate := map[*someone]*someone{}
	for _, s := range some(w.rand, able, len(able)) {
		if len(mate) == pairs {
			break
		}
		waiting := byRegion[s.region]
		if len(waiting) > 0 && landline[waiting[0]] == landline[s] && waiting[0].BirthDate != s.BirthDate {
			mate[s] = waiting[0]
			byRegion[s.region] = waiting[1:]
			continue
		}
		byRegion[s.region] = append(waiting, s)
	}
	return mate
}

// agree writes the ledger: what was ticked at sign-up, and the texts that 4 in 100 stopped since.
func (w *world) agree(crowd []*someone, n int) {
	r := w.rand
	for _, s := range crowd {
		if s.Basis.Kind == contacts.ByRecords {
			continue
		}
		_, texts := s.Phone(true)
		_, email := s.EmailPoint()
		_, rings := s.Phone(false)
		if texts && (r.IntN(100) < 82 || s.ReachMe.TextOnly) {
			s.grant(contacts.Recruitment, contacts.SMS)
		}
		if rings && !s.ReachMe.TextOnly && r.IntN(100) < 45 {
			s.grant(contacts.Recruitment, contacts.Voice)
		}
		if rings && !s.ReachMe.TextOnly && r.IntN(100) < 80 {
			s.grant(contacts.Recruitment, contacts.Call)
		}
		if email && r.IntN(100) < 70 {
			s.grant(contacts.Recruitment, contacts.ByEmail)
		}
	}
	told := len(filter(w.people, (*someone).stopped))
	for _, s := range weighted(r, crowd, share(n, 0.04)-told, func(s *someone) float64 {
		_, granted, _ := contacts.Stands(s.Consents, contacts.Recruitment, contacts.SMS, "")
		if !granted || s.ReachMe.TextOnly || s.Points[0].Shared || w.now.Sub(s.Created) < 20*24*time.Hour {
			return 0
		}
		return 1
	}) {
		wait := time.Duration(float64(w.now.Sub(s.Created)) * (0.1 + 0.8*r.Float64()))
		s.stop(s.Created.Add(wait))
		s.taken = true
	}
}

// grant notes what was ticked on the day they joined.
func (s *someone) grant(p contacts.Purpose, c contacts.Channel) { s.grantAt(p, c, s.Created) }

// answersByText is their word that health questions may come by text (F16).
func (s *someone) answersByText() {
	s.Consents = append(s.Consents, contacts.Consent{Purpose: contacts.Recruitment, Channel: contacts.SMS, Granted: true, At: s.Created, Lang: string(s.Language), Source: "web", Evidence: "ticked the box", Wording: contacts.TextAnswersWording + "@1"})
}

func (s *someone) grantAt(p contacts.Purpose, c contacts.Channel, at time.Time) {
	e := contacts.Consent{Purpose: p, Channel: c, Granted: true, At: at, Lang: string(s.Language), Source: "web", Evidence: "ticked the box"}
	e.Wording = map[contacts.Channel]string{contacts.SMS: "public.consent.sms@1", contacts.Voice: "public.consent.voice@1",
		contacts.Call: "public.consent.call@1", contacts.ByEmail: "public.consent.email@1"}[c]
	switch {
	case p == contacts.StudyCare:
		e.Source, e.Evidence, e.Wording = "staff", "signed with the study's consent form", ""
	case s.Source == "staff":
		e.Source, e.Evidence = "staff", "agreed at the desk"
	case s.Source == "voice":
		e.Source, e.Evidence = "voice", "pressed 1"
	}
	s.Consents = append(s.Consents, e)
}

func (s *someone) stop(at time.Time) {
	s.Consents = append(s.Consents, contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.SMS, At: at, Source: "sms", Evidence: "STOP", Lang: string(s.Language)})
}

func (s *someone) stopped() bool {
	return slices.ContainsFunc(s.Consents, func(e contacts.Consent) bool { return !e.Granted })
}
