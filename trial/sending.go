package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
)

// ToStaff is the purpose of a message to somebody on call: no consent is asked for it.
const ToStaff = "staff"

// GateFor is what the consent gate must know of a study and this person's part in it.
func (c *Coordinator) GateFor(ctx context.Context, p contacts.PersonID, study StudyID, now time.Time) (*contacts.StudyGate, error) {
	if study == "" {
		return nil, nil
	}
	st, err := c.studies.Get(ctx, string(study))
	if err != nil {
		return nil, err
	}
	return c.gateFor(ctx, p, &st, now)
}

func (c *Coordinator) gateFor(ctx context.Context, p contacts.PersonID, st *Study, now time.Time) (*contacts.StudyGate, error) {
	if st.ID == "" {
		return nil, nil
	}
	g := &contacts.StudyGate{ID: st.ID, NeutralName: st.NeutralName["en"], From: st.Contact.From, To: st.Contact.To, Blackout: st.Contact.Blackout, MaxPerMonth: st.Contact.MaxPerMonth}
	g.RecruitmentOpen, g.WhyClosed = st.Recruiting(now)
	if len(st.Sites) > 0 {
		g.OfficePhone = st.Sites[0].Phone
	}
	subs, err := c.SubjectsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, s := range subs {
		switch {
		case s.Study == st.StudyID():
			if site, ok := st.Site(s.Site); ok && site.Phone != "" {
				g.OfficePhone = site.Phone
			}
			g.Enrolled = s.Status.AfterConsent()
			if s.Status == NotInterested || s.Status == ConsentDeclined {
				g.Busy = "said no to it"
			}
		case s.Status.InStudy():
			g.Busy = "is in " + string(s.Study)
		}
	}
	return g, nil
}

// May asks the consent gate about one contact, with everything it must know.
func (c *Coordinator) May(ctx context.Context, p contacts.PersonID, purpose contacts.Purpose, channel contacts.Channel, study StudyID) (contacts.Gate, error) {
	person, err := c.People.Get(ctx, p)
	if err != nil {
		return contacts.Gate{}, err
	}
	return c.may(ctx, &person, contacts.Ask{Purpose: purpose, Channel: channel, Now: c.now()}, study)
}

func (c *Coordinator) may(ctx context.Context, p *contacts.Person, ask contacts.Ask, study StudyID) (contacts.Gate, error) {
	ask, err := c.ask(ctx, p, ask, study)
	if err != nil {
		return contacts.Gate{}, err
	}
	return contacts.May(*p, ask), nil
}

// ask fills in what the gate must know of the study and of the past.
func (c *Coordinator) ask(ctx context.Context, p *contacts.Person, ask contacts.Ask, study StudyID) (contacts.Ask, error) {
	var st Study
	if study != "" {
		var err error
		if st, err = c.studies.Get(ctx, string(study)); err != nil {
			return ask, err
		}
	}
	return c.askOf(ctx, p, ask, &st)
}

func (c *Coordinator) askOf(ctx context.Context, p *contacts.Person, ask contacts.Ask, st *Study) (contacts.Ask, error) {
	var err error
	if ask.Study, err = c.gateFor(ctx, p.PersonID(), st, ask.Now); err != nil {
		return ask, err
	}
	return c.People.Ask(ctx, *p, ask)
}

func channelOf(k outbox.Kind) contacts.Channel {
	switch k {
	case outbox.Call:
		return contacts.Voice
	case outbox.Email:
		return contacts.ByEmail
	}
	return contacts.SMS
}

// Reach is one contact that staff or a plan asks for.
type Reach struct {
	Key      string // stable: the same key is sent once
	Person   contacts.PersonID
	Study    StudyID
	Purpose  contacts.Purpose
	Kind     outbox.Kind
	Template string
	Version  string    // "" = of the template's wording, see i18n.Version
	Lang     i18n.Lang // of Body; "" = what the person is spoken to in
	Body     string    // of a text
	Vars     map[string]string
	Visit    string
	Ref      string
	ReplyTo  string
	NotAfter time.Time
	Due      time.Time       // zero: now, or as soon as the gate lets it
	Priority outbox.Priority // Normal: a reply is urgent, recruitment goes last
	Staff    string          // who wrote it
}

// Reach asks the gate and, when it agrees (or only puts off), stores the touch, the message and
// the audit entry together. A refusal writes nothing but its audit entry; the gate says why.
func (c *Coordinator) Reach(ctx context.Context, by audit.Actor, r Reach) (contacts.Touch, contacts.Gate, error) {
	person, err := c.People.Get(ctx, r.Person)
	if err != nil {
		return contacts.Touch{}, contacts.Gate{}, err
	}
	p, err := c.Permit(ctx, &person, contacts.Ask{Purpose: r.Purpose, Channel: channelOf(r.Kind), Reply: r.ReplyTo != ""}, r.Study)
	if err != nil {
		return contacts.Touch{}, p.Gate, err
	}
	t, err := c.Queue(ctx, by, r, p, nil)
	return t, p.Gate, err
}

// Approval is the board's number a message about a study goes under now, "" for none (F17).
func (c *Coordinator) Approval(ctx context.Context, study StudyID) (string, error) {
	if study == "" {
		return "", nil
	}
	st, err := c.studies.Get(ctx, string(study))
	return st.Approval(c.now()), err
}

// send adds the touch and the message of r to b. Both have ids made from the key, so that a second
// batch with the same key fails with docstore.ErrExists.
func (c *Coordinator) send(b *docstore.Batch, p *contacts.Person, to contacts.Point, r Reach, approval string, notBefore time.Time) contacts.Touch {
	id := outbox.ID("reach", r.Key)
	if r.Key == "" {
		id = c.NewID("msg_")
	}
	due := r.Due
	if due.IsZero() {
		due = c.now()
	}
	if due.Before(notBefore) {
		due = notBefore
	}
	if r.Kind == outbox.Email && r.NotAfter.IsZero() { // mailboxes are full, servers put off: not for ever
		r.NotAfter = due.Add(mailPatience)
	}
	priority := r.Priority
	switch {
	case priority != outbox.Normal:
	case r.ReplyTo != "": // somebody waits for it
		priority = outbox.Urgent
	case r.Purpose == contacts.Recruitment:
		priority = outbox.Bulk
	}
	lang := cmp.Or(r.Lang, c.Speaks(p.Language, r.Study))
	version := cmp.Or(r.Version, i18n.Version(lang, r.Template), "1")
	t := contacts.Touch{Meta: docstore.Meta{ID: "tch_" + id}, Person: r.Person, At: c.now(), Out: true, Channel: channelOf(r.Kind), Purpose: r.Purpose,
		Study: string(r.Study), Kind: kindOf(r.Kind), Template: r.Template, Version: version, Lang: string(lang), Approval: approval, Body: r.Body, Outcome: "queued", Message: id, Staff: r.Staff, Point: to.Hash, Reply: r.ReplyTo != ""}
	c.People.AddTouch(b, &t)
	c.Box.Put(b, outbox.Message{Meta: docstore.Meta{ID: id}, Kind: r.Kind, Person: string(r.Person), To: to.Value, Point: to.Hash, Purpose: string(r.Purpose),
		Study: string(r.Study), Visit: r.Visit, Ref: r.Ref, Template: r.Template, Version: version, Lang: string(lang), Approval: approval, Body: r.Body, Vars: r.Vars,
		Touch: t.ID, ReplyTo: r.ReplyTo, Priority: priority, Due: due, NotAfter: r.NotAfter})
	return t
}

// mailPatience is how long a mail server is asked to take an e-mail.
const mailPatience = 3 * 24 * time.Hour

func kindOf(k outbox.Kind) string {
	if k == outbox.Call {
		return "call"
	}
	return "message"
}

// staffMessage is a text to somebody on call. It names nobody.
type staffMessage struct {
	Key, Phone, Who, Study, Approval, Template, Body, Alert string
	Kind                                                    outbox.Kind
	Due                                                     time.Time
}

func (c *Coordinator) toStaff(b *docstore.Batch, m staffMessage) {
	n, err := phone.Parse(m.Phone, "US")
	if err != nil {
		c.AddTask(b, Task{Kind: "alert", Study: StudyID(m.Study), Urgent: true, Text: "The on-call number of this study cannot be dialled. See the alerts."})
		return
	}
	c.Box.Put(b, outbox.Message{Meta: docstore.Meta{ID: m.Key}, Kind: m.Kind, To: n.E164(), Purpose: ToStaff, Study: m.Study, Ref: m.Alert, Vars: map[string]string{"who": m.Who},
		Template: m.Template, Version: cmp.Or(i18n.Version(i18n.En, m.Template), "1"), Lang: "en", Approval: m.Approval, Body: m.Body, Priority: outbox.Urgent, Due: m.Due})
}

// MessageChanged follows a message's state in the timeline and in the alert it is about; the
// outbox calls it with the batch of the change.
func (c *Coordinator) MessageChanged(ctx context.Context, b *docstore.Batch, m outbox.Message) error {
	now := c.now()
	if m.Touch != "" {
		_, err := c.People.EditTouch(ctx, b, m.Touch, func(t *contacts.Touch) error {
			if notGone(t.Outcome) && !m.State.Final() && m.State != outbox.Due {
				t.At = now // the caps and the timeline go by when it went, not by when it was written, or tried before
			}
			t.Outcome, t.SID, t.Detail = string(m.State), m.SID, m.Reason
			if m.Code != "" {
				t.Detail = "carrier code " + m.Code
				if m.Next != "" {
					t.Detail += ", tried again later"
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
	}
	// One that was cancelled went with the alert itself, which this batch changes already.
	if m.Purpose == ToStaff && m.Ref != "" && m.State != outbox.Cancelled {
		if err := c.AlertSent(ctx, b, &m, now); err != nil && !errors.Is(err, docstore.ErrNotFound) {
			return err
		}
	}
	if m.State == outbox.Expired && m.Kind == outbox.Email && m.Visit == "" && m.Person != "" && contacts.Purpose(m.Purpose) != contacts.Requested {
		c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_" + m.ID}, Kind: "message-failed", Person: contacts.PersonID(m.Person), Study: StudyID(m.Study),
			Text: "The mail server did not take an e-mail for three days. Reach this person another way.", Due: now.Add(4 * time.Hour)})
	}
	if m.State == outbox.Cancelled && strings.HasPrefix(m.Reason, notApproved) {
		c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_" + m.ID}, Kind: "message-failed", Person: contacts.PersonID(m.Person), Study: StudyID(m.Study), Visit: m.Visit,
			Text: "A message was not sent: " + m.Reason + ". Reach this person another way, and have the words approved on the study's page of texts.", Due: now})
	}
	if m.State == outbox.Expired && m.Visit != "" {
		c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_" + m.ID}, Kind: "call", Person: contacts.PersonID(m.Person), Study: StudyID(m.Study), Visit: m.Visit,
			Text: "A reminder of a visit could not be sent in time. Call instead.", Due: now})
	}
	lost := m.State == outbox.Failed || m.State == outbox.Refused || m.State == outbox.Undelivered && m.Kind == outbox.SMS
	w := outbox.Meaning(m.Code)
	if lost && m.Person != "" && follows(m) {
		c.keepWord(b, m)
	}
	if lost {
		if err := c.carrierTask(ctx, b, m); err != nil {
			return err
		}
	}
	if lost && m.Next == "" && m.Purpose != ToStaff && m.Template != TemplateCodeWord && w.Number != outbox.NoTexts { // that one opens a task of its own
		what := map[outbox.Kind]string{outbox.SMS: "A text did not arrive", outbox.Call: "A call could not be made", outbox.Email: "An e-mail did not arrive"}[m.Kind]
		why := inBrackets(w)
		if m.Kind == outbox.Email {
			why = " (mail server " + m.Code + ")"
		}
		c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_" + m.ID}, Kind: "message-failed", Person: contacts.PersonID(m.Person), Study: StudyID(m.Study),
			Text: what + why + ". Reach this person another way.", Due: now.Add(4 * time.Hour)})
	}
	by := Carrier
	if m.Kind == outbox.Email {
		by = MailServer
	}
	c.Audit.Consequence(b, audit.Entry{Actor: by, Action: "message." + string(m.State), Person: m.Person, Study: m.Study})
	return nil
}

// notGone says of the outcome of a touch that nothing of it has reached anybody yet.
func notGone(outcome string) bool {
	switch outcome {
	case "queued", string(outbox.Refused), string(outbox.Failed), string(outbox.Undelivered):
		return true
	}
	return false
}

// inBrackets is a code in brackets, with what it means where that is known.
func inBrackets(w outbox.Word) string {
	if w.Says == "" {
		return " (carrier code " + w.Code + ")"
	}
	return " (carrier code " + w.Code + ": " + w.Says + ")"
}

// MessageStuck opens a task for a message of which nobody can say whether it was sent.
func (c *Coordinator) MessageStuck(ctx context.Context, b *docstore.Batch, m outbox.Message) error {
	c.AddTask(b, Task{Meta: docstore.Meta{ID: "tsk_stuck_" + m.ID}, Kind: "message-failed", Person: contacts.PersonID(m.Person), Study: StudyID(m.Study),
		Text: "It is not known whether a message was sent. Ask before sending it again.", Due: c.now().Add(time.Hour)})
	c.Audit.Consequence(b, audit.Entry{Actor: System, Action: "message.stuck", Person: m.Person, Study: m.Study})
	return nil
}

// Carrier is the actor of what the phone company tells us.
var Carrier = audit.Actor{Kind: audit.Provider, ID: "twilio"}

// LogCall records a call attempt that a person made: what came of it and when to try again. The
// first attempt moves a new subject to contacting.
func (c *Coordinator) LogCall(ctx context.Context, by audit.Actor, p contacts.PersonID, study StudyID, outcome, note string, next time.Time) error {
	switch outcome {
	case "reached", "no answer", "voicemail left", "busy", "wrong number", "call back":
	default:
		return fmt.Errorf("%w: %q is not an outcome of a call", ErrRefused, outcome)
	}
	return c.commit(ctx, audit.Entry{Actor: by, Action: "call.logged", Person: string(p), Study: string(study), Reason: outcome}, func(b *docstore.Batch, e *audit.Entry) error {
		c.People.AddTouch(b, &contacts.Touch{Person: p, At: c.now(), Out: true, Channel: contacts.Call, Study: string(study), Kind: "call", Outcome: outcome, Body: note, Staff: by.ID, Next: next})
		if !next.IsZero() {
			c.AddTask(b, Task{Kind: "call", Person: p, Study: study, Text: "Call again.", Due: next})
		}
		if study == "" {
			return nil
		}
		_, err := c.subjects.Edit(ctx, b, SubjectID(p, study), func(s *Subject) error {
			st, err := c.studies.Get(ctx, string(study))
			if err != nil {
				return err
			}
			if s.Status != New {
				s.Promised = time.Time{}
				return nil
			}
			return c.enter(s, &st, Contacting, "", "", "", by.ID)
		})
		if errors.Is(err, docstore.ErrNotFound) {
			return nil
		}
		return err
	})
}

// Note adds a remark for staff to a person's timeline; it is never sent.
func (c *Coordinator) Note(ctx context.Context, by audit.Actor, p contacts.PersonID, text string) error {
	if text == "" {
		return fmt.Errorf("%w: the note is empty", ErrRefused)
	}
	return c.commit(ctx, audit.Entry{Actor: by, Action: "note.add", Person: string(p)}, func(b *docstore.Batch, e *audit.Entry) error {
		c.People.AddTouch(b, &contacts.Touch{Person: p, At: c.now(), Kind: "note", Body: text, Staff: by.ID, Read: true})
		return nil
	})
}
