package transcript

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// player is one transcript being played.
type player struct {
	testing.TB
	line    Line
	r       *rig.Rig
	ids     map[string]contacts.PersonID
	where   string
	replies []string
}

// PlayAll plays every file that pattern finds, each as a test of its own.
func PlayAll(t *testing.T, pattern string, line func(testing.TB) Opener) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts in %s: %v", pattern, err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { Play(t, f, line(t)) })
	}
}

// Play plays one file.
func Play(t testing.TB, file string, open Opener) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := &player{TB: t, ids: map[string]contacts.PersonID{}}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		p.where = fmt.Sprintf("%s:%d: %s", filepath.Base(file), n, line)
		if p.line == nil {
			mode := ivr.OptOut(line)
			if mode != ivr.OptOutSelf && mode != ivr.OptOutAdvanced {
				mode = ""
			}
			p.line = open(mode)
			p.r = p.line.Rig()
			p.people()
			if mode != "" {
				continue
			}
		}
		p.do(line)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(p.replies) > 0 {
		t.Errorf("%s: replies nobody expected: %q", p.where, p.replies)
	}
	p.records()
}

func (p *player) ctx() context.Context { return p.Context() }

func (p *player) must(err error) {
	p.Helper()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		p.Skipf("SKIPPED from %s: this line cannot do that", p.where)
	case err != nil:
		p.Fatalf("%s: %v", p.where, err)
	}
}

func (p *player) do(line string) {
	p.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	if verb != "<" && len(p.replies) > 0 {
		p.Errorf("%s: before it came replies nobody expected: %q", p.where, p.replies)
		p.replies = nil
	}
	if !p.event(verb, rest) && !p.check(verb, rest) && !p.arrange(verb, rest) {
		p.Fatalf("%s: no such line", p.where)
	}
}

// event is something that happens on a phone or the clock.
func (p *player) event(verb, rest string) bool {
	p.Helper()
	if verb == "text" || verb == "press" {
		rest = p.coded(rest)
	}
	first, second, _ := strings.Cut(rest, " ")
	var err error
	switch verb {
	case "at":
		ny, zerr := time.LoadLocation("America/New_York")
		p.must(zerr)
		to, terr := time.ParseInLocation("2006-01-02 15:04", rest, ny)
		p.must(terr)
		p.r.Clock.Advance(to.Sub(p.r.Clock.Now()))
		err = p.line.Moved()
	case "tick":
		p.must(p.r.Operator.Tick(p.ctx(), p.r.Clock.Now()))
		p.must(p.r.Trial.Escalate(p.ctx(), p.r.Clock.Now()))
		p.r.Deliver(p)
	case "died":
		_, err = p.r.Trial.Move(p.ctx(), rig.Staff, trial.SubjectID(p.ids[rest], "STEADY"), trial.Died, "", "", "")
	case "text":
		from, body, _ := strings.Cut(rest, ": ")
		p.replies, err = p.line.Text(from, body)
	case "lost":
		from, body, _ := strings.Cut(rest, ": ")
		err = p.line.Lose(from, body)
	case "readLog":
		p.readLog()
	case "again":
		p.replies, err = p.line.Again()
	case "answer":
		err = p.line.Answer(first, second)
	case "unanswered":
		err = p.line.Unanswered(first, second)
	case "dial":
		err = p.line.Dial(rest)
	case "press":
		err = p.line.Press(rest)
	case "silence":
		err = p.line.Silence()
	case "press-step":
		n, nerr := strconv.Atoi(first)
		p.must(nerr)
		err = p.line.PressStep(n, second)
	case "repeat":
		err = p.line.Repeat()
	case "dialed":
		err = p.line.Dialed(rest)
	case "end":
		err = p.line.End()
	case "say", "cut":
		err = p.line.Speak(rest, verb == "cut")
	case "told":
		err = p.line.Told()
	case "fetch":
		p.must(p.r.Trial.FetchRecordings(p.ctx(), p.r.Tapes))
	default:
		return false
	}
	p.must(err)
	return true
}

// arrange is something staff do.
func (p *player) arrange(verb, rest string) bool {
	f := strings.Fields(rest)
	id := contacts.PersonID("")
	if len(f) > 0 {
		id = p.ids[f[0]]
	}
	switch {
	case verb == "join" && len(f) >= 2:
		w := who{given: f[0], family: "Newman", born: fmt.Sprintf("1960-01-%02d", len(p.ids)+1), point: contacts.Point{Kind: contacts.Mobile, Value: f[1]}, in: true}
		if len(f) == 3 {
			w.zone = f[2]
		}
		p.add(w)
	case verb == "book" && len(f) == 4:
		p.book(f[0], f[1], f[2], f[3])
	case verb == "offer" && len(f) >= 4:
		var slots []trial.Slot
		for i := 2; i+1 < len(f); i += 2 {
			slots = append(slots, trial.Slot{Day: f[i], Time: f[i+1]})
		}
		p.must(p.r.Operator.OfferSlots(p.ctx(), rig.Staff, p.visit(f[0], f[1]), slots))
	case verb == "cancel" && len(f) == 2:
		_, err := p.r.Trial.CancelVisit(p.ctx(), rig.Staff, p.visit(f[0], f[1]), "asked by phone")
		p.must(err)
	case verb == "agree" && len(f) == 1:
		_, err := p.r.People.AddConsent(p.ctx(), rig.Staff, id, "agreed", contacts.Consent{Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "staff", Wording: "public.consent.insecure@1"})
		p.must(err)
	case verb == "unsubscribe" && len(f) == 1:
		_, err := p.r.Trial.StopPoint(p.ctx(), rig.Staff, f[0], contacts.Consent{Purpose: contacts.AnyPurpose, Channel: contacts.AnyChannel, Source: "web"})
		p.must(err)
	case verb == "callAt" && len(f) == 2:
		_, err := p.r.People.Edit(p.ctx(), rig.Staff, id, "asked for it", func(v *contacts.Person) error { v.ReachMe.CallAt = f[1]; return nil })
		p.must(err)
	case verb == "skips" && len(f) == 2:
		_, err := p.r.People.Edit(p.ctx(), rig.Staff, id, "asked for it", func(v *contacts.Person) error { v.ReachMe.SkipDays = f[1:]; return nil })
		p.must(err)
	case verb == "wishes" && len(f) >= 1:
		p.wishes(id, f[1:])
	case verb == "slow" && len(f) == 1:
		_, err := p.r.People.Edit(p.ctx(), rig.Staff, id, "asked for it", func(v *contacts.Person) error { v.Slow = true; return nil })
		p.must(err)
	case verb == "practice" && len(f) == 1:
		p.must(p.r.Operator.Practice(p.ctx(), rig.Staff, id))
	case verb == "code" && len(f) == 1:
		_, err := p.r.Trial.SendCode(p.ctx(), rig.Staff, f[0], "signin", true)
		p.must(err)
	case verb == "codeWord" && len(f) == 1:
		n, err := strconv.Atoi(f[0])
		p.must(err)
		p.change(func(s *trial.Study) { s.CodeWordMinutes = n })
	case verb == "answersByText":
		p.change(func(s *trial.Study) { s.AnswersByText = "yes" })
	case verb == "records":
		p.takesRecordings()
	case verb == "diaryToo":
		p.diaryToo()
	case verb == "both" && len(f) == 1:
		p.both(id)
	case verb == "asks" && len(f) == 1:
		p.change(func(s *trial.Study) {
			s.Diary.Questionnaire, s.Diary.RedFlags, s.Diary.RedFlagApproval = f[0], nil, ""
		})
	case verb == "pin" && len(f) == 2:
		p.must(p.r.People.SetPIN(p.ctx(), rig.Staff, id, f[1], "set up"))
	case verb == "web" && len(f) >= 2:
		p.web(id, strings.Join(f[1:], " "))
	case verb == "diaryTo" && len(f) == 1:
		p.change(func(s *trial.Study) { s.Diary.To = f[0] })
	case verb == "reAsks" && len(f) == 1:
		n, err := strconv.Atoi(f[0])
		p.must(err)
		p.change(func(s *trial.Study) { s.Diary.ReAsks = n })
	case verb == "second":
		p.second()
	case verb == "elsewhere" && len(f) == 3:
		p.add(who{given: f[0], family: "Newman", born: fmt.Sprintf("1960-01-%02d", len(p.ids)+1), point: contacts.Point{Kind: contacts.Mobile, Value: f[1]}, in: true, study: "STRIDE", site: f[2], pin: "7305"})
	case verb == "channels":
		p.change(func(s *trial.Study) {
			s.Diary.Channels = nil
			for _, ch := range f {
				s.Diary.Channels = append(s.Diary.Channels, survey.Channel(ch))
			}
		})
	case verb == "also" && len(f) > 1:
		p.change(func(s *trial.Study) {
			d := trial.DiaryPlan{ID: "also", Questionnaire: f[0], From: s.Diary.From, To: s.Diary.To, Days: "daily", CallAt: s.Diary.CallAt, Retries: 1, RetryMinutes: 15, Identity: s.Diary.Identity}
			for _, ch := range f[1:] {
				d.Channels = append(d.Channels, survey.Channel(ch))
			}
			s.Diaries = append(s.Diaries, d)
		})
	case verb == "stored":
		p.stored()
	case verb == "narrate" && len(f) > 1:
		p.narrate(f[0], strings.Join(f[1:], " "))
	case verb == "unnarrate" && len(f) > 1:
		p.unnarrate(f[0], strings.Join(f[1:], " "))
	case verb == "edition" && len(f) == 1:
		p.edition(f[0])
	case verb == "oncall" && len(f) == 4:
		p.change(func(s *trial.Study) {
			s.OnCall = append(s.OnCall, trial.OnCall{Name: f[0] + " " + f[1], Phone: f[2], Hours: f[3]})
			s.OnCallHours = trial.Always
		})
	case verb == "shift" && len(f) == 6:
		p.shift(f[0]+" "+f[1], f[2]+" "+f[3], f[4], f[5])
	case verb == "identity":
		p.change(func(s *trial.Study) { s.Diary.Identity = rest })
	default:
		return false
	}
	return true
}

// web answers the next question of the entry that is due for somebody on their page.
func (p *player) web(id contacts.PersonID, answer string) {
	due, err := p.r.Trial.DueBy(p.ctx(), id, survey.Web, trial.BySignIn)
	p.must(err)
	if len(due) == 0 {
		p.Fatalf("%s: nothing is due", p.where)
	}
	by := audit.Actor{Kind: audit.Person, ID: string(id)}
	r, err := p.r.Trial.Begin(p.ctx(), by, due[0])
	p.must(err)
	shown, err := p.r.Trial.Record(p.ctx(), by, r.ID, survey.Input{Kind: survey.Show, Channel: survey.Web})
	p.must(err)
	_, err = p.r.Trial.Record(p.ctx(), by, r.ID, survey.Input{Kind: survey.Reply, LinkID: shown.Prompt.LinkID, Raw: answer, Channel: survey.Web})
	p.must(err)
}
