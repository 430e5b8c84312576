package phonesim

import (
	"cmp"
	"slices"
	"time"
)

// keepHistory is how many past calls a phone shows; showPhones how many phones
// the desk lists besides the ones that were set up.
const (
	keepHistory = 20
	showPhones  = 100
)

// phoneView is a phone as its owner sees it.
type phoneView struct {
	Number   string        `json:"number"`
	Label    string        `json:"label"`   // name, or the number written out
	Display  string        `json:"display"` // the number written out
	Name     string        `json:"name,omitempty"`
	Note     string        `json:"note,omitempty"`
	Landline bool          `json:"landline,omitempty"`
	Language string        `json:"language,omitempty"`
	OnCall   CallBehaviour `json:"onCall,omitempty"`
	Zone     string        `json:"zone,omitempty"`
	Now      time.Time     `json:"now"`
	Contacts []contactView `json:"contacts"` // the application's numbers
	Stopped  []string      `json:"stopped"`  // of these, the ones whose texts it stopped
	Thread   []textView    `json:"thread"`   // oldest first
	Call     *callView     `json:"call"`
	History  []*callView   `json:"history"` // newest first
}

type contactView struct {
	Number  string `json:"number"`
	Label   string `json:"label"`
	Display string `json:"display"`
}

// textView is a text in a phone's thread.
type textView struct {
	SID       string    `json:"sid"`
	Direction string    `json:"direction"` // received or sent, seen from the phone
	With      string    `json:"with"`
	Body      string    `json:"body"`
	At        time.Time `json:"at"`
	Segments  int       `json:"segments"`
	Status    string    `json:"status"`
}

// callView is a call as a phone shows it.
type callView struct {
	SID        string      `json:"sid"`
	Direction  string      `json:"direction"` // incoming or outgoing, seen from the phone
	With       string      `json:"with"`
	WithLabel  string      `json:"withLabel"`
	Status     string      `json:"status"`
	StartedAt  time.Time   `json:"startedAt"`
	AnsweredAt time.Time   `json:"answeredAt,omitzero"`
	EndedAt    time.Time   `json:"endedAt,omitzero"`
	Seconds    int         `json:"seconds"`
	Voicemail  bool        `json:"voicemail,omitempty"`
	Captions   []line      `json:"captions"`
	WaitingFor *waitView   `json:"waitingFor"`
	Error      *twimlError `json:"error,omitempty"`
}

// waitView is what a call waits for: answer, digits, pause, recording, webhook,
// dial (another phone rings) or talk (connected to another phone).
type waitView struct {
	Kind        string    `json:"kind"`
	NumDigits   int       `json:"numDigits,omitempty"`
	FinishOnKey string    `json:"finishOnKey,omitempty"`
	Speech      bool      `json:"speech,omitempty"`
	Entered     string    `json:"entered,omitempty"`
	Until       time.Time `json:"until,omitzero"`
}

func (s *Simulator) viewPhone(h *handset) phoneView {
	v := phoneView{Number: h.Number, Label: s.label(h.Number), Display: display(h.Number), Name: h.Name, Note: h.Note,
		Landline: h.Landline, Language: h.Language, OnCall: h.OnCall, Zone: orElse(h.Zone, s.opt.Zone), Now: s.now(),
		Contacts: []contactView{}, Stopped: []string{}, Thread: []textView{}, History: []*callView{}}
	for _, n := range s.numbers {
		v.Contacts = append(v.Contacts, contactView{n.Number, s.label(n.Number), display(n.Number)})
		if s.blocked(h.Number, n.Number) {
			v.Stopped = append(v.Stopped, n.Number)
		}
	}
	for _, m := range s.st.Messages {
		if onThread(m, h.Number) {
			v.Thread = append(v.Thread, s.viewText(m, h.Number))
		}
	}
	slices.SortStableFunc(v.Thread, func(a, b textView) int { return a.At.Compare(b.At) })
	if c := s.onPhone(h.Number); c != nil {
		v.Call = s.viewCall(c)
	}
	for _, c := range slices.Backward(s.st.Calls) {
		if c.Phone == h.Number && !c.live() && len(v.History) < keepHistory {
			v.History = append(v.History, s.viewCall(c))
		}
	}
	return v
}

// onThread reports that a text shows on a phone: what it sent, and what arrived.
func onThread(m *message, number string) bool {
	return m.Direction == directionInbound && m.From == number || m.To == number && !m.Arrived.IsZero()
}

func (s *Simulator) viewText(m *message, number string) textView {
	v := textView{SID: m.SID, Direction: "received", With: m.From, Body: m.Body, At: m.Arrived, Segments: m.Segments, Status: m.Status}
	if m.Direction == directionInbound && m.From == number {
		v.Direction, v.With, v.At = "sent", m.To, m.Created
	}
	return v
}

func (s *Simulator) viewCall(c *call) *callView {
	v := &callView{SID: c.SID, Direction: "incoming", With: c.other(), WithLabel: s.label(c.other()), Status: c.Status,
		StartedAt: c.Created, AnsweredAt: c.Answered, EndedAt: c.Ended, Seconds: c.seconds(),
		Voicemail: c.Machine && !c.Answered.IsZero(), Captions: slices.Clone(c.Lines), Error: c.Error}
	if v.Captions == nil {
		v.Captions = []line{}
	}
	if c.Direction == directionInbound {
		v.Direction = "outgoing"
	}
	if !c.live() {
		return v
	}
	switch w := c.Wait; {
	case c.Status != statusInProgress && v.Direction == "incoming":
		v.WaitingFor = &waitView{Kind: "answer"}
	case w == nil:
	case w.Kind == waitDial && w.Talk != "":
		v.WaitingFor = &waitView{Kind: "talk"}
	case w.Kind == waitDigits:
		g := gatherOf(c.Doc.verbs()[c.PC])
		v.WaitingFor = &waitView{Kind: string(w.Kind), NumDigits: g.numDigits, FinishOnKey: g.finish, Speech: g.speech,
			Entered: w.Digits, Until: w.Until}
	default:
		v.WaitingFor = &waitView{Kind: string(w.Kind), Until: w.Until}
	}
	return v
}

// phoneRow is a phone in the desk's list.
type phoneRow struct {
	Number   string    `json:"number"`
	Label    string    `json:"label"`
	Display  string    `json:"display"`
	Note     string    `json:"note,omitempty"`
	Landline bool      `json:"landline,omitempty"`
	InCall   string    `json:"inCall,omitempty"` // status of its call
	Texts    int       `json:"texts"`
	LastAt   time.Time `json:"lastAt,omitzero"` // the last text or call
	Last     string    `json:"last,omitempty"`
	Listed   bool      `json:"listed,omitempty"`
}

// viewPhones lists the phones that were set up, then those used meanwhile, the
// latest first.
func (s *Simulator) viewPhones() any {
	byNumber := map[string]*phoneRow{}
	rows := []*phoneRow{}
	for _, h := range s.st.Handsets {
		row := &phoneRow{Number: h.Number, Label: s.label(h.Number), Display: display(h.Number), Note: h.Note,
			Landline: h.Landline, Listed: h.Listed}
		if c := s.onPhone(h.Number); c != nil {
			row.InCall = c.Status
		}
		rows = append(rows, row)
		byNumber[h.Number] = row
	}
	for _, m := range s.st.Messages {
		for _, number := range []string{m.From, m.To} {
			if row := byNumber[number]; row != nil && onThread(m, number) {
				row.Texts++
				if at := s.viewText(m, number).At; !at.Before(row.LastAt) {
					row.LastAt, row.Last = at, m.Body
				}
			}
		}
	}
	for _, c := range s.st.Calls {
		if row := byNumber[c.Phone]; row != nil && c.Updated.After(row.LastAt) {
			row.LastAt, row.Last = c.Updated, lastCall(c)
		}
	}
	slices.SortStableFunc(rows, func(a, b *phoneRow) int {
		if a.Listed != b.Listed {
			return b2i(b.Listed) - b2i(a.Listed)
		}
		if a.Listed {
			return 0
		}
		return cmp.Or(b.LastAt.Compare(a.LastAt), cmp.Compare(a.Number, b.Number))
	})
	listed := 0
	for _, row := range rows {
		listed += b2i(row.Listed)
	}
	rows = rows[:min(len(rows), listed+showPhones)]
	return map[string]any{"now": s.now(), "phones": rows}
}

// lastCall says in a few words how a phone's last call stands.
func lastCall(c *call) string {
	switch {
	case c.live():
		return "In a call"
	case c.Machine && !c.Answered.IsZero():
		return "Voicemail"
	case c.Status == statusNoAnswer:
		return "Missed call"
	case c.Status == statusCompleted:
		return "Call ended"
	}
	return "Call: " + c.Status
}

// lastContact is our number that last wrote to or called a phone.
func (s *Simulator) lastContact(number string) string {
	var at time.Time
	own := ""
	for _, m := range s.st.Messages {
		if m.To == number && !m.Arrived.IsZero() && m.Arrived.After(at) && s.own(m.From) != nil {
			at, own = m.Arrived, m.From
		}
	}
	for _, c := range s.st.Calls {
		if c.Phone == number && c.Updated.After(at) && s.own(c.other()) != nil {
			at, own = c.Updated, c.other()
		}
	}
	return own
}
