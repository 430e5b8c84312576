package ivr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/internal/seal"
	"github.com/muster-health/muster/internal/turns"
	"github.com/muster-health/muster/trial"
)

// OptOut says who answers STOP, START and HELP.
type OptOut string

// The carrier answers by itself in Twilio and in Advanced mode, and in the latter says of each text
// what it made of it; in Self mode it filters nothing and Muster answers.
const (
	OptOutTwilio   OptOut = "twilio"
	OptOutAdvanced OptOut = "advanced"
	OptOutSelf     OptOut = "self"
)

// Beside is for how many people at once plans are made unless it is said otherwise: each waits for its
// commit, and a store makes one of many.
const Beside = 16

// Deps is what an Operator works with; all are required but OptOut.
type Deps struct {
	Store     *docstore.Store
	Audit     *audit.Log
	Keys      *seal.Keys
	People    *contacts.Directory
	Box       *outbox.Box
	Trial     *trial.Coordinator
	Clock     *clock.Clock
	Us        phone.Number
	PublicURL string
	OptOut    OptOut       // "" = OptOutTwilio
	Beside    int          // for how many people at once plans are made; 0 = Beside
	Turns     *turns.Turns // what goes before plans; nil: nothing
}

// Operator holds every conversation by phone and text. Each event may come twice, late, or
// beside another of its kind: what it changes is changed once, and a repeat gets the same answer.
type Operator struct {
	Deps
	lanes   lanes
	arrived arrivals
	digits  lanes // by number: the digits of prompts are taken one after the other
	calls   *docstore.Collection[call, *call]
	replays *docstore.Collection[replay, *replay]
	prompts *docstore.Collection[Prompt, *Prompt]
	plans   *docstore.Collection[plan, *plan]
	logs    *docstore.Collection[logMark, *logMark]
}

// replay keeps the answer to a text, under the carrier's id of it.
type replay struct {
	docstore.Meta `bson:",inline"`
	Replies       []string   `bson:"replies,omitempty"` // sealed
	Owed          *lateReply `bson:"owed,omitempty"`    // Replies are not sent yet, and go as a text of their own
}

// Unaudited names the collections of this package that need no audit entry: they hold the thread
// of conversations, whose effects are audited where they happen.
func Unaudited() []string { return []string{"calls", "prompts", "plans", CarrierLogs} }

// Open makes the collections exist and returns the operator.
func Open(ctx context.Context, d Deps) (*Operator, error) {
	if d.OptOut == "" {
		d.OptOut = OptOutTwilio
	}
	if d.Beside <= 0 {
		d.Beside = Beside
	}
	o := &Operator{Deps: d}
	d.People.AlsoHolds(o)
	nobody := seal.ByField("")
	var errs [5]error
	o.calls, errs[0] = docstore.Open[call](ctx, d.Store, docstore.Spec{Name: "calls", Version: 1,
		Indexes: []docstore.Index{{Name: "person", Fields: []string{"person"}}, {Name: "household", Fields: []string{"household[]"}}},
		Codec:   d.Keys.Fields("calls", nobody, "script", "claim", "number")})
	o.replays, errs[1] = docstore.Open[replay](ctx, d.Store, docstore.Spec{Name: "replays", Version: 1,
		Codec: d.Keys.Fields("replays", nobody, "replies[]")})
	o.prompts, errs[2] = docstore.Open[Prompt](ctx, d.Store, docstore.Spec{Name: "prompts", Version: 1,
		Indexes: []docstore.Index{{Name: "point", Fields: []string{"point"}}}})
	o.plans, errs[3] = docstore.Open[plan](ctx, d.Store, docstore.Spec{Name: "plans", Version: 1,
		Indexes: []docstore.Index{{Name: "until", Fields: []string{"until"}}}})
	o.logs, errs[4] = docstore.Open[logMark](ctx, d.Store, docstore.Spec{Name: CarrierLogs, Version: 1})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("open operator: %w", err)
	}
	return o, nil
}

func (o *Operator) now() time.Time { return o.Clock.Now() }

// at returns the living people who have a number. Whose number was reported wrong is not among
// them: whoever has it now is somebody else. gone says that all who had it have died or were erased:
// nothing goes there any more, while others who live with a number keep it (F25).
func (o *Operator) at(ctx context.Context, n phone.Number) (people []contacts.Person, gone bool, err error) {
	all, err := o.People.ByPoint(ctx, n.E164())
	if err != nil {
		return nil, false, err
	}
	hash := o.People.PointHash(n.E164())
	for _, p := range all {
		switch {
		case slices.ContainsFunc(p.Points, func(pt contacts.Point) bool { return pt.Hash == hash && pt.Status == contacts.StatusWrong }):
		case p.Deceased != "" || !p.Erased.IsZero():
			gone = true
		default:
			people = append(people, p)
		}
	}
	return people, gone && len(people) == 0, nil
}

// say is one text of ours in a language.
func say(lang i18n.Lang, key string, args ...any) Say {
	return Say{Text: i18n.T(lang, key, args...), Lang: lang}
}

func person(id contacts.PersonID) audit.Actor {
	if id == "" {
		return trial.Carrier
	}
	return audit.Actor{Kind: audit.Person, ID: string(id)}
}

// spoken is a script as it is stored with its call.
type spoken struct {
	Say    *Say    `json:",omitempty"`
	Gather *Gather `json:",omitempty"`
	Pause  *Pause  `json:",omitempty"`
	Dial   *dial   `json:",omitempty"`
	Record *Record `json:",omitempty"`
	Hangup bool    `json:",omitempty"`
	Reject bool    `json:",omitempty"`
}

type dial struct {
	Step     int
	To, From string
}

func packScript(s Script) (string, error) {
	var out []spoken
	for _, step := range s {
		switch v := step.(type) {
		case Say:
			out = append(out, spoken{Say: &v})
		case Gather:
			out = append(out, spoken{Gather: &v})
		case Pause:
			out = append(out, spoken{Pause: &v})
		case Dial:
			out = append(out, spoken{Dial: &dial{v.Step, v.To.E164(), v.From.E164()}})
		case Record:
			out = append(out, spoken{Record: &v})
		case Hangup:
			out = append(out, spoken{Hangup: true})
		case Reject:
			out = append(out, spoken{Reject: true})
		default:
			return "", fmt.Errorf("keep script: unknown step %T", step)
		}
	}
	data, err := json.Marshal(out)
	return string(data), err
}

func unpackScript(data string) (Script, error) {
	var in []spoken
	if err := json.NewDecoder(strings.NewReader(data)).Decode(&in); err != nil {
		return nil, fmt.Errorf("read script: %w", err)
	}
	var s Script
	for _, x := range in {
		switch {
		case x.Say != nil:
			s = append(s, *x.Say)
		case x.Gather != nil:
			s = append(s, *x.Gather)
		case x.Pause != nil:
			s = append(s, *x.Pause)
		case x.Record != nil:
			s = append(s, *x.Record)
		case x.Dial != nil:
			to, err := phone.Parse(x.Dial.To, "US")
			if err != nil {
				return nil, fmt.Errorf("read script: %w", err)
			}
			from, err := phone.Parse(x.Dial.From, "US")
			if err != nil {
				return nil, fmt.Errorf("read script: %w", err)
			}
			s = append(s, Dial{x.Dial.Step, to, from})
		case x.Reject:
			s = append(s, Reject{})
		default:
			s = append(s, Hangup{})
		}
	}
	return s, nil
}
