package eval

// Class is where a person stands for a study.
type Class string

// The classes. Possible means that no criterion is known to fail and at least one is unknown.
const (
	Eligible Class = "eligible"
	Possible Class = "possible"
	Excluded Class = "excluded"
)

// Verdict is the answer for one person, with one reason per item of the criteria in their order.
type Verdict struct {
	Class    Class    `json:"verdict"`
	Deceased bool     `json:"deceased,omitempty"` // excluded whatever the reasons say
	Reasons  []Reason `json:"reasons"`
}

// Unknown returns the ids of the criteria that are unknown, in order.
func (v Verdict) Unknown() []string { return v.ids(OutcomeUnknown) }

// Failed returns the ids of the criteria that are known not to be met, in order.
func (v Verdict) Failed() []string { return v.ids(NotMet) }

func (v Verdict) ids(o Outcome) []string {
	var ids []string
	for _, r := range v.Reasons {
		if r.Outcome == o {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Evaluate says whether p fits c on the day asOf, a full date. It reads only its arguments. A
// criterion that cannot be understood (a kind or an asOf that does not exist) is unknown.
func Evaluate(c Criteria, p Person, asOf Date) Verdict {
	e := evaluation{person: &p, study: c.Study, asOf: asOf}
	e.day, _, e.dated = asOf.span()
	e.dated = e.dated && asOf.Full()

	v := Verdict{Class: Eligible, Reasons: make([]Reason, 0, len(c.Items))}
	all := True
	for i := range c.Items {
		r := e.judge(&c.Items[i])
		all = And(all, r.Outcome.truth())
		v.Reasons = append(v.Reasons, r)
	}
	switch all {
	case False:
		v.Class = Excluded
	case Unknown:
		v.Class = Possible
	}
	if e.dated && p.deceased(e.day) {
		v.Class, v.Deceased = Excluded, true
	}
	return v
}

// evaluation is one person looked at on one day.
type evaluation struct {
	person *Person
	study  string
	asOf   Date
	day    int     // asOf
	dated  bool    // asOf is a full date
	found  []*Fact // see facts
}

// judge turns what is found about a statement into a reason: exclusion, whom it applies to,
// the policy for unknowns and a recorded override, in this order.
func (e *evaluation) judge(c *Criterion) Reason {
	f, children := e.look(c)
	r := Reason{
		ID: c.ID, Why: f.why, Fact: f.fact, Value: f.value, Unit: f.unit,
		Confirmed: f.confirmed, FutureDated: f.future, Of: children,
	}
	met := f.truth
	if c.Exclude {
		met = met.Not()
	}
	switch e.applies(c) {
	case False:
		met, r.Why, r.Fact, r.Value = True, NotApplicable, nil, ""
	case Unknown:
		if met == False && c.Kind != Pregnancy { // who is pregnant can be
			met, r.Why = Unknown, SexUnknown
		}
	}
	if met == Unknown && c.Missing != Ask {
		met = Of(c.Missing == Pass)
		r.Policy = c.Missing
	}
	for i := range e.person.Overrides {
		if o := &e.person.Overrides[i]; c.ID != "" && o.Criterion == c.ID {
			met = Of(o.Met)
			r.Overridden = o
		}
	}
	r.Outcome = OutcomeOf(met)
	return r
}

func (e *evaluation) applies(c *Criterion) Truth {
	if c.AppliesTo == "" {
		return True
	}
	return e.sexIs(c.AppliesTo)
}

// finding is what the person's data say about a statement, before exclusion and policy.
type finding struct {
	truth     Truth
	why       Cause
	fact      *Fact
	value     string
	unit      string
	confirmed Date
	future    bool
}

func (e *evaluation) look(c *Criterion) (finding, []Reason) {
	if !e.dated {
		return finding{why: Missed}, nil
	}
	switch c.Kind {
	case Age:
		return e.age(c), nil
	case Sex:
		return oneOf(knownSex(e.person.Sex), c.In), nil
	case Gender:
		return oneOf(e.person.Gender, c.In), nil
	case Language:
		return e.language(c), nil
	case Interpreter:
		return finding{truth: e.person.Interpreter, why: stated(e.person.Interpreter)}, nil
	case Device:
		return e.device(c), nil
	case Availability:
		return e.available(c), nil
	case LastVisit:
		return e.lastVisit(c), nil
	case Distance:
		return e.distance(c), nil
	case Condition, Medication, Allergy, Procedure:
		return e.coded(c), nil
	case Lab:
		return e.lab(c), nil
	case Smoking:
		return e.smoking(c), nil
	case Pregnancy:
		return e.pregnancy(c), nil
	case Answer:
		return e.answer(c), nil
	case OtherTrial:
		return e.otherTrial(c), nil
	case AnyOf, AllOf, AtLeastOf:
		return e.group(c)
	}
	return finding{why: Missed}, nil
}

func (e *evaluation) group(c *Criterion) (finding, []Reason) {
	reasons := make([]Reason, len(c.Of))
	truths := make([]Truth, len(c.Of))
	for i := range c.Of {
		reasons[i] = e.judge(&c.Of[i])
		truths[i] = reasons[i].Outcome.truth()
	}
	return finding{truth: c.Kind.Combine(c.N, truths), why: Grouped}, reasons
}

// start returns the first day of the criterion's window, always if there is none.
func (e *evaluation) start(p Period) int {
	if p.IsZero() {
		return always
	}
	return p.before(e.asOf)
}

// facts returns the person's facts of one of the kinds that existed on the as-of day and match. They
// stand in the same place each time: good until the next call.
func (e *evaluation) facts(kinds factKinds, match func(*Fact) bool) []*Fact {
	e.found = e.found[:0]
	for i := range e.person.Facts {
		f := &e.person.Facts[i]
		if kinds&kindsOf(f.Kind) != 0 && match(f) && !e.notYet(f) {
			e.found = append(e.found, f)
		}
	}
	return e.found
}

// factKinds is a set of kinds of fact.
type factKinds uint8

const (
	conditions factKinds = 1 << iota
	medications
	allergies
	procedures
	observations
	answers
)

func kindsOf(kind string) factKinds {
	switch kind {
	case FactCondition:
		return conditions
	case FactMedication:
		return medications
	case FactAllergy:
		return allergies
	case FactProcedure:
		return procedures
	case FactObservation:
		return observations
	case FactAnswer:
		return answers
	}
	return 0
}

// notYet reports whether f was both dated and recorded after the as-of day: looking at a past
// day, it did not exist. Dated later but recorded earlier, its date is an error.
func (e *evaluation) notYet(f *Fact) bool {
	first, _, ok := f.stated().span()
	if !ok || first <= e.day || f.Recorded.IsZero() {
		return false
	}
	recorded, _, _ := DateOf(f.Recorded).span()
	return recorded > e.day
}

// placed is a fact with the days it can be of.
type placed struct {
	fact        *Fact
	first, last int
	why         Cause // why the day is not certain: Undated, FutureDated or Imprecise
}

func (e *evaluation) place(f *Fact) placed {
	first, last, ok := f.Date.span()
	switch {
	case !ok:
		return placed{f, always, e.day, Undated}
	case first > e.day:
		return placed{f, always, e.day, FutureDated}
	case first != last:
		return placed{f, first, min(last, e.day), Imprecise}
	}
	return placed{f, first, last, ""}
}

// began is place for what stands on a list, where Date is the day it began. An answer, and a record
// that gives no such day, tell that it was so on the day they were made, and so that it began then or
// earlier; or, where the question was about a stretch of time, in that.
func (e *evaluation) began(f *Fact) placed {
	noted := f.Date
	if f.Kind != FactAnswer {
		if _, _, dated := f.Date.span(); dated {
			return e.place(f)
		}
		noted = f.Noted
	}
	first, last, ok := noted.span()
	switch {
	case !ok:
		return placed{f, always, e.day, Undated}
	case first > e.day:
		return placed{f, always, e.day, FutureDated}
	}
	if !f.Back.IsZero() {
		day, _ := f.Date.bounds()
		return placed{f, f.Back.before(day), min(last, e.day), Imprecise}
	}
	return placed{f, always, min(last, e.day), Undated}
}

// since says whether the fact is of start or later.
func (p placed) since(start int) Truth {
	switch {
	case p.first >= start:
		return True
	case p.last < start:
		return False
	}
	return Unknown
}
