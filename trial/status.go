package trial

import "fmt"

// Status is where a Subject is on the way through a study. The machine, its mappings to FHIR
// and CDISC, and which steps need a reason are in this file and nowhere else.
type Status string

// The statuses, in order; then the exits.
const (
	New         Status = "new"
	Contacting  Status = "contacting"
	Considering Status = "considering"
	Prescreened Status = "prescreen_passed"
	VisitBooked Status = "visit_booked"
	Consented   Status = "consented"
	Screening   Status = "screening"
	Eligible    Status = "eligible"
	Enrolled    Status = "enrolled"
	Randomized  Status = "randomized"
	FollowUp    Status = "follow_up"
	Completed   Status = "completed"

	CouldNotReach   Status = "could_not_reach"
	NotInterested   Status = "not_interested"
	Ineligible      Status = "ineligible"
	ConsentDeclined Status = "consent_declined"
	ScreenFailure   Status = "screen_failure"
	Withdrawn       Status = "withdrawn"
	Discontinued    Status = "discontinued"
	LostToFollowUp  Status = "lost_to_follow_up"
	Died            Status = "died"
)

type status struct {
	words  string   // English, for staff
	fhir   string   // ResearchSubject.status, R4
	phase  int      // 0 before consent, 1 screening, 2 enrolled, 3 over
	reason bool     // entering it needs a reason
	next   []Status // legal steps
}

var machine = map[Status]status{
	New:         {"New", "potential-candidate", 0, false, []Status{Contacting, Considering, Prescreened, Ineligible, NotInterested, CouldNotReach, Died}},
	Contacting:  {"Contacting", "potential-candidate", 0, false, []Status{Considering, Prescreened, Ineligible, NotInterested, CouldNotReach, Died}},
	Considering: {"Considering", "candidate", 0, false, []Status{Contacting, Prescreened, VisitBooked, Ineligible, NotInterested, CouldNotReach, Died}},
	Prescreened: {"Pre-screen passed", "candidate", 0, false, []Status{Considering, VisitBooked, Consented, Ineligible, NotInterested, ConsentDeclined, CouldNotReach, Died}},
	VisitBooked: {"Screening visit booked", "candidate", 0, false, []Status{Prescreened, Consented, Ineligible, NotInterested, ConsentDeclined, CouldNotReach, Died}},
	Consented:   {"Consented", "screening", 1, false, []Status{Screening, Eligible, ScreenFailure, Withdrawn, Died}},
	Screening:   {"In screening", "screening", 1, false, []Status{Eligible, ScreenFailure, Withdrawn, LostToFollowUp, Died}},
	Eligible:    {"Eligibility confirmed", "eligible", 1, false, []Status{Enrolled, Randomized, ScreenFailure, Withdrawn, LostToFollowUp, Died}},
	Enrolled:    {"Enrolled", "on-study", 2, false, []Status{Randomized, FollowUp, Completed, Withdrawn, Discontinued, LostToFollowUp, Died}},
	Randomized:  {"Randomized", "on-study-intervention", 2, false, []Status{FollowUp, Completed, Withdrawn, Discontinued, LostToFollowUp, Died}},
	FollowUp:    {"In follow-up", "follow-up", 2, false, []Status{Completed, Withdrawn, LostToFollowUp, Died}},
	Completed:   {"Completed", "off-study", 3, false, nil},

	CouldNotReach:   {"Could not reach", "not-registered", 3, false, []Status{Contacting}},
	NotInterested:   {"Not interested", "not-registered", 3, false, []Status{Contacting}},
	Ineligible:      {"Not eligible at pre-screen", "ineligible", 3, true, []Status{Contacting}},
	ConsentDeclined: {"Declined consent", "not-registered", 3, false, nil},
	ScreenFailure:   {"Screen failure", "ineligible", 3, true, []Status{Screening}},
	Withdrawn:       {"Withdrew", "off-study", 3, true, nil},
	Discontinued:    {"Discontinued treatment", "off-study", 3, true, []Status{FollowUp}},
	LostToFollowUp:  {"Lost to follow-up", "off-study", 3, true, []Status{FollowUp}},
	Died:            {"Died", "off-study", 3, false, nil},
}

// Statuses lists all of them in the order of a pipeline.
func Statuses() []Status {
	return []Status{New, Contacting, Considering, Prescreened, VisitBooked, Consented, Screening, Eligible, Enrolled, Randomized, FollowUp, Completed,
		CouldNotReach, NotInterested, Ineligible, ConsentDeclined, ScreenFailure, Withdrawn, Discontinued, LostToFollowUp, Died}
}

// Valid says whether s is a status.
func (s Status) Valid() bool { _, ok := machine[s]; return ok }

// String is the word staff read.
func (s Status) String() string { return machine[s].words }

// FHIR is the R4 ResearchSubject.status. Withdrawing before enrolment is "withdrawn" there,
// afterwards "off-study"; from says which.
func (s Status) FHIR(from Status) string {
	if s == Withdrawn && machine[from].phase < 2 {
		return "withdrawn"
	}
	return machine[s].fhir
}

// Next lists the legal steps from s.
func (s Status) Next() []Status { return machine[s].next }

// NeedsReason says whether entering s needs one.
func (s Status) NeedsReason() bool { return machine[s].reason }

// AfterConsent says whether informed consent has been given and the person is still in.
func (s Status) AfterConsent() bool { p := machine[s].phase; return p == 1 || p == 2 }

// InStudy says whether the person takes part: enrolled or beyond, and not over.
func (s Status) InStudy() bool { return machine[s].phase == 2 }

// Candidate says that a person is considered for the study: nothing is signed and nobody said no.
func (s Status) Candidate() bool { return s.Valid() && machine[s].phase == 0 }

// Over says whether nothing more happens.
func (s Status) Over() bool { return machine[s].phase == 3 }

// Step checks one move. The error names the mend.
func Step(from, to Status, reason string) error {
	if !to.Valid() {
		return fmt.Errorf("%w: %q is not a status", ErrMove, to)
	}
	for _, n := range from.Next() {
		if n == to {
			if to.NeedsReason() && reason == "" {
				return fmt.Errorf("%w: %s needs a reason", ErrMove, to)
			}
			return nil
		}
	}
	return fmt.Errorf("%w: from %s one can go to %v, not to %s", ErrMove, from, from.Next(), to)
}
