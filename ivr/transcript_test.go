package ivr_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/trial"
)

// A transcript is a conversation with the clock, one event a line:
//
//	at 2026-03-02 18:31       move the clock (Eastern)
//	tick                      plan what is due, and deliver
//	text NUMBER: words        a text comes in; the "< words" lines that follow are all the replies
//	again                     the same text once more
//	answer NUMBER [machine]   our last call to the number is picked up
//	dial NUMBER               the number calls us
//	press KEYS | silence      on the call
//	repeat                    the last key press arrives once more
//	end [busy|no-answer]      the call is over
//	hear words | not words    the script of the call says them, or does not
//	ended                     the script hangs up
//	sent NUMBER: words        a text to the number says them
//	sent NUMBER times N       how many texts and calls went to the number
//	alerts N | tasks KIND N | answers N | unread N
//	reply V2 confirmed        what the visit's reminder was answered with
//	stopped NUMBER            nobody with the number may be texted
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { play(t, f) })
	}
}

type stage struct {
	*testing.T
	r      *rig.Rig
	people map[string]contacts.PersonID
	where  string

	texts   int
	last    ivr.Inbound
	replies []string
	script  ivr.Script
	event   ivr.CallEvent
	calls   int
}

func play(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := &stage{T: t, people: map[string]contacts.PersonID{}}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		s.where = fmt.Sprintf("%s:%d: %s", filepath.Base(file), n, line)
		if s.r == nil && line != "" && !strings.HasPrefix(line, "#") {
			opt := ivr.OptOutTwilio
			if line == "self" {
				opt = ivr.OptOutSelf
			}
			s.open(opt)
			if line == "self" {
				continue
			}
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			s.do(line)
		}
	}
	if len(s.replies) > 0 {
		t.Errorf("%s: replies nobody expected: %q", s.where, s.replies)
	}
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", s.where, err)
	}
}

// open puts the people of the transcripts in place: Rosa and Ernesto share a landline, Rosa in the
// study since 2 March with PIN 4471; Tom takes texts alone; Luis has a visit; Ana has one too, on
// the same mobile as Luis.
func (s *stage) open(opt ivr.OptOut) {
	s.r = rig.New(s.T, rig.Options{OptOut: opt})
	st, err := trial.ParseStudy([]byte(transcriptStudy))
	s.must(err)
	_, err = s.r.Trial.PutStudy(s.Context(), rig.Staff, st)
	s.must(err)
	s.person("Rosa", "Delgado", "1952-05-03", "es", contacts.Point{Kind: contacts.Landline, Value: "+14125550110"}, contacts.ReachMe{}, true, "4471")
	s.person("Ernesto", "Delgado", "1950-01-20", "en", contacts.Point{Kind: contacts.Landline, Value: "+14125550110"}, contacts.ReachMe{}, false, "9026")
	s.person("Tom", "Brannigan", "1966-07-07", "en", contacts.Point{Kind: contacts.Mobile, Value: "+14125550145"}, contacts.ReachMe{TextOnly: true}, true, "")
	s.person("Luis", "Herrera", "1973-09-09", "en", contacts.Point{Kind: contacts.Mobile, Value: "+14125550167"}, contacts.ReachMe{}, true, "5823")
	s.person("Ana", "Herrera", "1975-11-11", "en", contacts.Point{Kind: contacts.Mobile, Value: "+14125550167"}, contacts.ReachMe{}, true, "")
	s.book("Luis", "V2", "2026-03-16", "09:30")
	s.book("Ana", "V2", "2026-03-16", "11:00")
}

func (s *stage) person(given, family, born, lang string, pt contacts.Point, reach contacts.ReachMe, in bool, pin string) {
	ctx := s.Context()
	var granted []contacts.Consent
	for _, ch := range []contacts.Channel{contacts.SMS, contacts.Voice} {
		granted = append(granted, contacts.Consent{Purpose: contacts.StudyCare, Channel: ch, Granted: true, Source: "web"})
	}
	a := trial.Application{Study: "STEADY", Source: "web", NoCode: true, SignUp: contacts.SignUp{Consents: granted,
		Person: contacts.Person{Given: given, Family: family, BirthDate: born, Language: langOf(lang), Zone: "America/New_York", Points: []contacts.Point{pt}, ReachMe: reach}}}
	out, err := s.r.Trial.Apply(ctx, rig.Staff, a)
	s.must(err)
	s.people[given] = out.Person
	if pin != "" {
		s.must(s.r.People.SetPIN(ctx, rig.Staff, out.Person, pin, "set up"))
	}
	if !in {
		return
	}
	for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
		_, err := s.r.Trial.Move(ctx, rig.Staff, out.Subject, to, "", "", "")
		s.must(err)
	}
	_, err = s.r.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "2", Signed: s.r.Clock.Now().Add(-time.Hour), ObtainedBy: "maria"}, "")
	s.must(err)
}

func (s *stage) book(who, code, day, clock string) {
	_, err := s.r.Trial.Book(s.Context(), rig.Staff, trial.VisitID(trial.SubjectID(s.people[who], "STEADY"), code), day, clock, "")
	s.must(err)
}

func (s *stage) do(line string) {
	s.Helper()
	ctx := s.Context()
	verb, rest, _ := strings.Cut(line, " ")
	if verb != "<" && len(s.replies) > 0 {
		s.Errorf("%s: before it came replies nobody expected: %q", s.where, s.replies)
		s.replies = nil
	}
	switch verb {
	case "at":
		ny, _ := time.LoadLocation("America/New_York")
		to, err := time.ParseInLocation("2006-01-02 15:04", rest, ny)
		s.must(err)
		s.r.Clock.Advance(to.Sub(s.r.Clock.Now()))
	case "tick":
		s.must(s.r.Operator.Tick(ctx, s.r.Clock.Now()))
		s.must(s.r.Trial.Escalate(ctx, s.r.Clock.Now()))
		s.r.Deliver(s.T)
	case "text":
		from, body, _ := strings.Cut(rest, ": ")
		s.texts++
		s.last = ivr.Inbound{SID: fmt.Sprintf("SM%d", s.texts), From: s.number(from), To: s.number(rig.Office), Body: body}
		s.text()
	case "again":
		s.text()
	case "<":
		if len(s.replies) == 0 {
			s.Errorf("%s: no reply", s.where)
			return
		}
		if s.replies[0] != rest {
			s.Errorf("%s: the reply is %q", s.where, s.replies[0])
		}
		s.replies = s.replies[1:]
	case "answer":
		number, by, _ := strings.Cut(rest, " ")
		m := s.lastCall(number)
		s.event = ivr.CallEvent{SID: "CA" + m.ID, From: s.number(rig.Office), To: s.number(number), Outbound: true, Message: m.ID, AnsweredBy: by}
		s.must(s.r.Operator.CallStatus(ctx, s.status("in-progress")))
		s.answer()
	case "dial":
		s.calls++
		s.event = ivr.CallEvent{SID: fmt.Sprintf("CA%d", s.calls), From: s.number(rest), To: s.number(rig.Office)}
		s.answer()
	case "press", "silence":
		s.event.Digits, s.event.NoInput, s.event.Step = rest, verb == "silence", s.step()
		s.press()
	case "repeat":
		s.press()
	case "end":
		how := rest
		if how == "" {
			how = "completed"
		}
		s.must(s.r.Operator.CallStatus(ctx, s.status(how)))
	case "unanswered":
		number, how, _ := strings.Cut(rest, " ")
		m := s.lastCall(number)
		s.event = ivr.CallEvent{SID: "CA" + m.ID, From: s.number(rig.Office), To: s.number(number), Outbound: true, Message: m.ID}
		s.must(s.r.Operator.CallStatus(ctx, s.status(how)))
	case "hear":
		if !strings.Contains(s.heard(), rest) {
			s.Errorf("%s: the call says %q", s.where, s.heard())
		}
	case "not":
		if strings.Contains(s.heard(), rest) {
			s.Errorf("%s: the call says %q", s.where, s.heard())
		}
	case "ended":
		if len(s.script) == 0 || s.script[len(s.script)-1] != (ivr.Hangup{}) {
			s.Errorf("%s: the call goes on: %q", s.where, s.heard())
		}
	case "sent":
		s.sent(rest)
	case "alerts":
		open, err := s.r.Trial.Alerts(ctx, trial.AlertOpen)
		s.must(err)
		s.count(rest, len(open))
	case "tasks":
		kind, n, _ := strings.Cut(rest, " ")
		all, err := s.r.Trial.Tasks(ctx, "")
		s.must(err)
		got := 0
		for _, x := range all {
			if x.Kind == kind {
				got++
			}
		}
		s.count(n, got)
	case "answers":
		got := 0
		for _, id := range s.people {
			all, err := s.r.Trial.ResponsesOf(ctx, id)
			s.must(err)
			for _, x := range all {
				got += len(x.Session.Answers)
			}
		}
		s.count(rest, got)
	case "unread":
		got, err := s.r.People.CountUnread(ctx)
		s.must(err)
		s.count(rest, got)
	case "reply":
		f := strings.SplitN(rest, " ", 3)
		v, err := s.r.Trial.Visit(ctx, trial.VisitID(trial.SubjectID(s.people[f[0]], "STEADY"), f[1]))
		s.must(err)
		if v.Reply != strings.Join(f[2:], " ") {
			s.Errorf("%s: the visit's reply is %q", s.where, v.Reply)
		}
	case "stopped":
		people, err := s.r.People.ByPoint(ctx, rest)
		s.must(err)
		for _, p := range people {
			g, err := s.r.Trial.May(ctx, p.PersonID(), contacts.StudyCare, contacts.SMS, "STEADY")
			s.must(err)
			if g.OK || !g.NotBefore.IsZero() {
				s.Errorf("%s: %s may still be texted", s.where, p.ID)
			}
		}
	default:
		s.Fatalf("%s: no such line", s.where)
	}
}

func (s *stage) text() {
	replies, err := s.r.Operator.Text(s.Context(), s.last)
	s.must(err)
	s.replies = append([]string(nil), replies...)
}

func (s *stage) answer() {
	script, err := s.r.Operator.Answer(s.Context(), s.event)
	s.must(err)
	s.script = script
}

func (s *stage) press() {
	script, err := s.r.Operator.Press(s.Context(), s.event)
	s.must(err)
	s.script = script
}

func (s *stage) status(status string) ivr.CallEvent {
	ev := s.event
	ev.Status, ev.Digits, ev.Step, ev.NoInput = status, "", 0, false
	return ev
}

func (s *stage) step() int {
	for _, x := range s.script {
		if g, ok := x.(ivr.Gather); ok {
			return g.Step
		}
	}
	s.Fatalf("%s: the call waits for no key: %q", s.where, s.heard())
	return 0
}

func (s *stage) heard() string {
	var b strings.Builder
	for _, x := range s.script {
		switch v := x.(type) {
		case ivr.Say:
			b.WriteString(v.Text + " ")
		case ivr.Gather:
			for _, p := range v.Prompts {
				b.WriteString(p.Text + " ")
			}
		case ivr.Dial:
			b.WriteString("[dial] ")
		}
	}
	return b.String()
}

func (s *stage) sent(rest string) {
	if number, n, ok := strings.Cut(rest, " times "); ok {
		s.count(n, len(s.r.Sent.To(number)))
		return
	}
	number, words, _ := strings.Cut(rest, ": ")
	all := s.r.Sent.To(number)
	if len(all) == 0 {
		s.Errorf("%s: nothing was sent", s.where)
		return
	}
	for _, m := range all {
		if strings.Contains(m.Body, words) {
			return
		}
	}
	s.Errorf("%s: the last text says %q", s.where, all[len(all)-1].Body)
}

func (s *stage) lastCall(number string) outbox.Message {
	all := s.r.Sent.To(number)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Kind == outbox.Call {
			return all[i]
		}
	}
	s.Fatalf("%s: no call was made", s.where)
	return outbox.Message{}
}

func (s *stage) number(raw string) phone.Number {
	if raw == "withheld" {
		return phone.Number{}
	}
	n, err := phone.Parse(raw, "US")
	s.must(err)
	return n
}

func (s *stage) count(want string, got int) {
	s.Helper()
	if n, err := strconv.Atoi(strings.TrimSpace(want)); err != nil || n != got {
		s.Errorf("%s: there are %d", s.where, got)
	}
}
