package staff

import "slices"

// Role is what somebody does here, which decides what they may see and change.
type Role string

// The roles.
const (
	Administrator Role = "administrator"
	Recruiter     Role = "recruiter"
	Coordinator   Role = "coordinator"
	Investigator  Role = "investigator"
	OnCall        Role = "on-call"
	DataManager   Role = "data-manager"
	Monitor       Role = "monitor"
	Director      Role = "director"
)

// Permission is one thing that a role may do, at the sites and in the studies of who has it.
type Permission string

// The permissions. Each page of the desk asks for one of them.
const (
	SeeCounts      Permission = "see studies and numbers"
	SeePeople      Permission = "see people, names masked"
	RevealNames    Permission = "reveal names"
	ContactPeople  Permission = "contact people"
	ChangePeople   Permission = "change people"
	ChangeSubjects Permission = "change places in studies"
	RecordConsent  Permission = "record informed consent"
	ManageVisits   Permission = "manage visits"
	HandleAlerts   Permission = "handle alerts"
	DoTasks        Permission = "do tasks"
	SeeTrail       Permission = "see the audit trail"
	ManageStaff    Permission = "manage staff"
	WriteQuestions Permission = "write questionnaires"
	Listen         Permission = "listen to recordings"
)

// Permissions lists all of them.
func Permissions() []Permission {
	return []Permission{SeeCounts, SeePeople, RevealNames, ContactPeople, ChangePeople, ChangeSubjects, RecordConsent, ManageVisits, HandleAlerts, DoTasks, SeeTrail, ManageStaff, WriteQuestions, Listen}
}

// Grant is what one role may do.
type Grant struct {
	Role Role
	May  []Permission
}

// Grants is the whole table: no role may do what does not stand here. Who runs the accounts sees no
// person, and whoever sees no person is told numbers coarsely (F25). A monitor compares with the
// source and so needs names, and changes nothing.
func Grants() []Grant {
	return []Grant{
		{Administrator, []Permission{SeeCounts, ManageStaff}},
		{Recruiter, []Permission{SeeCounts, SeePeople, RevealNames, ContactPeople, ChangePeople, ChangeSubjects, DoTasks, Listen}},
		{Coordinator, []Permission{SeeCounts, SeePeople, RevealNames, ContactPeople, ChangePeople, ChangeSubjects, RecordConsent, ManageVisits, HandleAlerts, DoTasks, SeeTrail, WriteQuestions, Listen}},
		{Investigator, []Permission{SeeCounts, SeePeople, RevealNames, ContactPeople, ChangePeople, ChangeSubjects, RecordConsent, ManageVisits, HandleAlerts, DoTasks, SeeTrail, WriteQuestions, Listen}},
		{OnCall, []Permission{SeeCounts, SeePeople, RevealNames, ContactPeople, HandleAlerts, DoTasks, Listen}},
		{DataManager, []Permission{SeeCounts, SeePeople, SeeTrail}},
		{Monitor, []Permission{SeeCounts, SeePeople, RevealNames, SeeTrail, Listen}},
		{Director, []Permission{SeeCounts}},
	}
}

// Roles lists all of them.
func Roles() []Role {
	var out []Role
	for _, g := range Grants() {
		out = append(out, g.Role)
	}
	return out
}

// May says whether the role may do something. An unknown role may do nothing.
func (r Role) May(p Permission) bool {
	return slices.ContainsFunc(Grants(), func(g Grant) bool { return g.Role == r && slices.Contains(g.May, p) })
}
