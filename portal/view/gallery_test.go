package view_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/view/viewtest"
	"github.com/muster-health/muster/static"
)

// The gallery shows every component with full data. MUSTER_GALLERY=dir writes its pages there,
// for looking at in a browser: python3 -m http.server -d dir.

type galleryStudy struct {
	view.Page
	Chips []view.Chip
	Facts []view.Pair
	Card  view.Card
	Empty view.EmptyState
}

type galleryJoin struct {
	view.Page
	Fields []view.Field
}

type galleryToday struct {
	view.Page
	Cards  []view.Card
	Steps  view.Steps
	Thread view.Thread
}

type galleryQuestion struct {
	view.Page
	Question view.Question
}

type queueLine struct {
	Tone      view.Tone
	Age       string
	Who, What string
	Verdict   view.Verdict
	Actions   []view.Action
}

type galleryHome struct {
	view.Page
	Stats  []view.Stat
	Queue  []queueLine
	Board  view.Board
	Funnel view.Funnel
	Visits view.Table
}

type galleryCandidates struct {
	view.Page
	Split   view.Split
	Filters []view.Field
	Table   view.Table
}

type galleryPerson struct {
	view.Page
	Name     string
	Chips    []view.Chip
	Actions  []view.Action
	Timeline view.Timeline
	Gates    []view.Gate
	Text     view.Field
	Reasons  view.Reasons
	Facts    []view.Pair
}

type galleryCard struct {
	view.Page
	Name  string
	Facts []view.Pair
}

func (*galleryStudy) Template() string      { return "gallery/study" }
func (*galleryJoin) Template() string       { return "gallery/join" }
func (*galleryToday) Template() string      { return "gallery/today" }
func (*galleryToday) Layout() string        { return "participant" }
func (*galleryQuestion) Template() string   { return "gallery/question" }
func (*galleryQuestion) Layout() string     { return "participant" }
func (*galleryHome) Template() string       { return "gallery/home" }
func (*galleryHome) Layout() string         { return "staff" }
func (*galleryCandidates) Template() string { return "gallery/candidates" }
func (*galleryCandidates) Layout() string   { return "staff" }
func (*galleryPerson) Template() string     { return "gallery/person" }
func (*galleryPerson) Layout() string       { return "staff" }
func (*galleryCard) Template() string       { return "gallery/card" }
func (*galleryCard) Layout() string         { return "print" }

func clock(day, hour, minute int) time.Time {
	return time.Date(2026, time.March, day, hour, minute, 0, 0, time.FixedZone("EST", -5*3600))
}

func publicPage(title string) view.Page {
	return view.Page{
		Title: title, Lang: "en", Path: "/join", Now: clock(2, 9, 5),
		Languages: []view.Language{{Code: "en", Name: "English", Href: "/join?lang=en", Current: true}, {Code: "es", Name: "Español", Href: "/join?lang=es"}},
		Help: view.Help{Phone: "+14125550101", Hours: "Monday to Friday, 8:00 am to 5:00 pm", Emergency: "911", CallMe: "/call-me",
			Operator: "Larkfield University Hospital", Board: "Larkfield Institutional Review Board: (412) 555-0109", Privacy: "/privacy"},
		Demo: &view.DemoBar{Clock: clock(2, 9, 5), Action: "/demo/clock", Next: "6:30 pm, call to Rosa", Return: "/join", Links: []view.Link{{Label: "Tour", Href: "/demo/tour"}, {Label: "Phones", Href: "http://127.0.0.1:8090/"}}},
	}
}

func participantPage(title string) view.Page {
	p := publicPage(title)
	p.User = &view.User{Name: "Rosa", SignOut: "/me/sign-out"}
	p.Help.CallMe = ""
	p.Nav = []view.NavItem{{Label: "Today", Href: "/me", Current: true}, {Label: "Diary", Href: "/me/diary", Count: 1, Urgent: true}, {Label: "Visits", Href: "/me/visits"}, {Label: "Messages", Href: "/me/messages"}, {Label: "My data", Href: "/me/data"}}
	return p
}

func staffPage(title string) view.Page {
	p := publicPage(title)
	p.User = &view.User{Name: "Maria Santos", Role: "Coordinator, Main", SignOut: "/staff/sign-out"}
	p.Nav = []view.NavItem{
		{Label: "Now", Href: "/staff", Icon: "home", Current: true, Count: 12},
		{Label: "Alerts", Href: "/staff/alerts", Icon: "notifications", Count: 1, Urgent: true},
		{Label: "Inbox", Href: "/staff/inbox", Icon: "chat", Count: 3},
		{Label: "Studies", Href: "/staff/studies", Icon: "science"},
		{Label: "People", Href: "/staff/people", Icon: "people"},
		{Label: "Visits", Href: "/staff/visits", Icon: "event"},
		{Label: "Reports", Href: "/staff/reports", Icon: "insights"},
		{Label: "Audit", Href: "/staff/audit", Icon: "history"},
	}
	return p
}

func gallery() map[string]view.Data {
	eligible, possible, excluded := view.Verdict{Is: "eligible"}, view.Verdict{Is: "possible", Unknown: 1}, view.Verdict{Is: "excluded", Note: "by age"}
	steps := view.Steps{List: []view.Step{
		{Is: "done", Text: "We received your offer", When: "12 Feb"}, {Is: "done", Text: "Maria looked at your answers", When: "12 Feb"},
		{Is: "now", Text: "Maria will call you", When: "we tried Tue 10:05 am; next try today after 2 pm"}, {Is: "next", Text: "First visit, if you would like to go on"},
	}}
	thread := view.Thread{Label: "Messages", Bubbles: []view.Bubble{
		{Out: true, Text: "Larkfield research office: your visit is Tue 3 Mar at 9:30 am, Room 4. Reply 1 to confirm, 2 to change, 3 to be called. STOP to stop texts.", At: clock(2, 9, 30), Status: "delivered"},
		{Text: "1", At: clock(2, 9, 41)},
		{Out: true, Text: "Thank you. See you on Tuesday at 9:30 am.", At: clock(2, 9, 41), Status: "delivered"},
		{Out: true, Failed: true, Text: "Your diary is open until 11:59 pm.", At: clock(2, 18, 0), Status: "not delivered: landline", By: "Muster"},
	}}
	study := &galleryStudy{Page: publicPage("Does the time of day for blood pressure tablets matter?"),
		Chips: []view.Chip{{Text: "Looking for volunteers", Tone: view.Teal, Icon: "check"}, {Text: "About 14 weeks"}, {Text: "4.2 miles from 15213"}},
		Facts: []view.Pair{{Term: "Who runs it", Value: "Dr Ingrid Solberg, Larkfield University Hospital"}, {Term: "Ethics board", Value: "LUH-24-0117, approved until 1 December 2026"}, {Term: "Payment", Value: "You receive $40 for each visit you keep, and your bus fare or parking is paid back."}},
		Card:  view.Card{Title: "See whether it may fit you", Meta: "about 4 min", Lines: []string{"We ask a few questions about your health. You can skip any of them or stop.", "If the study does not fit, we delete your answers after 90 days."}, Actions: []view.Action{{Label: "Start", Kind: view.Primary, Href: "/join"}, {Label: "Call me instead", Kind: view.Quiet, Href: "/call-me"}}, Tone: view.Teal},
		Empty: view.EmptyState{Title: "No study near you at the moment", Text: "Leave your details and we write when one opens within your distance.", Action: &view.Action{Label: "Join the registry", Href: "/join"}},
	}
	study.Lead = "A study for people from 50 to 80 who take tablets for high blood pressure."
	study.Back = &view.Link{Label: "All studies", Href: "/studies"}
	fields := []view.Field{
		{Kind: view.KindDate, Name: "born", Label: "When were you born?", Hint: "We ask this first, because studies are for adults.", Autocomplete: "bday", Day: "31", Month: "2", Year: "1974", Error: "Please enter a real date, with day, month and four-digit year."},
		{Kind: view.KindText, Name: "name", Label: "Your name, as you like to be called", Autocomplete: "given-name", Value: "Dana", Width: 20},
		{Kind: view.KindTel, Name: "phone", Label: "Phone number", Hint: "With area code, for instance 412-555-0123.", Autocomplete: "tel", Width: 10, Value: "412", Error: "Please enter a phone number with area code, for instance 412-555-0123."},
		{Kind: view.KindEmail, Name: "email", Label: "E-mail", Optional: true, Autocomplete: "email", Width: 20},
		{Kind: view.KindSelect, Name: "language", Label: "Which language do you prefer?", Blank: "Choose", Options: []view.Option{{Value: "en", Label: "English"}, {Value: "es", Label: "Español"}}, Value: "es"},
		{Kind: view.KindRadio, Name: "smoke", Label: "Do you smoke?", Options: []view.Option{{Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}, {Value: "unsure", Label: "I’m not sure"}}, Value: "unsure"},
		{Kind: view.KindChecks, Name: "reach", Label: "How can we best reach you?", Optional: true, Options: []view.Option{{Value: "text", Label: "Text only", Hint: "We will never call you."}, {Value: "phone", Label: "Phone", On: true}, {Value: "relay", Label: "Captioned phone or relay", Hint: "No automated calls."}, {Value: "large", Label: "Large print"}}},
		{Kind: view.KindConsent, Name: "sms", Label: "I agree that Larkfield University Hospital may text me at this number about studies that may fit me, up to 4 a month. Message rates may apply. I can stop any time. Saying no changes nothing about my care.", Wording: "contact-sms-2", Value: "1"},
		{Kind: view.KindConsent, Name: "voice", Label: "I agree that Larkfield University Hospital may call me with a recorded voice at this number about studies that may fit me, up to 4 a month. I can stop any time. Saying no changes nothing about my care.", Wording: "contact-voice-2"},
		{Kind: view.KindNumber, Name: "hba1c", Label: "Your last HbA1c", Unit: "%", Optional: true, Width: 4},
		{Kind: view.KindCode, Name: "code", Label: "The code we sent to •••-0123", Hint: "6 digits. It works for 10 minutes.", Max: 12},
		{Kind: view.KindArea, Name: "note", Label: "Anything we should know?", Optional: true, Rows: 3, Max: 500},
		{Kind: view.KindPassword, Name: "pin", Label: "PIN", Width: 6},
	}
	join := &galleryJoin{Page: publicPage("Offer your help"), Fields: fields}
	join.Lead = "About 5 minutes. Nothing is sent to a study without your yes."
	join.Errors = view.Problems(fields...)
	join.Flash = []view.Flash{{Kind: view.Done, Text: "Your code is confirmed."}, {Kind: view.Notice, Text: "We kept what you typed."}, {Kind: view.Problem, Text: "This number cannot take texts. We will call you with the code."}}
	today := &galleryToday{Page: participantPage("Good morning, Rosa"), Steps: steps, Thread: thread, Cards: []view.Card{
		{Title: "Today’s diary", Meta: "about 2 min", Lines: []string{"Open until 11:59 pm."}, Tone: view.Amber, Actions: []view.Action{{Label: "Start", Kind: view.Primary, Href: "/me/diary"}}, After: "or text DIARY to (412) 555-0100"},
		{Title: "Next visit", Meta: "in 1 day", Lines: []string{"Tuesday 3 March, 9:30 am", "Eastside Clinic, Room 4 · 4.2 miles", "No food after midnight."}, Actions: []view.Action{{Label: "I’ll be there", Kind: view.Primary, Post: "/me/visits/vis_1/confirm", About: "on Tuesday 3 March"}, {Label: "Ask to change", Kind: view.Secondary, Href: "/me/visits/vis_1/change"}}},
		{Title: "Visit 2 is done", Lines: []string{"You answered 5 of 7 this week."}, Tone: view.Green},
	}}
	question := &galleryQuestion{Page: participantPage("Evening diary"), Question: view.Question{
		Post: "/me/diary/rsp_1", Intro: "Evening diary · Monday 2 March", NotSure: true, Skip: true, Back: "/me/diary/rsp_1?q=2", Later: "Finish later: we will text you a link.",
		Progress: view.Progress{Done: 2, Total: 5}, Hidden: []view.Hidden{{Name: "item", Value: "dizzy"}},
		Field: view.Field{Kind: view.KindRadio, Name: "dizzy", Label: "Did you feel dizzy today when you stood up?", Hint: "Count any time since you woke up.", Options: []view.Option{{Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}}, Value: "no"},
	}}
	number := &galleryQuestion{Page: participantPage("Evening diary"), Question: view.Question{Post: "/me/diary/rsp_1", Progress: view.Progress{Done: 1}, Back: "/me/diary", Later: "Finish later", LaterURL: "/me/later",
		Field: view.Field{Kind: view.KindNumber, Name: "upper", Label: "What was the upper number?", Hint: "From 60 to 260.", Unit: "mmHg", Value: "1866", Error: "Please enter a number from 60 to 260."}}}
	question.Bare, number.Bare = true, true
	number.Errors = view.Problems(number.Question.Field)
	home := &galleryHome{Page: staffPage("Now"),
		Stats: []view.Stat{{Label: "Enrolled", Figure: "61", Note: "of 120", Spark: []float64{40, 44, 46, 51, 55, 61}}, {Label: "New this week", Figure: "6", Note: "oldest waits 2 d 3 h", Tone: view.Red, Href: "/staff/new"}, {Label: "Visits today", Figure: "4", Note: "2 confirmed", Tone: view.Green}, {Label: "Diaries on time", Figure: "84 %", Note: "last 7 days", Spark: []float64{91, 90, 88, 90, 82, 84}}},
		Queue: []queueLine{
			{Tone: view.Red, Age: "2 d 3 h", Who: "Ana R.", What: "offered help for CLEARWAY; promised a call by Friday noon", Verdict: possible, Actions: []view.Action{{Label: "Call", Kind: view.Primary, Icon: "phone", Href: "/staff/people/per_1", About: "Ana R."}}},
			{Tone: view.Amber, Age: "14 h", Who: "Luis H.", What: "visit 3 must be booked by Thursday", Verdict: eligible, Actions: []view.Action{{Label: "Offer times", Kind: view.Secondary, Href: "/staff/people/per_2"}}},
			{Tone: view.Plain, Age: "20 min", Who: "June L.", What: "may be the same person as Jade L.", Verdict: eligible, Actions: []view.Action{{Label: "Review", Kind: view.Secondary, Href: "/staff/people/per_3"}}},
		},
		Board: view.Board{Label: "Pipeline", Lanes: []view.Lane{
			{Title: "New", Count: 12, Oldest: "2 d 3 h", Late: true, More: "/staff/pipeline?status=new", Cards: []view.LaneCard{{Initials: "A. R.", Href: "/staff/people/per_1", Age: "2 d", Late: true, Next: "Call by Fri noon", Verdict: &possible}, {Initials: "M. B.", Href: "/staff/people/per_4", Age: "1 d", Next: "Ask: do you smoke?", Verdict: &possible}}},
			{Title: "Called", Count: 1, Oldest: "5 d", Cards: []view.LaneCard{{Initials: "G. S.", Href: "/staff/people/per_5", Age: "5 d", Next: "Second try today", Verdict: &eligible}}},
			{Title: "Screening"},
		}},
		Funnel: view.Funnel{Title: "From offer to enrolment", Steps: []view.FunnelStep{{Label: "Offered help", Count: 1204}, {Label: "Pre-screened", Count: 611, Note: "51 %"}, {Label: "Consented", Count: 88, Note: "14 %", Tone: view.Amber}, {Label: "Enrolled", Count: 61, Note: "69 %", Tone: view.Green}}},
		Visits: view.Table{Caption: "Visits today", CaptionHidden: true, Columns: []view.Column{{Label: "Time"}, {Label: "Who"}, {Label: "Answer"}}, Rows: []view.Row{
			{Cells: []view.Cell{{Text: "9:30 am"}, {Text: "Rosa D.", Href: "/staff/people/per_7", Sub: "STEADY V3"}, {Chip: &view.Chip{Text: "confirmed", Tone: view.Green, Icon: "check"}}}},
			{Cells: []view.Cell{{Text: "11:00 am"}, {Text: "Tom B.", Href: "/staff/people/per_8", Sub: "STEADY V2"}, {Chip: &view.Chip{Text: "asked to change", Tone: view.Amber}}}},
			{Cells: []view.Cell{{Text: "2:00 pm"}, {Text: "Luis H.", Href: "/staff/people/per_2", Sub: "LANTERN V3"}, {Empty: true}}},
		}},
	}
	home.Flash = []view.Flash{{Kind: view.Done, Text: "Ana’s call is logged. Next try: today after 2 pm."}}
	candidates := &galleryCandidates{Page: staffPage("STEADY: who fits"), Split: view.Split{Eligible: 412, Possible: 987, Excluded: 1194},
		Filters: []view.Field{{Kind: view.KindSelect, Name: "verdict", Label: "Show", Options: []view.Option{{Value: "all", Label: "everybody"}, {Value: "possible", Label: "possible"}}}, {Kind: view.KindText, Name: "zip", Label: "Near ZIP", Optional: true, Width: 6}},
		Table: view.Table{Caption: "Candidates", Columns: []view.Column{{Label: "Person", Sort: "?sort=name", Sorted: "ascending"}, {Label: "Fits"}, {Label: "Unknown"}, {Label: "Miles", Num: true, Sort: "?sort=miles"}, {Label: "Age", Num: true}, {Label: "Share"}, {Label: "What to do", Hidden: true}},
			Rows: []view.Row{
				{Tone: view.Teal, Cells: []view.Cell{{Text: "R•••• D••••••", Href: "/staff/people/per_7", Sub: "last contact 2 Mar"}, {Verdict: &eligible}, {Empty: true}, {Text: "4.2"}, {Text: "74"}, {Bar: &view.Bar{Share: 1, Tone: view.Teal, Text: "6 of 6"}}, {Action: &view.Action{Label: "Open", Kind: view.Quiet, Href: "/staff/people/per_7", About: "this person"}}}},
				{ID: "c2", Tone: view.Amber, Cells: []view.Cell{{Text: "E•••••• D••••••", Href: "/staff/people/per_9"}, {Verdict: &possible}, {Text: "Last blood pressure"}, {Text: "4.2"}, {Text: "76"}, {Bar: &view.Bar{Share: 0.83, Tone: view.Amber, Text: "5 of 6"}}, {Action: &view.Action{Label: "Ask", Kind: view.Secondary, Post: "/staff/ask", Fields: []view.Hidden{{Name: "person", Value: "per_9"}}}}}},
				{Tone: view.Red, Cells: []view.Cell{{Text: "K••••• M•••••", Href: "/staff/people/per_10"}, {Verdict: &excluded}, {Empty: true}, {Text: "12.0"}, {Text: "33"}, {Bar: &view.Bar{Share: 0.5, Text: "3 of 6"}}, {}}},
			},
			Foot:  []view.Cell{{Text: "3 people"}, {}, {}, {Text: "6.8"}, {Text: "61"}, {}, {}},
			Pager: &view.Pager{Shown: "1–3 of 2,593", Prev: "?after=a", Next: "?after=b"}},
	}
	candidates.Wide = true
	person := &galleryPerson{Page: staffPage("Ana Ruiz"), Name: "Ana Ruiz",
		Chips:   []view.Chip{{Text: "texts: stopped", Tone: view.Red, Icon: "do_not_disturb"}, {Text: "calls: yes", Tone: view.Green, Icon: "check"}, {Text: "Spanish", Icon: "language"}, {Text: "now 9:05 am there", Icon: "schedule"}},
		Actions: []view.Action{{Label: "Reveal name", Kind: view.Quiet, Icon: "visibility", Post: "/staff/people/per_1/reveal"}, {Label: "Call", Kind: view.Primary, Icon: "phone", Href: "/staff/people/per_1/call"}},
		Timeline: view.NewTimeline("What happened", []view.Event{
			{At: clock(2, 9, 1), Kind: "alert", Tone: view.Red, Title: "Upper number 186", Text: "Alert raised; on-call message sent 9:01 am.", Chip: &view.Chip{Text: "waiting", Tone: view.Amber}, Href: "/staff/alerts/alr_1", Detail: []view.Pair{{Term: "Answered", Value: "18:46:10"}, {Term: "Sent", Value: "18:46:11"}}},
			{At: clock(2, 8, 58), Kind: "answer", Tone: view.Teal, Title: "Answered by phone", Raw: "186", By: "keypad"},
			{At: clock(1, 17, 30), Kind: "note", Tone: view.Violet, Title: "Note", Text: "Prefers to be called after 2 pm. Her daughter translates.", By: "Maria Santos"},
			{At: clock(1, 10, 5), Kind: "call", Tone: view.Amber, Title: "Call: no answer", By: "Ben Adeyemi", Text: "Next try Monday after 2 pm."},
			{At: clock(1, 9, 0), Kind: "text", Title: "Text received", Raw: "STOP"},
		}),
		Gates: []view.Gate{
			{Channel: "Text", Says: "Cannot text: Ana stopped texts on 1 March by replying STOP. Call instead.", Why: []string{"stopped texts, 1 Mar 9:00 am, by reply: “STOP”"}, Instead: []view.Action{{Label: "Call", Kind: view.Secondary, Icon: "phone", Href: "/staff/people/per_1/call"}}},
			{Open: true, Channel: "Call", Says: "Ana agreed to calls about studies on 12 February on the web.", Until: "Her day ends at 8:00 pm in Pittsburgh."},
		},
		Text:    view.Field{Kind: view.KindArea, Name: "text", Label: "Text", Rows: 3, Hint: "0 of 160 characters, 1 message"},
		Reasons: view.Reasons{Verdict: possible, List: []view.Reason{{Is: "met", ID: "I1", Text: "Age 50–80", Why: "74 on 2 March, from the person"}, {Is: "unknown", ID: "I3", Text: "Blood pressure tablet in the last 90 days", Why: "nothing recorded", Action: &view.Action{Label: "Ask", Kind: view.Quiet, Href: "/staff/ask", About: "about tablets"}}, {Is: "failed", ID: "E1", Text: "Upper number 180 or more in 30 days", Why: "186 on 2 March, by phone", Only: true}}},
		Facts:   []view.Pair{{Term: "High blood pressure", Value: "since 2011, from the person"}, {Term: "Upper number", Value: "186 mmHg on 2 March, by phone"}},
	}
	person.Bare = true
	card := &galleryCard{Page: publicPage("Participant card"), Name: "Rosa", Facts: []view.Pair{{Term: "Our number", Value: "(412) 555-0100"}, {Term: "We call", Value: "every evening at 6:30 pm"}, {Term: "Office", Value: "(412) 555-0101"}}}
	card.User = &view.User{Name: "Maria Santos", SignOut: "/staff/sign-out"}
	problem := &view.ErrorPage{Page: publicPage("We cannot find that page"), Status: 404, Text: "The page does not exist, or it is not open to you.", Next: "Check the address, or start again from the first page.", ID: "req_01jb3", Home: view.Link{Label: "Home", Href: "/"}}
	problem.Errors = []view.FieldError{{Text: "Without a field."}}
	return map[string]view.Data{"study": study, "join": join, "today": today, "question": question, "number": number, "home": home, "candidates": candidates, "person": person, "card": card, "error": problem}
}

func TestGallery(t *testing.T) {
	r := newRenderer(t, view.Set{Name: "gallery", Layout: "public", FS: os.DirFS("testdata/gallery")})
	dir := os.Getenv("MUSTER_GALLERY")
	for name, page := range gallery() {
		for _, lang := range []string{"en", "es"} {
			page.Envelope().Lang = lang
			html, err := r.Page(page)
			if err != nil {
				t.Fatal(err)
			}
			viewtest.Check(t, name+" "+lang, html)
			if dir != "" {
				write(t, filepath.Join(dir, name+"."+lang+".html"), html)
			}
		}
	}
	if dir != "" {
		copyAssets(t, dir)
	}
}

// Nothing filled in must still be a page, since a handler may forget.
func TestZeroPages(t *testing.T) {
	r := newRenderer(t, view.Set{Name: "gallery", Layout: "public", FS: os.DirFS("testdata/gallery")})
	for name, page := range map[string]view.Data{
		"study": &galleryStudy{Card: view.Card{Actions: []view.Action{{}}}}, "join": &galleryJoin{}, "today": &galleryToday{}, "question": &galleryQuestion{},
		"home": &galleryHome{}, "candidates": &galleryCandidates{}, "person": &galleryPerson{}, "card": &galleryCard{}, "error": &view.ErrorPage{},
	} {
		html, err := r.Page(page)
		if err != nil {
			t.Fatal(err)
		}
		viewtest.Check(t, name, html)
	}
}

func TestEveryComponentIsInTheGallery(t *testing.T) {
	files, err := filepath.Glob("templates/component/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal("no components", err)
	}
	used := ""
	pages, _ := filepath.Glob("testdata/gallery/pages/*.html")
	for _, f := range append(append(pages, files...), "templates/layout/shell.html", "templates/layout/public.html") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		used += string(b)
	}
	for _, f := range files {
		b, _ := os.ReadFile(f)
		for part := range strings.SplitSeq(string(b), `{{define "`) {
			name, _, ok := strings.Cut(part, `"`)
			if ok && name != "" && !strings.ContainsAny(name, "<{ ") && !strings.Contains(used, `{{template "`+name+`"`) {
				t.Errorf("component %q is not shown in the gallery", name)
			}
		}
	}
}

func write(t *testing.T, file string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

// copyAssets writes the files the pages name, as the server would answer them.
func copyAssets(t *testing.T, dir string) {
	t.Helper()
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"muster.css", "htmx.min.js", "muster.js", "favicon.svg", "fonts/PublicSans-Regular.woff2", "fonts/PublicSans-Bold.woff2"} {
		w := httptest.NewRecorder()
		assets.ServeHTTP(w, httptest.NewRequest("GET", assets.Path(name), nil))
		write(t, filepath.Join(dir, assets.Path(name)), w.Body.Bytes())
	}
}
