package matching

import (
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/eval"
)

// Standing is where somebody stands for a study: collection "matches", a document for each person and
// study they fit or once did. It is the state; that it changed is the event. It holds no fact and no
// reason.
type Standing struct {
	docstore.Meta `bson:",inline"`
	Person        contacts.PersonID `bson:"person"`
	Study         string            `bson:"study"`
	Class         eval.Class        `bson:"class"`            // "excluded": they did fit
	Was           eval.Class        `bson:"was,omitempty"`    // before that; "" nothing or no event
	Since         eval.Date         `bson:"since"`            // the study's local day
	Turned        eval.Date         `bson:"turned,omitempty"` // the day they came to fit, or ceased to; "": so from the start, or by a change of the study
	Version       int               `bson:"version"`          // of the criteria
	AsOf          eval.Date         `bson:"asOf"`             // the day that was decided for
}

// Fits says whether the person is eligible or possible.
func (m *Standing) Fits() bool { return m.Class != eval.Excluded }

// standingID makes a match exist once.
func standingID(p contacts.PersonID, study string) string { return "mat_" + string(p) + "_" + study }

// becomes takes in what was found and says whether that is a change. A silent one is no event.
func (m *Standing) becomes(class eval.Class, version int, day eval.Date, silent bool) bool {
	fresh := m.Class == ""
	switch {
	case m.AsOf > day || m.Version > version:
		return false // somebody knows better
	case fresh && class == eval.Excluded:
		return false
	case m.Class == class:
		changed := m.Version != version
		m.Version = version
		return changed
	}
	turned := fresh || m.Fits() != (class != eval.Excluded)
	m.Was, m.Class, m.Since, m.Version, m.AsOf = m.Class, class, day, version, day
	switch {
	case silent:
		m.Was, m.Turned = "", ""
	case turned:
		m.Turned = day
	}
	return true
}

// compared is what everybody was held against last: collection "matchStudies", by study.
type compared struct {
	docstore.Meta `bson:",inline"`
	Edition       string    `bson:"edition"`          // version, criteria and sites; "" not everybody yet
	AsOf          eval.Date `bson:"asOf,omitempty"`   // on this day
	Began         time.Time `bson:"began,omitempty"`  // when that was begun, in business time
	Closed        bool      `bson:"closed,omitempty"` // nobody is held against it since
}

// progress is collection "matchProgress": how far the change feed was followed ("feed"), and which
// process holds everybody against studies now ("sweep").
type progress struct {
	docstore.Meta `bson:",inline"`
	Token         []byte    `bson:"token,omitempty"`
	Owner         string    `bson:"owner,omitempty"`
	Until         time.Time `bson:"until,omitempty"` // real time
}

// Unaudited names the collections of this package that need no audit entry: all follow from people,
// charts and studies, whose changes have one.
func Unaudited() []string { return []string{"matches", "matchStudies", "matchProgress"} }

// WorkdayBefore is the last Monday to Friday before a day.
func WorkdayBefore(day eval.Date) eval.Date {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return ""
	}
	for t = t.AddDate(0, 0, -1); t.Weekday() == time.Saturday || t.Weekday() == time.Sunday; {
		t = t.AddDate(0, 0, -1)
	}
	return eval.DateOf(t)
}
