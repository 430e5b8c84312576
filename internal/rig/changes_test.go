package rig_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/internal/seed"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/survey"
	"github.com/muster-health/muster/trial"
)

// witness sees every commit: whose methods made it, and whether it has its one entry. It decides by
// itself what must be audited, and reads the entry as it is stored.
type witness struct {
	mu      sync.Mutex
	exempt  map[string]bool
	made    map[string]int // commits by method
	audited int
	wrong   []string
}

var method = regexp.MustCompile(`/muster/(contacts|trial|ivr|internal/outbox|internal/auth/staff)\.\(\*(Directory|Coordinator|Operator|Box|Members)\)\.(\w+)`)

// besides are methods that commit in goroutines of their own, with what runs there.
var besides = map[string]string{"internal/outbox.Box.Deliver": "internal/outbox.Box.send"}

func (w *witness) look(_ context.Context, b *docstore.Batch) error {
	changed := map[string]docstore.Written{}
	var entries []audit.Entry
	for _, op := range b.Ops() {
		switch {
		case op.Collection == audit.Collection:
			var e audit.Entry
			if err := bson.Unmarshal(op.Body, &e); err != nil {
				return err
			}
			entries = append(entries, e)
		case op.Kind != docstore.Check && !w.exempt[op.Collection]:
			changed[op.Collection+" "+op.ID] = op
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		f, more := frames.Next()
		if m := method.FindStringSubmatch(f.Function); m != nil {
			w.made[m[1]+"."+m[2]+"."+m[3]]++
		}
		if !more {
			break
		}
	}
	if len(changed) == 0 {
		if len(entries) > 1 {
			w.wrong = append(w.wrong, fmt.Sprintf("%d entries and no change", len(entries)))
		}
		return nil
	}
	w.audited++
	if len(entries) != 1 {
		w.wrong = append(w.wrong, fmt.Sprintf("%d entries for a change of %v", len(entries), slices.Sorted(maps.Keys(changed))))
		return nil
	}
	e := entries[0]
	if e.Action == "" || e.Actor.ID == "" || e.Wall.IsZero() || e.At.IsZero() || e.Seq == 0 || len(e.MAC) == 0 {
		w.wrong = append(w.wrong, fmt.Sprintf("%s %s lacks who, what or when", e.ID, e.Action))
	}
	for _, o := range e.Objects {
		op, ok := changed[o.Collection+" "+o.ID]
		if !ok {
			w.wrong = append(w.wrong, fmt.Sprintf("%s names %s %s, which it does not change", e.Action, o.Collection, o.ID))
			continue
		}
		if sum := sha256.Sum256(op.Body); op.Body != nil && !bytes.Equal(sum[:], o.Hash) {
			w.wrong = append(w.wrong, fmt.Sprintf("%s has another %s %s than is stored", e.Action, o.Collection, o.ID))
		}
		delete(changed, o.Collection+" "+o.ID)
	}
	for name := range changed {
		w.wrong = append(w.wrong, fmt.Sprintf("%s does not name %s", e.Action, name))
	}
	return nil
}

// TestEveryChangeHasOneEntry calls every method of the product that commits something, on a whole
// core, and looks at each commit (21 CFR 11.10(e)). Which methods those are is read from the source:
// one that is added and not called here fails the test.
func TestEveryChangeHasOneEntry(t *testing.T) {
	exempt := map[string]bool{}
	for _, c := range slices.Concat(contacts.Unaudited(), trial.Unaudited(), ivr.Unaudited(), []string{"checkpoints", "meta", "keys", "outbox", "outbox_sids", "outbox_halts", "sessions", "replays"}) {
		exempt[c] = true
	}
	w := &witness{exempt: exempt, made: map[string]int{}}
	r := rig.New(t, rig.Options{Watch: w.look})
	everything(t, r)
	for _, x := range w.wrong {
		t.Error(x)
	}
	if w.audited < 100 {
		t.Errorf("%d audited changes were seen, which is too few to be everything", w.audited)
	}
	all := committing(t)
	if len(all) < 70 {
		t.Errorf("%d methods that commit were found in the source, which is too few to be all", len(all))
	}
	for _, m := range all {
		if w.made[m] == 0 && w.made[besides[m]] == 0 {
			t.Errorf("%s commits something and was not seen to: call it in everything", m)
		}
	}
	rep, err := audit.Verify(t.Context(), r.Store, r.Ring, audit.VerifyOptions{Unaudited: slices.Concat(contacts.Unaudited(), trial.Unaudited(), ivr.Unaudited())})
	if err != nil || !rep.Intact() {
		t.Errorf("verify: %v, %v", rep.Problems, err)
	}
}

// everything makes changes of every kind. Of the demo's people Rosa takes part in STEADY.
func everything(t *testing.T, r *rig.Rig) {
	ctx := t.Context()
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	by := rig.Staff
	members, err := staff.Open(ctx, r.Store, r.Audit, r.Clock)
	do("staff", err)
	_, err = seed.Fill(ctx, seed.Deps{Store: r.Store, Audit: r.Audit, People: r.People, Trial: r.Trial, Clock: r.Clock, Members: members}, seed.Options{People: 60})
	do("fill", err)
	secret, _, err := members.Link(ctx, by, "maria")
	do("link", err)
	_, err = members.Redeem(ctx, secret)
	do("redeem", err)
	_, _, err = members.BreakGlass(ctx, by, "maria", "the provider is down", time.Minute)
	do("break the glass", err)
	sam, err := members.Admit(ctx, staff.Member{Meta: docstore.Meta{ID: "oidc-sam"}, Name: "Sam Okoye", Role: staff.Administrator})
	do("admit", err)
	do("report", members.SetReport(ctx, by, sam.ID, "sam@example.test"))
	do("refuse", members.Refused(ctx, sam.ID, "no group"))
	do("sign out", members.SignedOut(ctx, by, sam.ID))
	do("leave", members.Leave(ctx, by, sam.ID))

	// Somebody new, by web, from the code to the study and through it.
	num := func(s string) phone.Number {
		n, err := phone.Parse(s, "US")
		do("number "+s, err)
		return n
	}
	const own = "+14125550177"
	yes := func(p contacts.Purpose, ch contacts.Channel) contacts.Consent {
		return contacts.Consent{Purpose: p, Channel: ch, Granted: true, Source: "web"}
	}
	out, err := r.Trial.Apply(ctx, by, trial.Application{Study: "STEADY", Source: "web", SignUp: contacts.SignUp{
		Person:   contacts.Person{Given: "Uma", Family: "Voss", BirthDate: "1961-12-29", Language: "en", Zone: "America/New_York", Points: []contacts.Point{{Kind: contacts.Mobile, Value: own}}},
		Consents: []contacts.Consent{yes(contacts.StudyCare, contacts.SMS), yes(contacts.StudyCare, contacts.Voice), yes(contacts.Recruitment, contacts.SMS)}}})
	do("apply", err)
	code := func(challenge string) {
		t.Helper()
		r.Clock.Advance(time.Minute)
		r.Deliver(t)
		sent := r.Sent.To(own)
		digits := regexp.MustCompile(`\d{6}`).FindString(sent[len(sent)-1].Body)
		_, err := r.Trial.Confirm(ctx, by, challenge, digits)
		do("confirm", err)
	}
	code(out.Challenge)
	_, err = r.People.Try(ctx, out.Challenge)
	do("try", err)
	_, err = r.People.Pass(ctx, out.Challenge)
	do("pass", err)
	_, err = r.Trial.ResendCode(ctx, by, out.Person, own, false)
	do("resend", err)
	r.Clock.Advance(10 * time.Minute)
	_, err = r.Trial.SendCode(ctx, by, own, "signin", false)
	do("send code", err)
	p, err := r.People.Get(ctx, out.Person)
	do("get", err)
	id, hash := p.PersonID(), p.Points[0].Hash
	_, _, err = r.People.Reveal(ctx, by, id, "check")
	do("reveal", err)
	_, err = r.People.Edit(ctx, by, id, "asked", func(p *contacts.Person) error { p.Slow = true; return nil })
	do("edit", err)
	do("wishes", r.Trial.SetWishes(ctx, by, id, "asked", trial.Wishes{Remind: contacts.SMS}))
	do("pin", r.People.SetPIN(ctx, by, id, "8264", "asked"))
	if err := r.People.CheckPIN(ctx, by, id, "1111"); err == nil {
		t.Fatal("a wrong PIN is right")
	}
	if _, err := r.People.MatchCaller(ctx, by, contacts.Caller{From: hash, Among: []contacts.PersonID{id}, Own: true, Keys: "8264"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.People.MatchCaller(ctx, by, contacts.Caller{From: hash, Among: []contacts.PersonID{id}, Own: true, Keys: "1113"}); err == nil {
		t.Fatal("wrong digits are right")
	}
	if err := r.People.CheckPIN(ctx, by, id, "1112"); err == nil {
		t.Fatal("a wrong PIN is right")
	}
	if err := r.People.CheckBirthday(ctx, by, id, "0000"); err == nil {
		t.Fatal("a wrong birthday is right")
	}
	do("unlock", r.People.ClearPINLock(ctx, by, id, "asked"))
	do("facts", r.People.RecordFacts(ctx, by, id, "told", []contacts.Fact{{Kind: contacts.Condition, Code: "snomed|38341003", Date: "2020", Source: "staff:ben"}}, nil))
	do("judged", r.Trial.Judged(ctx, id, "STEADY", "possible", 1))
	do("call me", r.Trial.CallMe(ctx, by, "Lea", "412-555-0178", "morning", "STEADY"))
	do("note", r.Trial.Note(ctx, by, id, "nice"))
	do("log call", r.Trial.LogCall(ctx, by, id, "STEADY", "no answer", "", r.Clock.Now().Add(time.Hour)))
	do("task", r.Trial.OpenTask(ctx, by, trial.Task{Kind: "call", Person: id, Text: "call"}))
	tasks, err := r.Trial.TasksOf(ctx, id)
	do("tasks", err)
	_, err = r.Trial.DoneTask(ctx, by, tasks[len(tasks)-1].ID, "done")
	do("done", err)
	again, err := r.People.Add(ctx, by, contacts.SignUp{Reason: "walked in", Person: contacts.Person{Given: "Ulla", Family: "Voss", BirthDate: "1961-12-29", Points: []contacts.Point{{Value: own}}}}, nil)
	do("add", err)
	_, err = r.People.DecideReview(ctx, by, again.Reviews[0], contacts.ReviewDifferent, "sisters")
	do("review", err)
	_, err = r.Trial.Refer(ctx, by, again.Person.PersonID(), "STEADY", "main", "registry")
	do("refer", err)
	refused, err := r.Trial.Refer(ctx, by, id, "STEADY", "main", "registry")
	do("refer again", err)
	sub := refused.ID
	for _, to := range []trial.Status{trial.Considering, trial.Prescreened} {
		_, err = r.Trial.Move(ctx, by, sub, to, "", "", "")
		do("move", err)
	}
	do("told", r.Trial.Told(ctx, by, sub))
	_, err = r.Trial.RecordConsent(ctx, by, sub, trial.InformedConsent{FormVersion: "2.0", Signed: r.Clock.Now().Add(-time.Hour), ObtainedBy: "maria", CopyGiven: true}, "")
	do("consent", err)
	visits, err := r.Trial.VisitsOf(ctx, id)
	do("visits", err)
	if len(visits) < 4 {
		t.Fatalf("%d visits", len(visits))
	}
	for i := range visits[:4] {
		_, err = r.Trial.Book(ctx, by, visits[i].ID, visits[i].Target, "09:30", "asked")
		do("book", err)
	}
	do("offer", r.Operator.OfferSlots(ctx, by, visits[2].ID, []trial.Slot{{Day: visits[2].Latest, Time: "10:00"}}))
	_, err = r.Trial.ReplyToVisit(ctx, by, visits[1].ID, "confirmed", "web")
	do("reply", err)
	_, err = r.Trial.CancelVisit(ctx, by, visits[3].ID, "ill")
	do("cancel", err)
	for range 2 {
		_, _, err = r.Trial.Reach(ctx, by, trial.Reach{Key: "k", Person: id, Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: "Hello"})
		do("reach", err)
	}
	r.Deliver(t)
	sent := r.Sent.To(own)
	do("status", r.Operator.MessageStatus(ctx, ivr.MessageEvent{SID: rig.SID(sent[len(sent)-1]), Message: sent[len(sent)-1].ID, Status: "delivered"}))

	edition := func(version string) []byte {
		return []byte(`{"resourceType":"Questionnaire","url":"urn:example:own","version":"` + version + `","item":[{"linkId":"a","type":"boolean","text":"A?"}]}`)
	}
	for _, version := range []string{"1", "2", "2"} {
		_, _, err = r.Trial.PutQuestionnaire(ctx, by, "own", edition(version), trial.QuestionnairePublished)
		do("put questionnaire", err)
	}
	_, err = r.Trial.BeginQuestionnaire(ctx, "clearway-prescreen")
	do("begin questionnaire", err)
	do("retire questionnaire", r.Trial.RetireQuestionnaire(ctx, by, "urn:example:own|2"))

	words, err := r.Trial.Study(ctx, "STEADY")
	do("study", err)
	texts, err := r.Trial.Texts(ctx, &words)
	do("texts", err)
	for range 2 {
		do("approve", r.Trial.ApproveTexts(ctx, by, "STEADY", trial.TextApproval{Board: "LUH-1/3", Translator: "A. Lark", Translated: "2026-02-20"}, texts))
	}
	do("withdraw", r.Trial.WithdrawText(ctx, by, "STEADY", texts[0]))

	sentences, err := r.Trial.Sentences(ctx, &words)
	do("sentences", err)
	for _, seed := range []string{"a", "a", "b"} {
		_, err = r.Trial.PutNarration(ctx, by, "STEADY", sentences[0].Spoken().Key(), "a.wav", rig.Tone(seed))
		do("narrate", err)
	}
	there, err := r.Trial.Narrations(ctx, "STEADY")
	do("narrations", err)
	do("remove narration", r.Trial.RemoveNarration(ctx, by, "STEADY", there[sentences[0].Spoken()].ID))

	// The diary: by web with a red flag, by phone, and not at all.
	practice, err := r.Trial.BeginPractice(ctx, by, id)
	do("practice", err)
	do("language", r.Trial.InLanguage(ctx, by, practice.ID, "es"))
	evening := time.Date(2026, 3, 10, 22, 35, 0, 0, time.UTC) // 18:35 there, in the week before the second visit
	r.Clock.Advance(evening.Sub(r.Clock.Now()))
	locked, err := r.Trial.Study(ctx, "STEADY")
	do("study", err)
	locked.Diary.Mode = survey.ModeLocked
	locked.OnCall = append(locked.OnCall, trial.OnCall{Name: "Ida Brook", Phone: "412-555-0103", Hours: trial.Always})
	_, err = r.Trial.PutStudy(ctx, by, locked)
	do("put study", err)
	if locked, err = r.Trial.Study(ctx, "STEADY"); err == nil {
		err = r.Trial.SetReminders(ctx, by, "STEADY", locked.Rev, []trial.Rule{{For: "visit", Steps: []trial.RuleStep{{Hours: 24}, {Hours: 2}}}})
	}
	do("reminders", err)
	if locked, err = r.Trial.Study(ctx, "STEADY"); err == nil {
		weekly := locked.Diary.Schedule()
		weekly.ReAsks = 2
		err = r.Trial.SetSchedules(ctx, by, "STEADY", locked.Rev, []trial.Schedule{weekly})
	}
	do("schedules", err)
	marcus, err := r.People.ByPoint(ctx, "+17245550135")
	do("Marcus", err)
	if asked, err := r.Operator.AskPeople(ctx, by, "CLEARWAY", "q-smoking", []contacts.PersonID{marcus[0].PersonID()}, false); err != nil || len(asked.Now)+len(asked.Later) != 1 {
		t.Fatalf("ask by text: %+v, %v", asked, err)
	}
	due, err := r.Trial.Due(ctx, id, r.Clock.Now())
	do("due", err)
	if len(due) == 0 {
		t.Fatal("no diary is due")
	}
	resp, err := r.Trial.Begin(ctx, by, due[0])
	do("begin", err)
	rec, err := r.Trial.Record(ctx, by, resp.ID, survey.Input{Kind: survey.Show, Channel: survey.Web})
	do("show", err)
	_, err = r.Trial.RecordWith(ctx, by, resp.ID, survey.Input{Kind: survey.Reply, LinkID: rec.Prompt.LinkID, Raw: "186", Channel: survey.Web}, nil)
	do("answer", err)
	_, err = r.Trial.Unlock(ctx, by, resp.ID, "their web is down")
	do("unlock", err)
	r.Deliver(t)
	r.Clock.Advance(6 * time.Minute)
	do("escalate", r.Trial.Escalate(ctx, r.Clock.Now()))
	alerts, err := r.Trial.AlertsOf(ctx, id)
	do("alerts", err)
	do("read alert", r.Trial.AlertRead(ctx, by, alerts[0].ID))
	do("alert called", r.Trial.AlertCalled(ctx, alerts[0].ID, "m", "machine"))
	_, err = r.Trial.HandOn(ctx, by, alerts[0].ID, "voice")
	do("hand on", err)
	begins := r.Clock.Now().Add(time.Hour)
	shift, err := r.Trial.AddShift(ctx, by, trial.Shift{Study: "STEADY", Who: "Noor Haddad", From: begins, To: begins.Add(8 * time.Hour)})
	do("add shift", err)
	_, err = r.Trial.HandOver(ctx, by, shift.ID, "Ida Brook", "", "swapped")
	do("hand over", err)
	do("drop shift", r.Trial.DropShift(ctx, by, shift.ID, "a slip"))
	_, err = r.Trial.Acknowledge(ctx, by, alerts[0].ID, "called")
	do("acknowledge", err)
	_, err = r.Trial.CloseAlert(ctx, by, alerts[0].ID, "fine")
	do("close alert", err)
	do("practice call", r.Operator.Practice(ctx, by, id))
	do("tick", r.Operator.Tick(ctx, r.Clock.Now()))
	r.Deliver(t)
	ev := ivr.CallEvent{SID: "CA1", From: num(own), To: num(rig.Office)}
	script, err := r.Operator.Answer(ctx, ev)
	do("answer call", err)
	for _, step := range script {
		if g, ok := step.(ivr.Gather); ok {
			ev.Step, ev.Digits = g.Step, "1"
		}
	}
	_, err = r.Operator.Press(ctx, ev)
	do("press", err)
	do("call over", r.Operator.CallStatus(ctx, ivr.CallEvent{SID: "CA1", From: num(own), To: num(rig.Office), Status: "completed"}))
	r.Clock.Advance(5 * time.Hour) // every office is closed: a message
	ev = ivr.CallEvent{SID: "CA9", From: num(own), To: num(rig.Office)}
	script, err = r.Operator.Answer(ctx, ev)
	for _, keys := range []string{"0", "1", ""} {
		do("leave a message", err)
		for _, step := range script {
			if g, ok := step.(ivr.Gather); ok {
				ev.Step, ev.Digits = g.Step, keys
			}
		}
		if keys != "" {
			script, err = r.Operator.Press(ctx, ev)
		}
	}
	r.Sent.Taped("RE0", "Hello.")
	do("recorded", r.Operator.RecordingStatus(ctx, ivr.RecordingEvent{SID: "RE0", Call: "CA9", Step: ev.Step, Status: "completed", Lasted: time.Minute}))
	for i, sid := range []string{"RE1", "RE2"} {
		r.Sent.Taped(sid, "I cannot come on Monday.")
		do("note recording", r.Trial.NoteRecording(ctx, by, trial.Recording{SID: sid, Person: id, Call: "CA1", Made: r.Clock.Now(), Seconds: 1 + 9*(1-i)}))
	}
	do("fetch", r.Trial.FetchRecordings(ctx, r.Tapes))
	_, _, err = r.Trial.Listen(ctx, by, trial.RecordingID("RE1"))
	do("listen", err)
	_, err = r.Operator.Text(ctx, ivr.Inbound{SID: "SM1", From: num(own), To: num(rig.Office), Body: "Where do I park?"})
	do("text", err)
	unread, err := r.People.Unread(ctx, 0)
	do("unread", err)
	for _, x := range unread {
		do("read", r.People.MarkRead(ctx, by, x.ID))
	}
	r.Clock.Advance(24 * time.Hour)
	_, err = r.Trial.CloseDue(ctx, r.Clock.Now())
	do("close due", err)
	r.Clock.Advance(16 * time.Hour) // the office is open: somebody there takes a call that is put through
	ev = ivr.CallEvent{SID: "CA2", From: num(own), To: num(rig.Office)}
	script, err = r.Operator.Answer(ctx, ev)
	do("answer call", err)
	for _, step := range script {
		if g, ok := step.(ivr.Gather); ok {
			ev.Step, ev.Digits = g.Step, "0"
		}
	}
	_, err = r.Operator.Press(ctx, ev)
	do("press", err)
	_, err = r.Operator.Whisper(ctx, "CA2", true, "1")
	do("whisper", err)
	_, err = r.Trial.KeepVisit(ctx, by, visits[0].ID)
	do("keep", err)
	_, err = r.Trial.MissVisit(ctx, by, visits[2].ID)
	do("miss", err)
	_, err = r.Trial.SweepNarrations(ctx)
	do("sweep narrations", err)

	// The carrier refuses one text because its number stopped them: the next is not even tried.
	r.Sent.Fail = func(outbox.Message) error { return outbox.Refuse("21610", errors.New("stopped")) }
	for _, key := range []string{"k2", "k3"} {
		_, _, err = r.Trial.Reach(ctx, by, trial.Reach{Key: key, Person: id, Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.SMS, Template: "sms.note", Body: key})
		do("reach", err)
	}
	r.Deliver(t)
	r.Sent.Fail = nil

	_, err = r.Operator.ReadLog(ctx, r.Sent)
	do("read the carrier's log", err)

	// Stopping, wrong numbers, what the carrier says, and leaving.
	_, err = r.Trial.Stop(ctx, by, num(own), contacts.Consent{Channel: contacts.SMS, Source: "sms", Evidence: "STOP"})
	do("stop", err)
	_, err = r.Trial.Resume(ctx, by, num(own), contacts.Consent{Channel: contacts.SMS, Source: "sms", Evidence: "START"})
	do("resume", err)
	_, err = r.People.AddConsent(ctx, by, id, "said so", contacts.Consent{Purpose: contacts.Recruitment, Channel: contacts.Call, Granted: true, Source: "staff"})
	do("agree", err)
	_, err = r.Trial.Withdraw(ctx, by, id, "said so", contacts.Consent{Purpose: contacts.Recruitment, Channel: contacts.AnyChannel, Source: "staff"})
	do("withdraw", err)
	do("cannot text", r.Trial.CannotText(ctx, by, id, hash, "30006"))
	do("wrong number", r.Trial.WrongNumber(ctx, by, num(own), "somebody else"))
	m := sent[0]
	do("carrier", r.Operator.MessageStatus(ctx, ivr.MessageEvent{SID: rig.SID(m), Message: m.ID, Status: "failed", Code: "21610"}))
	no, err := r.Trial.Apply(ctx, by, trial.Application{Study: "STEADY", Source: "web", NoCode: true, SignUp: contacts.SignUp{
		Person: contacts.Person{Given: "Nils", Family: "Ott", BirthDate: "1970-01-02", Points: []contacts.Point{{Value: "+14125550179"}, {Value: "nils@example.test"}}},
		Facts:  []contacts.Fact{{Kind: contacts.Answered, Code: "muster|x", ValueCode: "y", Scope: "STEADY", Source: "web"}}}})
	do("apply", err)
	_, err = r.Trial.MailCode(ctx, by, no.Person, "STEADY", "nils@example.test")
	do("mail a code", err)
	for _, at := range []time.Time{r.Clock.Now(), r.Clock.Now().Add(time.Second)} {
		do("mail came back", r.Trial.MailCameBack(ctx, trial.MailBack{Address: "nils@example.test", Hard: true, At: at}))
	}
	do("stop mail", r.Trial.StopMail(ctx, by, r.People.PointHash("nils@example.test"), contacts.Consent{Source: "web"}))
	_, err = r.Trial.Move(ctx, by, no.Subject, trial.NotInterested, "", "", "")
	do("move", err)
	gone, err := r.Trial.Retain(ctx, r.Clock.Now().AddDate(1, 0, 0), false)
	do("retain", err)
	if len(gone) == 0 {
		t.Fatal("nothing was deleted by retention")
	}
	old, err := r.Trial.RetainRecordings(ctx, r.Clock.Now().AddDate(1, 0, 0))
	do("retain recordings", err)
	if old != 2 {
		t.Fatalf("%d recordings went by retention", old)
	}
	do("erase", r.People.Erase(ctx, by, again.Person.PersonID(), "asked", false))
	do("erase", r.People.Erase(ctx, by, id, "asked", true))
	do("ledger", r.Ring.Ledger().Add(seal.Erasure{Person: "per_unknown", At: r.Clock.Now()})) // as after a restore
	_, err = r.People.ApplyErasures(ctx, by)
	do("apply erasures", err)
	r.Clock.Advance(30 * time.Minute)
	_, err = r.People.SweepCodes(ctx)
	do("sweep", err)
	r.Clock.Advance(31 * 24 * time.Hour)
	_, err = r.People.SweepBounces(ctx)
	do("sweep", err)
}
