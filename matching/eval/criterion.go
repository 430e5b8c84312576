package eval

// Kind says what a criterion looks at.
type Kind string

// The kinds. Any, All and AtLeast group others.
const (
	Age          Kind = "age"
	Sex          Kind = "sex"
	Gender       Kind = "gender"
	Distance     Kind = "distance"
	Lab          Kind = "lab" // any measurement: laboratory, blood pressure, body weight
	Condition    Kind = "condition"
	Medication   Kind = "medication"
	Allergy      Kind = "allergy"
	Procedure    Kind = "procedure"
	Pregnancy    Kind = "pregnancy"
	Smoking      Kind = "smoking"
	Language     Kind = "language"
	Interpreter  Kind = "interpreter"
	Device       Kind = "device"
	Availability Kind = "availability" // can come at one of these times of the week
	OtherTrial   Kind = "otherTrial"
	LastVisit    Kind = "lastVisit" // how long ago somebody was last here
	Answer       Kind = "answer"    // any coded fact by its value
	AnyOf        Kind = "any"
	AllOf        Kind = "all"
	AtLeastOf    Kind = "atLeast"
)

// Kinds lists every kind in the order the documentation uses.
func Kinds() []Kind {
	return []Kind{
		Age, Sex, Gender, Distance, Lab, Condition, Medication, Allergy, Procedure, Pregnancy,
		Smoking, Language, Interpreter, Device, Availability, OtherTrial, LastVisit, Answer, AnyOf, AllOf, AtLeastOf,
	}
}

// Group reports whether k combines other criteria.
func (k Kind) Group() bool { return k == AnyOf || k == AllOf || k == AtLeastOf }

// Coded reports whether k looks for codes on a list of the person.
func (k Kind) Coded() bool {
	return k == Condition || k == Medication || k == Allergy || k == Procedure
}

// Missing says what an unknown counts as.
type Missing string

// The three policies. Ask is the default and the zero value.
const (
	Ask  Missing = ""
	Fail Missing = "fail" // safety values the site insists on
	Pass Missing = "pass" // rare negatives
)

// Slots are the times of the week people are asked about, for Availability.
func Slots() []string {
	return []string{"weekday-morning", "weekday-afternoon", "weekday-evening", "weekend"}
}

// Sensitivity limits the channel on which the question behind a criterion may be asked.
type Sensitivity string

// Sensitivities. Plain is the default and the zero value; sensitive ones are asked only by
// link after sign-in or by staff.
const (
	Plain     Sensitivity = ""
	Personal  Sensitivity = "personal"
	Sensitive Sensitivity = "sensitive"
)

// Pick says which of several measurements counts.
type Pick string

// Picks. Latest is the default and the zero value.
const (
	PickLatest Pick = ""
	PickAny    Pick = "any"
	PickMin    Pick = "min"
	PickMax    Pick = "max"
)

// Range is an interval of numbers; a nil bound is open-ended. Bounds belong to the range
// unless Above or Below makes them exclusive.
type Range struct {
	Min, Max     *float64
	Above, Below bool
}

// IsZero reports whether there is no bound.
func (r Range) IsZero() bool { return r.Min == nil && r.Max == nil }

// Criterion is one statement about a person, or a group of them. Which fields count depends on
// Kind; the criteria package checks that.
type Criterion struct {
	ID          string // "I01", "E03"; may be empty inside a group
	Text        string // the protocol's words
	Name        string // short name of what is looked at, such as "stroke"
	Kind        Kind
	Exclude     bool // the statement must not hold
	Missing     Missing
	Sensitivity Sensitivity
	Question    string // id of the question that settles it
	AppliesTo   string // sex at birth, "female" or "male"; "" everybody

	Range       Range // age, distance, lab, answer
	Unit        string
	Codes       []Code // any of them
	ValueSet    string // "vs/stroke@2", the list Codes and Descendants are from; for the reader
	Descendants bool   // icd10 codes include the codes under them
	Within      Period
	AtLeastAgo  Period
	Ever        bool
	Active      bool // with Within: and not over yet
	Pick        Pick
	Site        string   // distance: "any" or a site
	In          []string // sex, gender, smoking, language, device, availability, pregnancy, interpreter, answer
	N           int      // atLeast
	Of          []Criterion
}

// Criteria are a version of a study's rules. A change is a new version. All of Items must be met.
type Criteria struct {
	Study      string
	Version    int
	AsOf       string // the anchor of relative windows, for the reader: "screening"
	Items      []Criterion
	Sets       []ValueSet // of the study's own; Items hold their codes already
	NotEncoded []string   // sentences of the protocol nobody could turn into a criterion
}
