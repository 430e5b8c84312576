package seed

import "time"

// Persona is somebody with a handset in the simulator. The PIN is for the table of the demo and
// stands nowhere else in clear.
type Persona struct {
	Key      string // "rosa"
	Name     string
	Number   string // E.164; "" has no phone of their own
	PIN      string
	Language string
	Zone     string // IANA, of the handset
	Landline bool
	Staff    bool   // works at the hospital
	Seeded   bool   // in the registry already
	Note     string // one line for whoever plays the demo
	Replies  []Reply

	other  string // a second number
	locked bool   // the PIN was wrong three times last night
}

// Reply is a text somebody sends back by themselves, once.
type Reply struct {
	Text  string
	After time.Duration
}

const (
	zoneEast    = "America/New_York"
	zoneArizona = "America/Phoenix"
)

// Story returns the people the tour is about, in its order. None of them exists.
func Story() []Persona {
	us := func(p Persona) Persona {
		if p.Zone == "" {
			p.Zone = zoneEast
		}
		if p.Language == "" {
			p.Language = "en"
		}
		return p
	}
	all := []Persona{
		{Key: "rosa", Name: "Rosa Delgado", Number: "+14125550110", PIN: "4471", Language: "es", Landline: true, Seeded: true, Note: "74. In STEADY, day 24. The phone line calls her at 6:30 pm. Born on 3 May."},
		{Key: "ernesto", Name: "Ernesto Delgado", Number: "+14125550110", PIN: "9026", Language: "es", Landline: true, Seeded: true, Note: "76. Same landline as Rosa; he answers first. Press 2: not here."},
		{Key: "dana", Name: "Dana Okafor", Number: "+14125550123", Note: "20, on a bus. You sign up as her: she is not in the registry yet."},
		{Key: "harold", Name: "Harold Whitcombe", Number: "+17245550112", PIN: "6138", Landline: true, Seeded: true, locked: true, Note: "81. Hears the slow voice. His PIN failed three times last night."},
		{Key: "tom", Name: "Tom Brannigan", Number: "+14125550145", PIN: "7315", Seeded: true, Note: "59, Deaf. Text only: never called by the machine. Visit tomorrow."},
		{Key: "luis", Name: "Luis Herrera", Number: "+14125550167", PIN: "2864", Seeded: true, Note: "52. LANTERN visit 3 must be by Thursday and is not booked."},
		{Key: "keisha", Name: "Keisha Morton", Number: "+18785550178", Seeded: true, Note: "33, asthma. Wrote STOP on 3 May: try to text her."},
		{Key: "alma", Name: "Alma Keoni", Number: "+18085550199", Zone: "Pacific/Honolulu", Seeded: true, Note: "63, Honolulu. Would do ORCHARD: her calls come at her 09:00."},
		{Key: "marisol", Name: "Marisol Vega", Number: "+16025550134", Zone: zoneArizona, Seeded: true, Note: "38, Mesa, asthma. Nothing reaches her before 09:00 in Arizona."},
		{Key: "marcus", Name: "Marcus Bell", Number: "+17245550135", Seeded: true, Note: "41, Butler County, asthma. Answers a text by himself: 4, never.", Replies: []Reply{{Text: "4", After: 4 * time.Second}}},
		{Key: "priya", Name: "Priya Raman", Number: "+14125550156", Seeded: true, Note: "46. Contact person for her father Suresh."},
		{Key: "suresh", Name: "Suresh Raman", PIN: "8350", Seeded: true, Note: "79. In STEADY, no phone of his own: Priya is called."},
		{Key: "gail", Name: "Gail Stanton", Number: "+13305550190", Seeded: true, other: "+13305550191", Note: "67. Somebody else has her number and wrote WRONG."},
		{Key: "june", Name: "June Lindqvist", Number: "+12165550161", Seeded: true, Note: "28, twin of Jade: same phone, same birthday."},
		{Key: "jade", Name: "Jade Lindqvist", Number: "+12165550161", Seeded: true, Note: "28, twin of June. Are they one person? Staff decide."},
		{Key: "walter", Name: "Walter Nims", Number: "+14125550172", Seeded: true, Note: "61, asthma, from medical records: counted, never contacted."},
		{Key: "noor", Name: "Noor Haddad", Number: "+14125550102", Staff: true, Note: "On call. Alerts reach her here; 1 takes one."},
	}
	for i := range all {
		all[i] = us(all[i])
	}
	return all
}
