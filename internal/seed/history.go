package seed

import (
	"fmt"
	"math"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/trial"
)

// histories makes everything that happened before the demo starts. Studies with fewer people to
// draw from come first.
func (w *world) histories() ([]trial.Loaded, error) {
	var all []trial.Loaded
	for _, part := range []func() ([]trial.Loaded, error){w.story, w.lantern, w.steady, w.clearway, w.post} {
		more, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// pool is who could take part in a study, of the people without a story and without a part yet.
func (w *world) pool(fits func(*someone) bool) []*someone {
	return filter(w.people, func(s *someone) bool {
		_, texts := s.Phone(true)
		return !s.taken && s.key == "" && s.Deceased == "" && s.Basis.Kind != contacts.ByRecords && !s.ReachMe.TextOnly && texts && !s.Points[0].Shared && fits(s)
	})
}

func near(s *someone) bool { return s.Home == "main" || s.Home == "north" }

func (w *world) forSteady(s *someone) bool {
	return s.has[hypertension.code] && s.age >= 50 && s.age <= 80 && near(s) && !s.has[stroke.code]
}

func (w *world) forClearway(s *someone) bool {
	return s.has[asthma.code] && s.age <= 65 && (s.Home == "main" || s.Home == "mesa") && !s.has[copd.code]
}

func (w *world) forLantern(s *someone) bool {
	return s.has[diabetes.code] && s.age >= 40 && s.age <= 75 && near(s)
}

// next takes the next of a pool, nil when it is empty.
type pool struct{ left []*someone }

func (p *pool) next() *someone {
	if len(p.left) == 0 {
		return nil
	}
	s := p.left[0]
	p.left = p.left[1:]
	s.taken = true
	return s
}

func (w *world) draw(fits func(*someone) bool) *pool {
	from := w.pool(fits)
	return &pool{some(w.rand, from, len(from))}
}

// stage is how many of a study's list stand where, and how they came there.
type stage struct {
	n    int
	legs []leg
}

// The way before consent, from the day somebody came.
func early(from int, to ...trial.Status) []leg {
	legs := []leg{{trial.New, -from, ""}}
	for i, s := range to {
		l := leg{s, -from + 1 + i*2, ""}
		if s.NeedsReason() {
			l.reason = "criteria"
		}
		legs = append(legs, l)
	}
	return legs
}

// waiting makes those of a study's list who have not consented, or will not.
func (w *world) waiting(st *trial.Study, from *pool, site func(*someone) string, stages []stage) (out []trial.Loaded) {
	for _, g := range stages {
		for i := range g.n {
			s := from.next()
			if s == nil {
				return out
			}
			legs := make([]leg, len(g.legs))
			for j, l := range g.legs {
				l.offset = min(-1, l.offset-i) // each came a day before the last
				legs[j] = l
			}
			w.joinedBy(s, legs[0].offset)
			l := trial.Loaded{Subject: trial.Subject{Person: s.id, Study: st.StudyID(), Site: site(s), Source: s.Source, Moves: w.way(s.Source, legs...)}}
			if len(legs) > 1 && legs[1].to == trial.Contacting {
				t := w.touch(fmt.Sprintf("%s_%s_%d", st.ID, g.legs[len(g.legs)-1].to, i), w.at(legs[1].offset, "14:20"), true, contacts.Call, "call", "")
				t.Study, t.Staff, t.Outcome = st.ID, "ben", "reached"
				if last := legs[len(legs)-1].to; last == trial.Contacting || last == trial.CouldNotReach {
					t.Outcome = "no answer"
				}
				l.Touches = []contacts.Touch{t}
			}
			out = append(out, l)
		}
	}
	return out
}

// Where those of a study's list stand who have not consented yet.
var steadyStages = []stage{
	{6, early(5, trial.Contacting)},
	{5, early(9, trial.Contacting, trial.Considering)},
	{4, early(13, trial.Contacting, trial.Considering, trial.Prescreened)},
	{3, early(16, trial.Contacting, trial.Considering, trial.Prescreened, trial.VisitBooked)},
}

var clearwayStages = []stage{
	{4, early(6, trial.Contacting)},
	{3, early(11, trial.Contacting, trial.Considering)},
}

// And how others left it; who did not fit may be anybody.
var leftStages = []stage{
	{7, early(40, trial.Contacting, trial.Ineligible)},
	{5, early(30, trial.Contacting, trial.NotInterested)},
	{3, early(55, trial.Contacting, trial.CouldNotReach)},
}

var leftLantern = []stage{
	{6, early(170, trial.Contacting, trial.Ineligible)},
	{4, early(190, trial.Contacting, trial.NotInterested)},
}

func mainOr(s *someone) string { return s.Home }
func atMain(*someone) string   { return "main" }

// participants makes n of the crowd who consented so many days ago, the days drawn evenly between
// least and most, such that nothing is due from them now and no visit falls on today or tomorrow.
func (w *world) participants(st *trial.Study, from *pool, site func(*someone) string, n, least, most int, also func(*someone, *trial.Subject, int) ([]trial.Response, error)) (out []trial.Loaded, err error) {
	for i := range n {
		s := from.next()
		if s == nil {
			return out, nil
		}
		signed := least
		var visits []trial.Visit
		for try := range 400 {
			signed = least + int(math.Round((float64(i)+w.rand.Float64())*float64(most-least)/float64(n)))
			if try > 100 { // an even spread is not possible here
				signed = least + w.rand.IntN(most-least+1)
			}
			if wd := w.local().AddDate(0, 0, -signed).Weekday(); wd == 0 || wd == 6 {
				continue
			}
			end := st.Visits[len(st.Visits)-1]
			visits = w.visits(st, signed, signed > end.Day+end.Late)
			if also != nil || w.quiet(st, signed, visits) {
				break
			}
		}
		l := trial.Loaded{Subject: w.enrolled(s, st, site(s), signed), Visits: visits}
		if also != nil && !l.Subject.Moves[len(l.Subject.Moves)-1].To.Over() {
			if l.Responses, err = also(s, &l.Subject, signed); err != nil {
				return nil, err
			}
		}
		out = append(out, l)
	}
	return out, nil
}
