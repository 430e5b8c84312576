package seed_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/trial"
)

// demo is a filled database.
type demo struct {
	*rig.Rig
	members *staff.Members
	sum     seed.Summary
	people  []contacts.Person
	charts  map[string]contacts.Chart
	byKey   map[string]contacts.Person // by the end of the source's id: "rosa", "0001"
}

func (d *demo) deps() seed.Deps {
	return seed.Deps{Store: d.Store, Audit: d.Audit, People: d.People, Trial: d.Trial, Clock: d.Clock, Members: d.members}
}

func fill(t testing.TB, r *rig.Rig, o seed.Options) *demo {
	t.Helper()
	ctx := t.Context()
	d := &demo{Rig: r, charts: map[string]contacts.Chart{}, byKey: map[string]contacts.Person{}}
	var err error
	if d.members, err = staff.Open(ctx, r.Store, r.Audit, r.Clock); err != nil {
		t.Fatal(err)
	}
	if d.sum, err = seed.Fill(ctx, d.deps(), o); err != nil {
		t.Fatal(err)
	}
	for p, err := range r.People.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		d.people = append(d.people, p)
		d.byKey[strings.TrimPrefix(p.SourceID, "demo-")] = p
	}
	for c, err := range r.People.Charts(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		d.charts[c.ID] = c
	}
	return d
}

func (d *demo) person(t testing.TB, key string) *contacts.Person {
	t.Helper()
	p, ok := d.byKey[key]
	if !ok {
		t.Fatalf("%s is not in the demo", key)
	}
	return &p
}

// TestDemo fills once and looks at everything.
func TestDemo(t *testing.T) {
	d := fill(t, rig.New(t, rig.Options{}), seed.Options{})
	if !d.sum.Filled || d.sum.People != 2000 || d.sum.Studies != 4 || len(d.people) != 2000 {
		t.Fatalf("filled %+v, %d people found", d.sum, len(d.people))
	}
	for _, part := range []struct {
		name string
		test func(*testing.T, *demo)
	}{
		{"mix", mix}, {"numbers", fictional}, {"places", places}, {"studies", inStudies}, {"gate", gate}, {"candidates", candidates},
		{"desk", desk}, {"phone", onThePhone}, {"reviews", reviews}, {"sealed", sealed}, {"trail", trail}, {"again", again},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, d) })
	}
}

func mix(t *testing.T, d *demo) {
	answered := func(p contacts.Person) bool { return d.charts[p.ID].Complete["condition"] != "" }
	ill := func(code string) func(contacts.Person) bool {
		return func(p contacts.Person) bool {
			return slices.ContainsFunc(d.charts[p.ID].Facts, func(f contacts.Fact) bool { return f.Code == code && f.Kind == contacts.Condition })
		}
	}
	knows := func(code string, days int) func(contacts.Person) bool {
		oldest := d.Clock.Now().AddDate(0, 0, -days-1).Format(time.DateOnly)
		return func(p contacts.Person) bool {
			return slices.ContainsFunc(d.charts[p.ID].Facts, func(f contacts.Fact) bool { return f.Code == code && f.Date >= oldest })
		}
	}
	all := func(contacts.Person) bool { return true }
	diabetic := ill("snomed|44054006")
	for _, x := range []struct {
		name     string
		of, that func(contacts.Person) bool
		want     float64
		give     float64 // points of a hundred
	}{
		{"in Spanish", all, func(p contacts.Person) bool { return p.Language == "es" }, 17, 0.2},
		{"landline only", all, func(p contacts.Person) bool {
			_, texts := p.Phone(true)
			_, rings := p.Phone(false)
			return rings && !texts && p.Points[0].Status == ""
		}, 9, 0.3},
		{"list of conditions answered", all, answered, 80, 0.2},
		{"high blood pressure", answered, ill("snomed|38341003"), 34, 0.2},
		{"asthma", answered, ill("snomed|195967001"), 16, 0.2},
		{"type 2 diabetes", answered, diabetic, 13, 0.2},
		{"smoking answered", all, knows("loinc|72166-2", 2000), 52, 0.2},
		{"blood pressure within 180 days", all, knows("loinc|8480-6", 180), 45, 0.2},
		{"HbA1c of diabetics", diabetic, knows("loinc|4548-4", 2000), 70, 1},
		{"of these within 180 days", func(p contacts.Person) bool { return diabetic(p) && knows("loinc|4548-4", 2000)(p) }, knows("loinc|4548-4", 180), 67, 1.5},
		{"stopped texts", all, func(p contacts.Person) bool {
			return slices.ContainsFunc(p.Consents, func(c contacts.Consent) bool { return !c.Granted })
		}, 4, 0.1},
		{"from records", all, func(p contacts.Person) bool { return p.Basis.Kind == contacts.ByRecords }, 3, 0.1},
		{"text only", all, func(p contacts.Person) bool { return p.ReachMe.TextOnly }, 2, 0.1},
		{"share a number", all, func(p contacts.Person) bool {
			return slices.ContainsFunc(p.Points, func(x contacts.Point) bool { return x.Shared })
		}, 6, 0.3},
		{"busy elsewhere", all, knows("muster|in-trial", 400), 0.6, 0},
		{"died", all, func(p contacts.Person) bool { return p.Deceased != "" }, 0.15, 0},
	} {
		of, n := 0, 0
		for _, p := range d.people {
			if x.of(p) {
				of++
				if x.that(p) {
					n++
				}
			}
		}
		if got := 100 * float64(n) / float64(of); math.Abs(got-x.want) > x.give+1e-9 {
			t.Errorf("%s: %d of %d are %.2f in 100, want %v", x.name, n, of, got, x.want)
		}
	}
	sum, low, high := 0, 200, 0
	for _, p := range d.people {
		born, err := time.Parse(time.DateOnly, p.BirthDate)
		if err != nil {
			t.Fatal(err)
		}
		age := int(d.Clock.Now().Sub(born).Hours() / 24 / 365.2425)
		sum, low, high = sum+age, min(low, age), max(high, age)
	}
	if mean := float64(sum) / 2000; mean < 49.5 || mean > 52.5 || low < 18 || high > 90 {
		t.Errorf("ages %d to %d, mean %.1f; want 18 to 90, mean 51", low, high, mean)
	}
}

var fictionalNumber = regexp.MustCompile(`^\+1(\d{3})55501\d\d$`)

func fictional(t *testing.T, d *demo) {
	codes := strings.Fields("412 724 878 814 740 330 216 304 317 312 214 303 801 505 915 602 480 520 623 503 206 702 808 907")
	holders := map[string]int{}
	for _, p := range d.people {
		for _, x := range p.Points {
			if x.Kind == contacts.Email {
				if !strings.HasSuffix(x.Value, "@example.test") {
					t.Errorf("%s has an e-mail address that may be somebody's", p.SourceID)
				}
				continue
			}
			m := fictionalNumber.FindStringSubmatch(x.Value)
			if m == nil || !slices.Contains(codes, m[1]) || strings.HasPrefix(x.Value, "+1412555010") {
				t.Errorf("%s has a number that is not the demo's: area code %v", p.SourceID, m)
			}
			if n, err := phone.Parse(x.Value, ""); err != nil || n.E164() != x.Value {
				t.Errorf("%s: %v", p.SourceID, err)
			}
			holders[x.Value]++
		}
	}
	for n, count := range holders {
		if count > 2 {
			t.Errorf("%d people have the number that ends in %s", count, n[8:])
		}
	}
	if len(holders) < 1880 {
		t.Errorf("%d numbers for 2,000 people", len(holders))
	}
}

// places: everybody lives somewhere real, on the clock of their area code.
func places(t *testing.T, d *demo) {
	close := 0
	site, _ := geo.Find("15213")
	for _, p := range d.people {
		home, ok := geo.Find(p.Address.ZIP)
		if !ok || home.City != p.Address.City || p.Address.Line == "" {
			t.Errorf("%s lives nowhere: %s", p.SourceID, p.Address.ZIP)
			continue
		}
		if geo.Distance(home.Point, site.Point) < 60_000 {
			close++
		}
		pt, ok := p.Phone(false)
		if !ok {
			continue
		}
		n, err := phone.Parse(pt.Value, "")
		if err != nil {
			t.Fatal(err)
		}
		offset := func(zone string) int {
			l, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			_, o := d.Clock.Now().In(l).Zone()
			return o
		}
		if !slices.ContainsFunc(phone.Zones(n), func(z string) bool { return offset(z) == offset(home.Zone) }) {
			t.Errorf("%s: area code %s is on another clock than %s", p.SourceID, pt.Value[2:5], home.Zone)
		}
	}
	if close < 500 {
		t.Errorf("%d people live within 60 km of the hospital", close)
	}
}

func inStudies(t *testing.T, d *demo) {
	ctx := t.Context()
	today := d.Clock.Now().Format(time.DateOnly)
	for id, want := range map[trial.StudyID]struct{ in, fresh, target int }{"STEADY": {61, 0, 120}, "CLEARWAY": {18, 6, 80}, "LANTERN": {60, 0, 60}} {
		st, err := d.Trial.Study(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		subs, err := d.Trial.SubjectsIn(ctx, id, "")
		if err != nil {
			t.Fatal(err)
		}
		in, fresh := 0, 0
		for _, s := range subs {
			if s.Status.InStudy() || s.Status == trial.Completed {
				in++
			}
			if s.Status == trial.New {
				fresh++
			}
			if s.Moves[0].Event < st.Began {
				t.Errorf("%s: %s came on %s, before recruitment began on %s", id, s.ID, s.Moves[0].Event, st.Began)
			}
			if s.Anchor == "" {
				continue
			}
			visits, err := d.Trial.VisitsOf(ctx, s.Person)
			if err != nil || len(visits) != len(st.Visits) {
				t.Fatalf("%s: %d visits, want %d; %v", s.ID, len(visits), len(st.Visits), err)
			}
			for _, v := range visits {
				day, _ := time.Parse(time.DateOnly, v.Day)
				switch {
				case v.State == trial.Proposed && v.Latest < today:
					t.Errorf("%s: visit %s ended on %s and nobody said what became of it", s.ID, v.Code, v.Latest)
				case v.Day != "" && !v.InWindow(v.Day):
					t.Errorf("%s: visit %s on %s is outside its window", s.ID, v.Code, v.Day)
				case v.Day != "" && (day.Weekday() == time.Saturday || day.Weekday() == time.Sunday):
					t.Errorf("%s: visit %s on a weekend", s.ID, v.Code)
				}
			}
		}
		if in != want.in || fresh != want.fresh || st.Target != want.target {
			t.Errorf("%s: %d of %d in, %d new; want %+v", id, in, st.Target, fresh, want)
		}
	}
	for _, m := range seed.Staff() {
		if got, err := d.members.Get(ctx, m.ID); err != nil || got.Name != m.Name {
			t.Errorf("staff %s: %v", m.ID, err)
		}
	}
}

// gate: what the consent gate says of the people of the tour.
func gate(t *testing.T, d *demo) {
	phoenix, err := time.LoadLocation("America/Phoenix")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		key     string
		purpose contacts.Purpose
		channel contacts.Channel
		study   trial.StudyID
		want    string // in the sentence; "" allowed
		wait    time.Time
	}{
		{"keisha", contacts.Recruitment, contacts.SMS, "CLEARWAY", "Keisha stopped texts on 3 May 2025 by replying STOP", time.Time{}},
		{"keisha", contacts.Recruitment, contacts.Call, "CLEARWAY", "", time.Time{}},
		{"walter", contacts.Recruitment, contacts.SMS, "CLEARWAY", "no permission: from medical records, counts only", time.Time{}},
		{"walter", contacts.Recruitment, contacts.Letter, "", "no permission: from medical records, counts only", time.Time{}},
		{"tom", contacts.StudyCare, contacts.Voice, "STEADY", "Tom asked for texts only", time.Time{}},
		{"tom", contacts.StudyCare, contacts.SMS, "STEADY", "", time.Time{}},
		{"marisol", contacts.Recruitment, contacts.SMS, "CLEARWAY", "it is 07:05 there", time.Date(2026, 3, 2, 9, 0, 0, 0, phoenix)},
		{"marcus", contacts.Recruitment, contacts.SMS, "CLEARWAY", "", time.Time{}},
		{"gail", contacts.Recruitment, contacts.SMS, "STEADY", "Gail's number was reported wrong", time.Time{}},
		{"rosa", contacts.StudyCare, contacts.Voice, "STEADY", "", time.Time{}},
		{"rosa", contacts.StudyCare, contacts.SMS, "STEADY", "has not agreed to texts", time.Time{}},
		{"suresh", contacts.StudyCare, contacts.Voice, "STEADY", "no phone number", time.Time{}},
		{"luis", contacts.StudyCare, contacts.SMS, "LANTERN", "", time.Time{}},
		{"alma", contacts.Recruitment, contacts.SMS, "ORCHARD", "ORCHARD is not recruiting", time.Time{}},
	} {
		p := d.person(t, x.key)
		g, err := d.Trial.May(t.Context(), p.PersonID(), x.purpose, x.channel, x.study)
		if err != nil {
			t.Fatal(err)
		}
		if g.OK != (x.want == "") || !strings.Contains(g.Sentence(), x.want) || !g.NotBefore.Equal(x.wait) {
			t.Errorf("%s by %s: ok %v, %q, not before %v; want %q, %v", x.key, x.channel, g.OK, g.Sentence(), g.NotBefore, x.want, x.wait)
		}
	}
}

// candidates: the tour's people are found as it says.
func candidates(t *testing.T, d *demo) {
	ctx := t.Context()
	today := eval.DateOf(d.Clock.Now())
	scan := matching.NewScan(d.People, d.Store.Driver(), matching.Options{})
	for {
		before := scan.Len()
		if err := scan.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		if scan.Len() == before {
			break
		}
	}
	study := func(id trial.StudyID) matching.Study {
		st, err := d.Trial.Study(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		var sites []matching.Site
		for _, s := range st.Sites {
			sites = append(sites, matching.Site{ID: s.ID, ZIP: s.ZIP})
		}
		out, err := matching.NewStudy(st.ID, st.Version, st.Criteria, sites...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, x := range []struct {
		key     string
		study   trial.StudyID
		verdict eval.Class
		unknown []string
	}{
		{"ernesto", "STEADY", eval.Possible, []string{"E1"}},
		{"keisha", "CLEARWAY", eval.Possible, []string{"E1"}},
		{"marisol", "CLEARWAY", eval.Possible, []string{"E1"}},
		{"marcus", "CLEARWAY", eval.Possible, []string{"E1"}},
		{"alma", "ORCHARD", eval.Eligible, nil},
	} {
		c, err := scan.Explain(ctx, study(x.study), d.person(t, x.key).PersonID(), today)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(x.unknown, c.Unknown); c.Verdict != x.verdict || len(x.unknown)+len(c.Unknown) > 0 && diff != "" {
			t.Errorf("%s for %s: %s, unknown %v; want %s, %v", x.key, x.study, c.Verdict, c.Unknown, x.verdict, x.unknown)
		}
	}
	for _, id := range []trial.StudyID{"STEADY", "CLEARWAY", "LANTERN", "ORCHARD"} {
		r, err := scan.Counts(ctx, study(id), today)
		if err != nil {
			t.Fatal(err)
		}
		if r.Counts.Eligible < 5 || r.Counts.Possible < 20 {
			t.Errorf("%s: %+v: too few to show anything with", id, r.Counts)
		}
		t.Logf("%s: %+v", id, r.Counts)
	}
}

// desk: what waits at 09:05.
func desk(t *testing.T, d *demo) {
	ctx := t.Context()
	now := d.Clock.Now()
	fresh, err := d.Trial.SubjectsIn(ctx, "CLEARWAY", trial.New)
	if err != nil {
		t.Fatal(err)
	}
	oldest, late := now, 0
	for _, s := range fresh {
		if s.Moves[0].Entered.Before(oldest) {
			oldest = s.Moves[0].Entered
		}
		if s.Promised.Before(now) {
			late++
		}
	}
	if got := now.Sub(oldest); len(fresh) != 6 || got != 51*time.Hour || late != 1 {
		t.Errorf("%d new sign-ups, oldest %s, %d past their promise; want 6, 51h, 1", len(fresh), got, late)
	}
	if n, err := d.People.CountUnread(ctx); err != nil || n != 3 {
		t.Errorf("%d unread replies, %v; want 3", n, err)
	}
	replies := map[string]int{}
	for _, site := range []string{"main", "north", "mesa"} {
		visits, err := d.Trial.VisitsOn(ctx, site, "2026-03-02")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range visits {
			replies[v.Reply]++
		}
	}
	if diff := cmp.Diff(map[string]int{trial.Confirmed: 2, trial.ChangeAsked: 1, "": 1}, replies); diff != "" {
		t.Errorf("visits today (-want +got):\n%s", diff)
	}
	kinds := map[string]int{}
	tasks, err := d.Trial.Tasks(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		kinds[task.Kind]++
	}
	if diff := cmp.Diff(map[string]int{"pin-failed": 1, "wrong-number": 1, "change-visit": 1, "call": 1}, kinds); diff != "" {
		t.Errorf("open tasks (-want +got):\n%s", diff)
	}
	taken, err := d.Trial.Alerts(ctx, trial.AlertAcknowledged)
	if err != nil || len(taken) != 1 || len(taken[0].Log) != 5 {
		t.Fatalf("alerts somebody has taken: %+v, %v", taken, err)
	}
	steady, err := d.Trial.Study(ctx, "STEADY")
	if err != nil || !slices.ContainsFunc(steady.OnCall, func(o trial.OnCall) bool { return o.Name == "Noor Haddad" }) {
		t.Errorf("on call: %v, %v", steady.OnCall, err)
	}
	if open, err := d.Trial.Alerts(ctx, trial.AlertOpen); err != nil || len(open) > 0 {
		t.Errorf("%d alerts open, %v; want none", len(open), err)
	}
	missed := 0
	for _, p := range d.people {
		all, err := d.Trial.ResponsesOf(ctx, p.PersonID())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			if r.State == trial.ResponseMissed && r.Day >= "2026-02-28" {
				missed++
			}
		}
	}
	if missed != 2 {
		t.Errorf("%d diaries missed since Saturday, want 2", missed)
	}
	clearway, err := d.Trial.Study(ctx, "CLEARWAY")
	if err != nil || clearway.Board.Expires != "2026-03-23" {
		t.Errorf("CLEARWAY's approval ends on %s, %v; want in 21 days", clearway.Board.Expires, err)
	}
}

// onThePhone: what the tour does with handsets.
func onThePhone(t *testing.T, d *demo) {
	ctx := t.Context()
	evening := time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC) // 18:30 in Pittsburgh
	due, err := d.Trial.Due(ctx, d.person(t, "rosa").PersonID(), evening)
	if err != nil || len(due) != 1 || due[0].State != trial.ResponseDue {
		t.Errorf("Rosa at 18:30: %+v, %v; want one diary due", due, err)
	}
	sub, err := d.Trial.Subject(ctx, trial.SubjectID(d.person(t, "rosa").PersonID(), "STEADY"))
	if err != nil || sub.Anchor != "2026-02-06" || sub.Status != trial.Randomized {
		t.Errorf("Rosa: %s since %s, %v; want day 24", sub.Status, sub.Anchor, err)
	}
	family := []contacts.PersonID{d.person(t, "rosa").PersonID(), d.person(t, "ernesto").PersonID()}
	for pin, want := range map[string]contacts.PersonID{"4471": family[0], "9026": family[1]} {
		if got, err := d.People.MatchCaller(ctx, rig.Staff, contacts.Caller{Among: family, Keys: pin}); err != nil || got.Person != want {
			t.Errorf("PIN %s is %q's, %v; want %q's", pin, got.Person, err, want)
		}
	}
	harold := d.person(t, "harold")
	if err := d.People.CheckPIN(ctx, rig.Staff, harold.PersonID(), "6138"); !errors.Is(err, contacts.ErrPINLocked) || !harold.Slow {
		t.Errorf("Harold's PIN: %v, slow %v; want locked, slow", err, harold.Slow)
	}
	kept, err := d.Trial.Response(ctx, trial.ResponseID(trial.SubjectID(harold.PersonID(), "STEADY"), "2026-03-01"))
	if err != nil || len(kept.Session.Answers) != 3 || kept.State != trial.ResponseMissed {
		t.Errorf("Harold's answers: %d, %s, %v; want 3 kept", len(kept.Session.Answers), kept.State, err)
	}
	tom := d.person(t, "tom")
	half, err := d.Trial.Response(ctx, "rsp_"+trial.SubjectID(tom.PersonID(), "STEADY")+"_checkin_2026-03-02")
	if err != nil || half.Session.Current != "dizzy" || half.State != trial.ResponseStarted {
		t.Errorf("Tom's check-in: at %q, %s, %v; want at the third question", half.Session.Current, half.State, err)
	}
	tomorrow, err := d.Trial.VisitsBetween(ctx, time.Date(2026, 3, 3, 5, 0, 0, 0, time.UTC), time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC))
	if err != nil || len(tomorrow) != 1 || tomorrow[0].Person != tom.PersonID() || tomorrow[0].Local().Format("15:04") != "14:30" {
		t.Errorf("visits tomorrow: %+v, %v; want Tom's at 14:30", tomorrow, err)
	}
	luis, err := d.Trial.Visit(ctx, trial.VisitID(trial.SubjectID(d.person(t, "luis").PersonID(), "LANTERN"), "V3"))
	if err != nil || luis.State != trial.Proposed || luis.Latest != "2026-03-05" || !luis.Hard {
		t.Errorf("Luis' visit 3: %+v, %v; want open, Thursday at the latest", luis, err)
	}
	if p := d.person(t, "suresh"); p.Proxy == nil || p.Proxy.Person != d.person(t, "priya").PersonID() || len(p.Points) != 0 {
		t.Errorf("Suresh's contact person: %+v", p.Proxy)
	}
	for _, p := range seed.Story() {
		_, here := d.byKey[p.Key]
		if here != p.Seeded {
			t.Errorf("%s: in the registry %v, the story says %v", p.Name, here, p.Seeded)
		}
	}
}

func reviews(t *testing.T, d *demo) {
	got, err := d.People.Reviews(t.Context(), 0)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d reviews, %v; want the twins'", len(got), err)
	}
	want := []contacts.PersonID{d.person(t, "june").PersonID(), d.person(t, "jade").PersonID()}
	slices.Sort(want)
	if diff := cmp.Diff(want, got[0].People); diff != "" {
		t.Errorf("whose review (-want +got):\n%s", diff)
	}
}

// sealed: nobody's name, number, address or birthday stands in the files of the database.
func sealed(t *testing.T, d *demo) {
	secret := map[string]string{}
	for _, p := range d.people {
		secret[p.BirthDate] = "birth date"
		for _, x := range p.Points {
			secret[x.Value] = "number or e-mail address"
		}
		if len(p.Family) > 5 {
			secret[p.Family] = "family name"
		}
	}
	token := regexp.MustCompile(`\+1\d{10}|[\w.]+@example\.test|(?:19|20)\d\d-\d\d-\d\d|\p{Lu}\p{Ll}{5,}`)
	files, err := filepath.Glob(filepath.Join(d.Dir, "muster.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database files: %v", err)
	}
	searched := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		searched += len(data)
		for _, m := range token.FindAll(data, -1) {
			if what := secret[string(m)]; what != "" {
				t.Errorf("%s holds a %s in clear: %s", filepath.Base(f), what, m)
			}
		}
	}
	if searched < 1<<20 {
		t.Errorf("searched %d bytes only", searched)
	}
}

func trail(t *testing.T, d *demo) {
	r, err := audit.Verify(t.Context(), d.Store, d.Ring, audit.VerifyOptions{Unaudited: append(contacts.Unaudited(), ivr.Unaudited()...)})
	if err != nil || !r.Intact() || r.Documents < 4000 {
		t.Errorf("the trail: %+v, %v", r, err)
	}
}

func again(t *testing.T, d *demo) {
	ctx := t.Context()
	before := contents(t, d)
	d.Clock.Advance(26 * time.Hour)
	sum, err := seed.Fill(ctx, d.deps(), seed.Options{})
	if err != nil || sum.Filled || sum.People != d.sum.People || sum.Subjects != d.sum.Subjects || !sum.Start.Equal(d.sum.Start) {
		t.Errorf("second time: %+v, %v; the first was %+v", sum, err, d.sum)
	}
	if diff := cmp.Diff(before, contents(t, d)); diff != "" {
		t.Errorf("the second time changed something:\n%s", diff)
	}
	_, err = d.People.SignUp(ctx, rig.Staff, contacts.SignUp{Person: contacts.Person{Given: "Dana", Family: "Okafor", BirthDate: "2005-06-01",
		Points: []contacts.Point{{Value: "412-555-0123"}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := seed.IsDemo(ctx, d.Store, d.People); err != nil || !ours {
		t.Errorf("after somebody signed up: %v, %v; want still the demo", ours, err)
	}
	_, err = d.People.Import(ctx, rig.Staff, "", []contacts.Incoming{{Person: contacts.Person{Given: "A", Family: "B", Source: "import:fhir:real", SourceID: "1",
		Basis: contacts.Basis{Kind: contacts.ByRecords}}}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seed.IsDemo(ctx, d.Store, d.People); !errors.Is(err, seed.ErrOthers) {
		t.Errorf("after an import: %v; want ErrOthers", err)
	}
}

// contents counts the documents of every collection, and their revisions.
func contents(t *testing.T, d *demo) map[string]string {
	out := map[string]string{}
	for name := range d.Store.Specs() {
		n, revs := 0, int64(0)
		for raw, err := range d.Store.Driver().Find(t.Context(), name, docstore.Query{Scan: true}) {
			if err != nil {
				t.Fatal(err)
			}
			rev, _ := raw.Lookup("rev").AsInt64OK()
			n, revs = n+1, revs+rev
		}
		out[name] = fmt.Sprintf("%d documents, %d revisions", n, revs)
	}
	return out
}

func TestOthersAreRefused(t *testing.T) {
	r := rig.New(t, rig.Options{})
	ctx := t.Context()
	if ours, err := seed.IsDemo(ctx, r.Store, r.People); ours || err != nil {
		t.Errorf("an empty database: %v, %v", ours, err)
	}
	_, err := r.People.SignUp(ctx, rig.Staff, contacts.SignUp{Person: contacts.Person{Given: "Ana", Family: "Lima", Points: []contacts.Point{{Value: "412-555-0150"}}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = seed.Fill(ctx, seed.Deps{Store: r.Store, Audit: r.Audit, People: r.People, Trial: r.Trial, Clock: r.Clock}, seed.Options{})
	if !errors.Is(err, seed.ErrOthers) || !strings.Contains(err.Error(), "--data-dir") {
		t.Errorf("got %v, want ErrOthers with the mend", err)
	}
	if n, _ := r.People.Count(ctx); n != 1 {
		t.Errorf("%d people afterwards", n)
	}
}

// TestSameEveryTime compares what two fills say in clear, under different keys.
func TestSameEveryTime(t *testing.T) {
	tell := func(o seed.Options) map[string]string {
		d := fill(t, rig.New(t, rig.Options{}), o)
		out := map[string]string{}
		for _, p := range d.people {
			subs, err := d.Trial.SubjectsOf(t.Context(), p.PersonID())
			if err != nil {
				t.Fatal(err)
			}
			var parts []string
			for _, s := range subs {
				visits, err := d.Trial.VisitsOf(t.Context(), p.PersonID())
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, fmt.Sprintf("%s %s %s %s %v", s.Study, s.Site, s.Status, s.Anchor, s.Moves))
				for _, v := range visits {
					parts = append(parts, fmt.Sprint(v.Code, v.State, v.Day, v.Time, v.Reply))
				}
			}
			for i := range p.Consents {
				p.Consents[i].ID = ""
			}
			shown := contacts.Show(p, d.charts[p.ID])
			shown.Person = ""
			out[p.SourceID] = strings.ReplaceAll(asText(t, shown)+strings.Join(parts, "\n"), p.ID, "ID")
		}
		return out
	}
	small := seed.Options{People: 400}
	one := tell(small)
	if diff := cmp.Diff(one, tell(small)); diff != "" {
		t.Errorf("two fills differ:\n%s", diff)
	}
	small.Seed = 2
	if other := tell(small); cmp.Equal(one, other) {
		t.Error("another seed makes the same people")
	}
}

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAnyDay: the demo may be begun at any time, though it is made for a Monday morning.
func TestAnyDay(t *testing.T) {
	for _, now := range []string{"2026-02-28T23:30:00-05:00", "2027-01-01T00:10:00-05:00", "2028-02-29T12:00:00-05:00", "2026-03-08T03:30:00-04:00", "2026-05-03T09:05:00-04:00", "2026-11-01T01:30:00-05:00"} {
		t.Run(now, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, now)
			if err != nil {
				t.Fatal(err)
			}
			d := fill(t, rig.New(t, rig.Options{Now: at}), seed.Options{People: 150})
			if d.sum.People != 150 || d.sum.Subjects < 5 {
				t.Errorf("filled %+v", d.sum)
			}
			g, err := d.Trial.May(t.Context(), d.person(t, "keisha").PersonID(), contacts.Recruitment, contacts.SMS, "CLEARWAY")
			if err != nil || !strings.Contains(g.Sentence(), "on 3 May 20") {
				t.Errorf("Keisha: %q, %v", g.Sentence(), err)
			}
		})
	}
}

// BenchmarkFill is how long the first start of the demo takes.
func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		r := rig.New(b, rig.Options{})
		d := seed.Deps{Store: r.Store, Audit: r.Audit, People: r.People, Trial: r.Trial, Clock: r.Clock}
		b.StartTimer()
		if _, err := seed.Fill(b.Context(), d, seed.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
