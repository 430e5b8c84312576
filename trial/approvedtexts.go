package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/survey"
)

// TextApproval says that the words of one text, in one language, were approved for a study (F17, F19).
// Its id is made of the study and of the key, language and version that every message stores, so a
// message leads to its approval, and other words have none.
type TextApproval struct {
	docstore.Meta `bson:",inline"`
	Study         StudyID   `bson:"study"`
	Key           string    `bson:"key"` // of a text of ours, "diary.safetyText", or the reference of a questionnaire
	Lang          string    `bson:"lang"`
	Version       string    `bson:"version"` // fingerprint of the words
	Board         string    `bson:"board"`   // the board's reference
	Translator    string    `bson:"translator,omitempty"`
	Translated    string    `bson:"translated,omitempty"` // day
	Note          string    `bson:"note,omitempty"`       // where the certificate or back-translation is kept
	By            string    `bson:"by"`
	At            time.Time `bson:"at"`
	Withdrawn     time.Time `bson:"withdrawn,omitempty"`
	WithdrawnBy   string    `bson:"withdrawnBy,omitempty"`
}

// Stands says whether the approval was not taken back.
func (a TextApproval) Stands() bool { return a.ID != "" && a.Withdrawn.IsZero() }

// TextRef names the words of a text.
type TextRef struct{ Key, Lang, Version string }

// ID is the id of an approval of the words for a study.
func (t TextRef) ID(study StudyID) string {
	return "txt_" + outbox.ID("text", string(study), t.Key, t.Lang, t.Version)
}

// ErrText is wrapped by what is wrong with an approval; its message is for the member who gives it.
var ErrText = errors.New("the texts were not approved")

// TextApprovals are the approvals of a study, by their ids.
func (c *Coordinator) TextApprovals(ctx context.Context, study StudyID) (map[string]TextApproval, error) {
	all, err := c.texts.List(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", string(study))}})
	if err != nil {
		return nil, fmt.Errorf("approved texts of %s: %w", study, err)
	}
	out := map[string]TextApproval{}
	for _, a := range all {
		out[a.ID] = a
	}
	return out, nil
}

// Texts are the words that can be approved for a study now: its script book, and what its
// questionnaires ask, each as a whole in each language.
func (c *Coordinator) Texts(ctx context.Context, st *Study) ([]TextRef, error) {
	var all []TextRef
	for _, x := range st.ScriptBook() {
		all = append(all, TextRef{x.Key, string(x.Lang), x.Version})
	}
	for _, name := range st.questionnaires() {
		q, err := c.QuestionnaireNamed(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, lang := range q.Languages() {
			all = append(all, TextRef{q.Ref(), lang, q.Digest()[:8]})
		}
	}
	return all, nil
}

// ApproveTexts records that a board approved the words of texts of a study: how stands in how, which
// needs the board's reference, and for another language than English the translator and the day.
// ErrText names what is missing, and words that changed since they were read. What was approved
// before is left as it is.
func (c *Coordinator) ApproveTexts(ctx context.Context, by audit.Actor, study StudyID, how TextApproval, texts []TextRef) error {
	st, err := c.studies.Get(ctx, string(study))
	if err != nil {
		return err
	}
	now, err := c.Texts(ctx, &st)
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		return fmt.Errorf("%w: choose at least one", ErrText)
	}
	if strings.TrimSpace(how.Board) == "" {
		return fmt.Errorf("%w: board: write the board's reference of the approval", ErrText)
	}
	if _, err := time.Parse(time.DateOnly, how.Translated); how.Translated != "" && err != nil {
		return fmt.Errorf("%w: translated: %q is no day: write 2026-03-31", ErrText, how.Translated)
	}
	var reason []string
	for _, t := range texts {
		switch {
		case !slices.Contains(now, t):
			return fmt.Errorf("%w: the words of %s (%s) are others now: read them again", ErrText, t.Key, t.Lang)
		case t.Lang != string(i18n.En) && (how.Translator == "" || how.Translated == ""):
			return fmt.Errorf("%w: translator: %s (%s) is a translation: write who certified it, and the day", ErrText, t.Key, t.Lang)
		}
		reason = append(reason, t.Key+" "+t.Lang+" "+t.Version)
	}
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "texts.approve", Study: string(study), Reason: how.Board + ": " + strings.Join(reason, ", ")}, func(b *docstore.Batch, _ *audit.Entry) error {
		for _, t := range texts {
			a := how
			a.Meta, a.Study, a.Key, a.Lang, a.Version, a.By, a.At = docstore.Meta{ID: t.ID(study)}, study, t.Key, t.Lang, t.Version, by.ID, c.now()
			a.Withdrawn, a.WithdrawnBy = time.Time{}, ""
			old, err := c.texts.Get(ctx, a.ID)
			switch {
			case errors.Is(err, docstore.ErrNotFound):
				c.texts.Insert(b, &a)
			case err != nil:
				return err
			case !old.Withdrawn.IsZero():
				a.Rev = old.Rev
				c.texts.Replace(b, &a)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.ReleaseLanguages(ctx)
}

// WithdrawText takes an approval back: the words go out no more.
func (c *Coordinator) WithdrawText(ctx context.Context, by audit.Actor, study StudyID, t TextRef) error {
	err := c.commit(ctx, audit.Entry{Actor: by, Action: "texts.withdraw", Study: string(study), Reason: t.Key + " " + t.Lang + " " + t.Version}, func(b *docstore.Batch, _ *audit.Entry) error {
		_, err := c.texts.Edit(ctx, b, t.ID(study), func(v *TextApproval) error {
			if !v.Withdrawn.IsZero() {
				return docstore.Unchanged
			}
			v.Withdrawn, v.WithdrawnBy = c.now(), by.ID
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	return c.ReleaseLanguages(ctx)
}

// notApproved begins the reason of a message that is not sent for its words.
const notApproved = "its words are not approved: "

// unapproved says which words of a message nobody approved, "" where the study asks for no approvals
// or the message is never held back: what somebody asked for or wrote to get, words to staff, and
// what a member of staff writes to one person.
func (c *Coordinator) unapproved(ctx context.Context, st *Study, m *outbox.Message) (string, error) {
	if !st.TextsNeedApproval || m.ReplyTo != "" || contacts.Purpose(m.Purpose) == contacts.Requested || m.Template == TemplateStaff {
		return "", nil
	}
	approved, err := c.TextApprovals(ctx, st.StudyID())
	if err != nil {
		return "", err
	}
	needed, err := c.wordsOf(ctx, st, m)
	if err != nil {
		return "", err
	}
	var missing []string
	for _, t := range needed {
		if !approved[t.ID(st.StudyID())].Stands() {
			missing = append(missing, t.Key)
		}
	}
	if len(missing) == 0 {
		return "", nil
	}
	more := ""
	if n := len(missing) - 3; n > 0 {
		more, missing = fmt.Sprintf(" and %d more", n), missing[:3]
	}
	return notApproved + strings.Join(missing, ", ") + more + " (" + m.Lang + ")", nil
}

// TemplateStaff is what a member of staff wrote to one person.
const TemplateStaff = "staff.text"

// wordsOf are the words a message is made of: the text itself and those it is put together with; of a
// question by text and of a call what the questionnaire asks, and whatever the dialogue may go on to say.
func (c *Coordinator) wordsOf(ctx context.Context, st *Study, m *outbox.Message) ([]TextRef, error) {
	var all []TextRef
	add := func(of func(key string) bool) {
		for _, key := range i18n.Keys() {
			if of(key) {
				all = append(all, TextRef{key, m.Lang, i18n.Version(i18n.Lang(m.Lang), key)})
			}
		}
	}
	if strings.Contains(m.Version, "|") { // the edition of a questionnaire
		q, err := c.editionOf(ctx, st, m.Version)
		if err != nil {
			return nil, err
		}
		digest := "unknown"
		if q != nil {
			digest = q.Digest()[:8]
		}
		all = append(all, TextRef{m.Version, m.Lang, digest})
	}
	switch {
	case m.Kind == outbox.Call:
		add(func(key string) bool {
			return strings.HasPrefix(key, "voice.") && (st.CodeWordMinutes > 0 || !strings.HasPrefix(key, "voice.codeWord"))
		})
	case m.Template == "sms.question":
		add(func(key string) bool { return strings.HasPrefix(key, "sms.ask") })
	default:
		all = append(all, TextRef{m.Template, m.Lang, m.Version})
		add(func(key string) bool { return slices.Contains(together(m.Template), key) })
	}
	return all, nil
}

// editionOf is the edition a message names, kept or not yet; nil where there is none any more.
func (c *Coordinator) editionOf(ctx context.Context, st *Study, ref string) (*survey.Questionnaire, error) {
	q, err := c.QuestionnaireAt(ctx, ref)
	if !errors.Is(err, docstore.ErrNotFound) {
		return q, err
	}
	for _, name := range st.questionnaires() {
		q, err := c.QuestionnaireNamed(ctx, name)
		if err != nil {
			return nil, err
		}
		if q.Ref() == ref {
			return q, nil
		}
	}
	return nil, nil
}

// together are the texts that one is put together with.
func together(key string) []string {
	switch key {
	case TemplateSlots:
		return []string{"sms.slot"}
	case TemplateCodeWord:
		return []string{"voice.codeWords"}
	case "sms.dropped":
		return []string{"sms.droppedText", "sms.droppedLink", "sms.droppedCall"}
	case "email.reminder", "email.moved", "email.cancelled":
		return []string{"email.subject", "email.office", "email.stop"}
	}
	return nil
}
