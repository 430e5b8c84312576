package contacts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/id"
	"github.com/muster-health/muster/internal/seal"
)

// Errors a caller decides on; besides docstore.ErrNotFound and Problems.
var (
	ErrReason = errors.New("a reason is required")
	ErrLedger = errors.New("the ledger is only ever appended to")
)

// Clock gives business time and real time; see internal/clock.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Directory reads and changes people, their charts, touches, duplicate reviews, suppressed
// numbers and verification challenges. Every change carries an audit entry in its own batch.
// Safe for concurrent use.
type Directory struct {
	store *docstore.Store
	keys  *seal.Keys
	log   *audit.Log
	newID id.New
	clock Clock

	codesADay int
	textsADay int
	holders   []Holder // who else holds something of people; set while the program opens its parts

	people     *docstore.Collection[Person, *Person]
	charts     *docstore.Collection[Chart, *Chart]
	touches    *docstore.Collection[Touch, *Touch]
	reviews    *docstore.Collection[Review, *Review]
	signups    *docstore.Collection[signupClaim, *signupClaim]
	repeats    *docstore.Collection[repeat, *repeat]
	suppressed *docstore.Collection[suppression, *suppression]
	challenges *docstore.Collection[challenge, *challenge]
	rates      *docstore.Collection[codeRate, *codeRate]
	erasures   *docstore.Collection[erasure, *erasure]
	bounces    *docstore.Collection[bounced, *bounced]
}

// Unaudited names the collections whose changes need no audit entry: short-lived machinery of
// verification codes, and the claims of sign-ups, whose ids are hashes of who signed up and must not
// stand in a trail that is never rewritten. Give it to audit.Options and audit.Guard.
func Unaudited() []string { return []string{"challenges", "codeRates", "signups", "bounces"} }

// Options are what may be left out.
type Options struct {
	CodesADay int // most verification codes a day from the whole site; 0: CodesADay
	TextsADay int // most texts for the care of studies to one person in a day; 0: TextsADay
}

// Open makes the collections exist and returns the directory.
func Open(ctx context.Context, store *docstore.Store, keys *seal.Keys, log *audit.Log, newID id.New, clock Clock, o Options) (*Directory, error) {
	d := &Directory{store: store, keys: keys, log: log, newID: newID, clock: clock, codesADay: cmp.Or(o.CodesADay, CodesADay), textsADay: o.TextsADay}
	index := func(name string, fields ...string) docstore.Index { return docstore.Index{Name: name, Fields: fields} }
	person, apart := seal.ByField("_id"), seal.Apart{Path: "facts[]", Part: ofOneStudy}
	var errs [11]error
	d.people, errs[0] = docstore.Open[Person](ctx, store, docstore.Spec{
		Name: "people", Version: 2, Steps: peopleSteps(keys),
		Indexes: []docstore.Index{
			index("point", "points[].hash"), index("digest", "nameDigest"), index("created", "created"),
			index("born", "sex", "birthYear"), index("near", "sex", "area", "birthYear"), // see Walk
		},
		Codec: seal.WithHistory(keys.Fields("people", person,
			"given", "family", "birthDate", "gender", "sourceID", "proxy.role",
			"address.line", "address.city", "address.state", "address.zip",
			"points[].value", "points[].raw", "consents[].evidence")),
	})
	d.charts, errs[1] = docstore.Open[Chart](ctx, store, docstore.Spec{
		Name: "charts", Version: 1, Codec: seal.WithHistory(keys.FieldsApart("charts", person, apart, "facts[].text")),
	})
	d.touches, errs[2] = docstore.Open[Touch](ctx, store, docstore.Spec{
		Name: "touches", Version: 1,
		Indexes: []docstore.Index{
			index("person", "person", "at"), index("unread", "unread", "at"), index("point", "point", "at"),
		},
		Codec: seal.WithHistory(keys.Fields("touches", seal.ByField("person"), "body", "detail")),
	})
	d.reviews, errs[3] = docstore.Open[Review](ctx, store, docstore.Spec{
		Name: "reviews", Version: 1,
		Indexes: []docstore.Index{index("state", "state", "at"), index("people", "people[]")},
		Codec:   seal.Formerly(keys.Fields("reviews", seal.ByField("_id"), "note"), firstOfPair), // a key of the pair's, which goes with either
	})
	d.signups, errs[4] = docstore.Open[signupClaim](ctx, store, docstore.Spec{
		Name: "signups", Version: 1, Indexes: []docstore.Index{index("person", "person")},
	})
	d.repeats, errs[5] = docstore.Open[repeat](ctx, store, docstore.Spec{
		Name: "repeats", Version: 1,
		Codec: seal.WithHistory(keys.FieldsApart("repeats", person, apart, "consents[].evidence", "facts[].text")),
	})
	d.suppressed, errs[6] = docstore.Open[suppression](ctx, store, docstore.Spec{Name: "suppressed", Version: 1})
	d.challenges, errs[7] = docstore.Open[challenge](ctx, store, docstore.Spec{
		Name: "challenges", Version: 1, Indexes: []docstore.Index{index("expires", "expires")},
	})
	d.rates, errs[8] = docstore.Open[codeRate](ctx, store, docstore.Spec{
		Name: "codeRates", Version: 1, Indexes: []docstore.Index{index("until", "until")},
	})
	d.erasures, errs[9] = docstore.Open[erasure](ctx, store, docstore.Spec{Name: "erasures", Version: 1})
	d.bounces, errs[10] = docstore.Open[bounced](ctx, store, docstore.Spec{Name: "bounces", Version: 1, Indexes: []docstore.Index{index("at", "at")}})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	return d, nil
}

// Get returns a person, or docstore.ErrNotFound. It is for the program's own use; a page that
// shows who someone is calls Reveal.
func (d *Directory) Get(ctx context.Context, id PersonID) (Person, error) {
	return d.people.Get(ctx, string(id))
}

// Chart returns the facts of a person; an empty chart when nothing is known.
func (d *Directory) Chart(ctx context.Context, id PersonID) (Chart, error) {
	c, err := d.charts.Get(ctx, string(id))
	if errors.Is(err, docstore.ErrNotFound) {
		c.ID = string(id)
		return c, nil
	}
	return c, err
}

// Reveal returns a person with their chart and writes to the audit trail who looked and why.
func (d *Directory) Reveal(ctx context.Context, by audit.Actor, id PersonID, why string) (Person, Chart, error) {
	if why == "" {
		return Person{}, Chart{}, fmt.Errorf("reveal %s: %w", id, ErrReason)
	}
	p, err := d.Get(ctx, id)
	if err != nil {
		return Person{}, Chart{}, err
	}
	c, err := d.Chart(ctx, id)
	if err != nil {
		return Person{}, Chart{}, err
	}
	if err := d.Saw(ctx, by, &p, "person.reveal", why, "", audit.Object{Collection: "charts", ID: p.ID, Rev: c.Rev}); err != nil {
		return Person{}, Chart{}, err // what was not recorded is not shown
	}
	return p, c, nil
}

// Saw writes to the audit trail that somebody is shown who a person is, or is given it to take away.
// action is one of audit.Looks. Call it before anything is shown.
func (d *Directory) Saw(ctx context.Context, by audit.Actor, p *Person, action, why, study string, more ...audit.Object) error {
	return d.log.Read(ctx, audit.Entry{Actor: by, Action: action, Reason: why, Person: p.ID, Study: study,
		Objects: append([]audit.Object{{Collection: "people", ID: p.ID, Rev: p.Rev}}, more...)})
}

// ByPoint returns everyone who has this phone or e-mail, ordered by id: none, one or several (F2).
// People who were erased are not among them. Problems when value is neither.
func (d *Directory) ByPoint(ctx context.Context, value string) ([]Person, error) {
	_, value, err := ParsePoint(value)
	if err != nil {
		return nil, err
	}
	return d.ByHash(ctx, d.PointHash(value))
}

// ByHash is ByPoint for a look-up hash.
func (d *Directory) ByHash(ctx context.Context, hash string) ([]Person, error) {
	if hash == "" {
		return nil, nil
	}
	return d.living(d.people.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("points[].hash", hash)}}))
}

// PointHash is the keyed look-up hash of a normalised phone (E.164) or e-mail address.
func (d *Directory) PointHash(value string) string { return d.keys.Hash("point", value) }

func (d *Directory) living(people iter.Seq2[Person, error]) (out []Person, err error) {
	for p, err := range people {
		if err != nil {
			return nil, err
		}
		if p.Erased.IsZero() {
			out = append(out, p)
		}
	}
	return out, nil
}

// All yields every person who was not erased, by id.
func (d *Directory) All(ctx context.Context) iter.Seq2[Person, error] {
	return func(yield func(Person, error) bool) {
		for p, err := range d.people.Find(ctx, docstore.Query{}) {
			if err == nil && !p.Erased.IsZero() {
				continue
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// Charts yields every chart, by the id of its person.
func (d *Directory) Charts(ctx context.Context) iter.Seq2[Chart, error] {
	return d.charts.Find(ctx, docstore.Query{})
}

// Newest returns up to limit people, the latest to join first.
func (d *Directory) Newest(ctx context.Context, limit int) ([]Person, error) {
	return d.living(d.people.Find(ctx, docstore.Query{Order: "created", Desc: true, Limit: limit}))
}

// Count is how many people there are, erased ones too.
func (d *Directory) Count(ctx context.Context) (int, error) {
	return d.people.Count(ctx, docstore.Query{})
}

// DecodePerson and DecodeChart turn stored bodies, from the change feed for instance, into values.
func (d *Directory) DecodePerson(ctx context.Context, c docstore.Change) (Person, error) {
	return d.people.Decode(ctx, c.Body)
}

// DecodeChart is DecodePerson for charts.
func (d *Directory) DecodeChart(ctx context.Context, c docstore.Change) (Chart, error) {
	return d.charts.Decode(ctx, c.Body)
}

func (d *Directory) record(b *docstore.Batch, by audit.Actor, action string, id PersonID, reason string) {
	d.log.Record(b, audit.Entry{Actor: by, Action: action, Person: string(id), Reason: reason})
}

// firstOfPair owned what is written about a pair before the pair had a key of its own.
func firstOfPair(review bson.Raw) string {
	s, _ := review.Lookup("people", "0").StringValueOK()
	return s
}
