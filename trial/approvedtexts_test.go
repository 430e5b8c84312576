package trial_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// wordsOf is how a text is approved.
func wordsOf(key string, lang i18n.Lang) trial.TextRef {
	return trial.TextRef{Key: key, Lang: string(lang), Version: i18n.Version(lang, key)}
}

// Where a study wants its texts approved one by one, a message whose words have no approval is not
// sent, staff know it and why, and once they are approved it is; one whose words changed is not.
func TestUnapprovedWordsAreNotSent(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudyWith(t, r, "textsNeedApproval: true\n")
	p, _ := rosa(t, r)
	ctx := t.Context()
	send := func(key string, x trial.Reach) outbox.Message {
		t.Helper()
		x.Key, x.Person, x.Study, x.Kind = key, p.PersonID(), "STEADY", outbox.SMS
		if x.Purpose == "" {
			x.Purpose = contacts.StudyCare
		}
		x.Body = "Hello " + key
		touch := reach(t, r, x)
		r.Deliver(t)
		m, err := r.Box.Get(ctx, touch.Message)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	tasks := func(with string) int {
		t.Helper()
		all, err := r.Trial.TasksOf(ctx, p.PersonID())
		if err != nil {
			t.Fatal(err)
		}
		return len(slices.DeleteFunc(all, func(x trial.Task) bool { return x.State != "open" || !strings.Contains(x.Text, with) }))
	}
	lang := r.Trial.Speaks(p.Language, "STEADY")
	m := send("first", trial.Reach{Template: "sms.reminder"})
	if m.State != outbox.Cancelled || !strings.Contains(m.Reason, "not approved: sms.reminder ("+string(lang)+")") || tasks("sms.reminder") != 1 {
		t.Fatalf("%s %q, %d tasks", m.State, m.Reason, tasks("sms.reminder"))
	}
	approve := func(refs ...trial.TextRef) error {
		return r.Trial.ApproveTexts(ctx, rig.Staff, "STEADY", trial.TextApproval{Board: "LUH-1/3", Translator: "A. Lark", Translated: "2026-02-20"}, refs)
	}
	if err := approve(wordsOf("sms.reminder", lang)); err != nil {
		t.Fatal(err)
	}
	if m := send("second", trial.Reach{Template: "sms.reminder"}); m.State == outbox.Cancelled {
		t.Errorf("approved: %s %q", m.State, m.Reason)
	}
	if m := send("older", trial.Reach{Template: "sms.reminder", Version: "00000000"}); m.State != outbox.Cancelled {
		t.Errorf("other words under the same name: %s", m.State)
	}
	for name, x := range map[string]trial.Reach{
		"asked for": {Template: "sms.diary", Purpose: contacts.Requested},
		"by hand":   {Template: trial.TemplateStaff, Version: "1"},
	} {
		if m := send(name, x); m.State == outbox.Cancelled {
			t.Errorf("%s is held back: %q", name, m.Reason)
		}
	}
	if m := send("choices", trial.Reach{Template: trial.TemplateSlots}); !strings.Contains(m.Reason, "sms.slots, sms.slot ") {
		t.Errorf("put together of two: %s %q", m.State, m.Reason)
	}
	if err := r.Trial.WithdrawText(ctx, rig.Staff, "STEADY", wordsOf("sms.reminder", lang)); err != nil {
		t.Fatal(err)
	}
	if m := send("taken back", trial.Reach{Template: "sms.reminder"}); m.State != outbox.Cancelled {
		t.Errorf("taken back: %s", m.State)
	}
	if err := approve(wordsOf("sms.reminder", lang)); err != nil {
		t.Fatal(err)
	}
	if m := send("again", trial.Reach{Template: "sms.reminder"}); m.State == outbox.Cancelled {
		t.Errorf("approved again: %q", m.Reason)
	}
}

// A question by text and a call go out when the questionnaire, and whatever the dialogue may say, is
// approved in the language.
func TestQuestionsAndCallsNeedTheirQuestionnaire(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudyWith(t, r, "textsNeedApproval: true\n")
	p, _ := rosa(t, r)
	ctx := t.Context()
	resp, _ := evening(t, r, p)
	response, err := r.Trial.Response(ctx, resp)
	if err != nil {
		t.Fatal(err)
	}
	st, err := r.Trial.Study(ctx, "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := r.Trial.Texts(ctx, &st)
	if err != nil {
		t.Fatal(err)
	}
	call := func(key string) outbox.Message {
		t.Helper()
		touch := reach(t, r, trial.Reach{Key: key, Person: p.PersonID(), Study: "STEADY", Purpose: contacts.StudyCare, Kind: outbox.Call, Template: "voice.checkin", Version: response.Session.Ref, Ref: resp})
		r.Deliver(t)
		m, err := r.Box.Get(ctx, touch.Message)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	how := trial.TextApproval{Board: "LUH-1/3", Translator: "A. Lark", Translated: "2026-02-20"}
	voices := slices.DeleteFunc(slices.Clone(texts), func(x trial.TextRef) bool { return !strings.HasPrefix(x.Key, "voice.") })
	if err := r.Trial.ApproveTexts(ctx, rig.Staff, "STEADY", how, voices); err != nil {
		t.Fatal(err)
	}
	if m := call("a"); m.State != outbox.Cancelled || !strings.Contains(m.Reason, response.Session.Ref) {
		t.Errorf("without the questionnaire: %s %q", m.State, m.Reason)
	}
	if err := r.Trial.ApproveTexts(ctx, rig.Staff, "STEADY", how, texts); err != nil {
		t.Fatal(err)
	}
	if m := call("b"); m.State == outbox.Cancelled {
		t.Errorf("with everything approved: %q", m.Reason)
	}
}

// An approval says whose it is, and is for words as they stand.
func TestApprovalsAreWhole(t *testing.T) {
	r := rig.New(t, rig.Options{})
	putStudy(t, r)
	en, es := wordsOf("sms.reminder", i18n.En), wordsOf("sms.reminder", i18n.Es)
	stale := en
	stale.Version = "00000000"
	for _, tt := range []struct {
		name  string
		how   trial.TextApproval
		texts []trial.TextRef
		want  string
	}{
		{"no reference", trial.TextApproval{}, []trial.TextRef{en}, "board:"},
		{"nothing", trial.TextApproval{Board: "1"}, nil, "choose"},
		{"other words", trial.TextApproval{Board: "1"}, []trial.TextRef{stale}, "read them again"},
		{"no translator", trial.TextApproval{Board: "1"}, []trial.TextRef{es}, "translator:"},
		{"no day", trial.TextApproval{Board: "1", Translator: "A. Lark", Translated: "soon"}, []trial.TextRef{es}, "translated:"},
	} {
		err := r.Trial.ApproveTexts(t.Context(), rig.Staff, "STEADY", tt.how, tt.texts)
		if !errors.Is(err, trial.ErrText) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	all, err := r.Trial.TextApprovals(t.Context(), "STEADY")
	if err != nil || len(all) != 0 {
		t.Errorf("%d approvals were stored, %v", len(all), err)
	}
}
