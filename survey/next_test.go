package survey

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// talk drives one session and fails on any error.
type talk struct {
	t       testing.TB
	q       *Questionnaire
	s       Session
	channel Channel
	now     time.Time
	p       Prompt
	stored  *Answer
}

func begin(t testing.TB, q *Questionnaire, c Channel, lang string) *talk {
	t.Helper()
	k := &talk{t: t, q: q, s: NewSession(q, lang, evening), channel: c, now: evening}
	k.do(Input{Kind: Show})
	return k
}

func (k *talk) do(in Input) *talk {
	k.t.Helper()
	k.now = k.now.Add(10 * time.Second)
	in.At = k.now
	if in.Channel == "" {
		in.Channel = k.channel
	}
	var err error
	if k.s, k.p, k.stored, err = k.q.Next(k.s, in); err != nil {
		k.t.Fatalf("%s %q: %v", in.Kind, in.Raw, err)
	}
	return k
}

func (k *talk) say(raw string) *talk { k.t.Helper(); return k.do(Input{Kind: Reply, Raw: raw}) }

func (k *talk) at(linkID string) *talk {
	k.t.Helper()
	if k.p.LinkID != linkID {
		k.t.Fatalf("asked %q (done %v, problem %v), want %q", k.p.LinkID, k.p.Done, k.p.Problem, linkID)
	}
	return k
}

func (k *talk) ids() string {
	var all []string
	for _, a := range k.s.Answers {
		all = append(all, a.LinkID)
	}
	return strings.Join(all, " ")
}

func TestPhoneCheckInSurvivesAHangUpInTheReadBack(t *testing.T) {
	q := fromLibrary(t, "steady-evening")
	rules := []FlagRule{{Item: "upper", Op: ">=", Value: "180", Level: "urgent"}}
	k := begin(t, q, Voice, "es").at("upper")
	if k.p.Text != "¿Cuál es el número de arriba en su medidor de presión?" || k.p.MaxDigits != 3 || k.p.Hint != HintWhole || k.p.TakesZero() {
		t.Errorf("first prompt is %+v", k.p)
	}
	k.say("186").at("upper")
	if k.stored == nil || *k.stored.Values[0].Int != 186 || len(k.q.Flags(rules, *k.stored)) != 1 {
		t.Fatalf("186 was not stored and flagged as it was keyed: %+v", k.stored)
	}
	if k.p.Hint != HintConfirm || k.p.Type != "confirm" || k.p.Answer == nil || k.s.Pending != "upper" || k.p.TakesZero() {
		t.Errorf("no read-back: %+v", k.p)
	}
	// Hang-up; the session comes back from the database and a new call resumes it.
	data, err := bson.Marshal(k.s)
	if err != nil {
		t.Fatal(err)
	}
	k.s = Session{}
	if err := bson.Unmarshal(data, &k.s); err != nil {
		t.Fatal(err)
	}
	k.do(Input{Kind: Show}).at("upper")
	if k.p.Hint != HintConfirm {
		t.Fatalf("the read-back was lost: %+v", k.p)
	}
	k.say("1").at("lower")
	if k.stored != nil {
		t.Error("confirming stored an answer again")
	}
	k.say("95").say("1").at("symptom").say("2").at("dizzy").say("2").at("fell").say("2").at("tablet").say("1")
	if !k.p.Done || k.s.Status != Completed || k.s.Ended.IsZero() || k.ids() != "upper lower symptom dizzy fell tablet" {
		t.Errorf("not completed: %s, %s", k.s.Status, k.ids())
	}
}

func TestReadBackDeniedAsksAgainAndReplaces(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Voice, "en").say("186").say("2").at("upper")
	if k.p.Hint != HintWhole || k.p.Answer == nil {
		t.Errorf("not asked again: %+v", k.p)
	}
	if a, _ := k.s.Answer("upper"); *a.Values[0].Int != 186 {
		t.Error("the first number must stand until it is replaced")
	}
	k.do(Input{Kind: Show}).at("upper") // a second hang-up here keeps the question open
	k.say("136")
	if k.p.Replaced == nil || *k.p.Replaced.Values[0].Int != 186 || *k.stored.Values[0].Int != 136 {
		t.Errorf("replaced %+v by %+v", k.p.Replaced, k.stored)
	}
	k.say("7")
	if k.p.Problem == nil || k.p.Problem.Code != ProblemNotConfirm || k.p.Hint != HintConfirm {
		t.Errorf("7 is neither yes nor no: %+v", k.p)
	}
	k.do(Input{Kind: Repeat}).do(Input{Kind: NoInput})
	if k.p.Problem == nil || k.p.Problem.Code != ProblemEmpty || k.s.Attempts != 2 {
		t.Errorf("silence: %+v, %d attempts", k.p.Problem, k.s.Attempts)
	}
	k.do(Input{Kind: Skip}).at("lower")
}

func TestReadBackIsDroppedOnAnotherChannel(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Voice, "en").say("136")
	k.channel = Web
	k.do(Input{Kind: Show}).at("lower")
	if k.s.Pending != "" {
		t.Error("still pending")
	}
	k = begin(t, fromLibrary(t, "steady-evening"), Voice, "en").say("136")
	k.channel = SMS
	k.say("140").at("lower") // the text thread had asked the same question
	if a, _ := k.s.Answer("upper"); *a.Values[0].Int != 140 || k.p.Replaced == nil {
		t.Errorf("the text answer did not replace the keyed one: %+v", a)
	}
}

func TestNoReadBackForOneDigit(t *testing.T) {
	begin(t, fromLibrary(t, "clearway-daily"), Voice, "en").say("4").at("woke").say("2").at("wheeze").say("3").at("reliever").say("12").at("reliever")
	q := one(t, `"type":"integer","extension":[{"url":"urn:muster:confirm","valueBoolean":false}]`)
	if k := begin(t, q, Voice, "en").say("120"); !k.p.Done {
		t.Error("the item asked for no read-back")
	}
}

func TestThreeRefusedInputsEndACallButNotAForm(t *testing.T) {
	q := fromLibrary(t, "steady-evening")
	k := begin(t, q, Voice, "en").say("999")
	if k.p.Problem.Code != ProblemTooHigh || k.p.Problem.Max != "260" || k.p.GiveUp || k.stored != nil {
		t.Errorf("first try: %+v", k.p)
	}
	k.do(Input{Kind: NoInput})
	if k.p.GiveUp || k.s.Attempts != 2 {
		t.Errorf("second try: give up %v, %d attempts", k.p.GiveUp, k.s.Attempts)
	}
	k.do(Input{Kind: Repeat})
	if k.s.Attempts != 2 || k.p.Problem != nil || k.p.GiveUp {
		t.Errorf("a repeat is no attempt: %+v", k.p)
	}
	k.say("*").at("upper")
	if k.s.Attempts != 2 {
		t.Error("star is no attempt")
	}
	k.say("18 6")
	if !k.p.GiveUp || k.s.Status != InProgress || len(k.s.Answers) != 0 {
		t.Errorf("third try: %+v, %s", k.p, k.s.Status)
	}
	k.do(Input{Kind: Show})
	if k.s.Attempts != 0 || k.p.GiveUp {
		t.Error("a new call starts with no attempts")
	}
	k.say("999").say("120")
	if k.stored.Attempts != 2 {
		t.Errorf("%d attempts on record, want 2", k.stored.Attempts)
	}
	k = begin(t, q, Web, "en").say("x").say("x").say("x").say("x")
	if k.p.GiveUp {
		t.Error("a form never gives up")
	}
}

func TestSkip(t *testing.T) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","item":[{"linkId":"a","type":"boolean","text":"A?","required":true},{"linkId":"b","type":"integer","text":"B?"},{"linkId":"c","type":"boolean","text":"C?","enableWhen":[{"question":"b","operator":"exists","answerBoolean":false}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	k := begin(t, q, SMS, "en").do(Input{Kind: Skip}).at("a")
	if k.p.Problem == nil || k.p.Problem.Code != ProblemRequired || k.stored != nil || !k.p.Required {
		t.Errorf("a required question was skipped: %+v", k.p)
	}
	k.say("yes").at("b").do(Input{Kind: Skip}).at("c")
	if k.stored == nil || !k.stored.Declined || len(k.q.Flags([]FlagRule{{Item: "b", Op: "exists", Level: "urgent"}}, *k.stored)) != 0 {
		t.Errorf("skip stored %+v", k.stored)
	}
}

func TestEditRemovesWhatIsNoLongerAsked(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Web, "en").say("190").say("80").at("symptom").say("1").at("dizzy")
	k.do(Input{Kind: Reply, LinkID: "upper", Raw: "150"}).at("dizzy")
	if k.ids() != "upper lower" || len(k.p.Removed) != 1 || k.p.Removed[0].LinkID != "symptom" || k.p.Replaced == nil {
		t.Errorf("answers %q, removed %+v", k.ids(), k.p.Removed)
	}
	k.do(Input{Kind: Reply, LinkID: "upper", Raw: "150"})
	if k.p.Replaced != nil {
		t.Error("the same answer again is no change")
	}
	if _, _, _, err := k.q.Next(k.s, Input{Kind: Reply, LinkID: "symptom", Raw: "1", Channel: Web, At: k.now}); !errors.Is(err, ErrNotAsked) {
		t.Errorf("an answer to a disabled item gave %v", err)
	}
	k.do(Input{Kind: Reply, LinkID: "lower", Raw: "x"}).at("lower")
	if k.p.Problem == nil || *k.p.Answer.Values[0].Int != 80 {
		t.Errorf("a refused edit: %+v", k.p)
	}
	k.do(Input{Kind: Reply, LinkID: "lower", Raw: "125"}).at("symptom")
}

func TestBack(t *testing.T) {
	k := begin(t, fromLibrary(t, "lantern-walk"), Web, "en")
	k.do(Input{Kind: Back}).at("minutes")
	if k.p.Problem == nil || k.p.Problem.Code != ProblemFirst {
		t.Errorf("nothing lies before the first question: %+v", k.p.Problem)
	}
	k.say("30").say("2").at("foot").do(Input{Kind: Back}).at("low").do(Input{Kind: Back}).at("minutes")
	if *k.p.Answer.Values[0].Int != 30 {
		t.Errorf("the earlier answer is not shown: %+v", k.p.Answer)
	}
	k.say("40").at("foot").say("1")
	if !k.p.Done {
		t.Fatal("not done")
	}
	k.do(Input{Kind: Back}).at("foot")
	if k.s.Status != Completed || k.s.Current != "" {
		t.Error("looking back reopened the session")
	}
	k.do(Input{Kind: Reply, LinkID: "foot", Raw: "2"})
	if !k.p.Done || k.p.Replaced == nil || k.s.Status != Completed {
		t.Errorf("edit after the end: %+v", k.p)
	}
}

func TestEditAfterTheEndCanReopen(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Web, "en").say("120").say("80").say("2").say("2").say("1")
	if !k.p.Done {
		t.Fatal("not done")
	}
	k.do(Input{Kind: Reply, LinkID: "upper", Raw: "200"}).at("symptom")
	if k.s.Status != InProgress || !k.s.Ended.IsZero() {
		t.Errorf("a new question did not reopen the session: %s", k.s.Status)
	}
	k.say("2")
	if k.s.Status != Completed {
		t.Error("not completed again")
	}
}

func TestClosedSessions(t *testing.T) {
	q := fromLibrary(t, "lantern-walk")
	k := begin(t, q, SMS, "en").say("30")
	stopped := q.Close(k.s, k.now)
	if stopped.Status != Stopped || stopped.Current != "" || len(stopped.Answers) != 1 || stopped.Ended.IsZero() {
		t.Errorf("closed as %+v", stopped)
	}
	for _, in := range []Input{{Kind: Reply, Raw: "1"}, {Kind: Reply, LinkID: "low", Raw: "1"}, {Kind: Skip}, {Kind: Back}, {Kind: NoInput}} {
		in.Channel, in.At = SMS, k.now
		if s, _, _, err := q.Next(stopped, in); !errors.Is(err, ErrClosed) || !cmp.Equal(s, stopped) {
			t.Errorf("%s after the window: %v", in.Kind, err)
		}
	}
	if _, p, _, err := q.Next(stopped, Input{Kind: Show, Channel: SMS, At: k.now}); err != nil || !p.Done {
		t.Errorf("a stopped session shows %+v, %v", p, err)
	}
	k.say("2").say("2")
	if _, _, _, err := q.Next(k.s, Input{Kind: Reply, Raw: "1", Channel: SMS, At: k.now}); !errors.Is(err, ErrClosed) {
		t.Errorf("a late text gave %v", err)
	}
	if s := q.Close(k.s, k.now.Add(time.Hour)); s.Status != Completed || !cmp.Equal(s, k.s) {
		t.Error("closing a completed session changed it")
	}
	k = begin(t, fromLibrary(t, "orchard-weekly"), Voice, "en").say("10").say("1").say("8")
	if k.s.Status != InProgress {
		t.Fatal("the read-back of the last answer is open")
	}
	if s := k.q.Close(k.s, k.now); s.Status != Completed {
		t.Errorf("all is answered, yet closed as %s", s.Status)
	}
}

func TestOtherVersionIsRefused(t *testing.T) {
	a, b := fromLibrary(t, "lantern-walk"), fromLibrary(t, "orchard-weekly")
	if _, _, _, err := b.Next(NewSession(a, "en", evening), Input{Kind: Show, Channel: Web, At: evening}); !errors.Is(err, ErrVersion) {
		t.Errorf("got %v", err)
	}
	if _, err := b.Response(NewSession(a, "en", evening), "", ""); !errors.Is(err, ErrVersion) {
		t.Errorf("got %v", err)
	}
}

func TestNextDoesNotTouchTheSessionItWasGiven(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Web, "en").say("190").say("80").say("1")
	before, err := json.Marshal(k.s)
	if err != nil {
		t.Fatal(err)
	}
	old := k.s
	k.do(Input{Kind: Reply, LinkID: "upper", Raw: "150"})
	after, err := json.Marshal(old)
	if err != nil || string(before) != string(after) {
		t.Errorf("the old session changed:\n%s\n%s", before, after)
	}
}

const intros = `{"resourceType":"Questionnaire","language":"en","title":"T","item":[
	{"linkId":"hello","type":"display","text":"Hello."},
	{"linkId":"g","type":"group","text":"Over the last two weeks","item":[
		{"linkId":"d1","type":"display","text":"Think of every day."},
		{"linkId":"a","type":"boolean","text":"A?","item":[{"linkId":"a-help","type":"display","text":"Help for A"}]},
		{"linkId":"d2","type":"display","text":"Only if A.","enableWhen":[{"question":"a","operator":"=","answerBoolean":true}]},
		{"linkId":"b","type":"string","text":"B?","extension":[{"url":"urn:muster:short-text","extension":[{"url":"channel","valueCode":"sms"},{"url":"content","valueString":"B, shortly?"}]}]}]},
	{"linkId":"end","type":"display","text":"Thank you."}]}`

func TestIntroductionsAreSaidOnceAndAgainOnResume(t *testing.T) {
	q, err := Parse([]byte(intros))
	if err != nil {
		t.Fatal(err)
	}
	k := begin(t, q, SMS, "en").at("a")
	want := func(intro ...string) {
		t.Helper()
		if d := cmp.Diff(intro, k.p.Intro); d != "" {
			t.Errorf("intro of %q (-want +got):\n%s", k.p.LinkID, d)
		}
	}
	want("Hello.", "Over the last two weeks", "Think of every day.")
	if d := cmp.Diff([]string{"Help for A"}, k.p.Help); d != "" || k.p.Section != "g" {
		t.Errorf("help %s, section %q", d, k.p.Section)
	}
	k.say("nonsense")
	want()
	k.say("yes").at("b")
	want("Only if A.")
	if k.p.Text != "B, shortly?" || k.p.Number != 2 {
		t.Errorf("prompt is %+v", k.p)
	}
	k.do(Input{Kind: Show}).at("b")
	want("Over the last two weeks", "Only if A.")
	k.do(Input{Kind: Reply, LinkID: "a", Raw: "no"}).at("b")
	want()
	k.channel = Web
	k.do(Input{Kind: Repeat}).at("b")
	if k.p.Text != "B?" {
		t.Errorf("the web has the short text of SMS: %q", k.p.Text)
	}
	k.say("fine")
	want("Thank you.")
}

func TestTranslationFallsBackToTheSource(t *testing.T) {
	k := begin(t, fromLibrary(t, "lantern-walk"), Web, "es-MX")
	if !strings.HasPrefix(k.p.Text, "¿Cuántos") {
		t.Errorf("es-MX gives %q", k.p.Text)
	}
	k = begin(t, fromLibrary(t, "lantern-walk"), Web, "vi")
	if !strings.HasPrefix(k.p.Text, "How many") {
		t.Errorf("vi gives %q", k.p.Text)
	}
	if got := fromLibrary(t, "lantern-walk").Title("es"); got != "Caminata de la noche" {
		t.Errorf("title is %q", got)
	}
}

func TestStaffEntryKeepsWhoTypedIt(t *testing.T) {
	k := begin(t, fromLibrary(t, "lantern-walk"), Staff, "en")
	k.do(Input{Kind: Reply, Raw: "30", By: "maria"})
	if k.stored.By != "maria" || k.stored.Channel != Staff || k.stored.AskedAt.IsZero() || k.stored.AnsweredAt.Location() != time.UTC {
		t.Errorf("stored %+v", k.stored)
	}
}

func TestSessionSurvivesStorage(t *testing.T) {
	k := begin(t, fromLibrary(t, "steady-evening"), Voice, "es").say("186").say("1").do(Input{Kind: Skip})
	for name, copyOf := range map[string]func(Session) (Session, error){
		"bson": func(s Session) (out Session, err error) {
			data, err := bson.Marshal(s)
			if err != nil {
				return out, err
			}
			if strings.Contains(bson.Raw(data).String(), "null") {
				t.Errorf("explicit null in %s", bson.Raw(data))
			}
			return out, bson.Unmarshal(data, &out)
		},
		"json": func(s Session) (out Session, err error) {
			data, err := json.Marshal(s)
			if err != nil {
				return out, err
			}
			return out, json.Unmarshal(data, &out)
		},
	} {
		got, err := copyOf(k.s)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(k.s, got); d != "" {
			t.Errorf("%s (-stored +read):\n%s", name, d)
		}
	}
}
