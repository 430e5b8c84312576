package contacts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/clock"
	"github.com/muster-health/muster/internal/docstore"
)

// TextsADay is how many texts for the care of studies one person gets in a day, over all studies, unless the
// site says less or more; MostTextsADay is the most it may say. They are reminders, links, first questions
// and what staff write: an answer, a code and an alert are none.
const (
	TextsADay     = 6
	MostTextsADay = 12
)

// careBack is how far back texts are looked at: a day may have 25 hours, and be another one elsewhere.
const careBack = 50 * time.Hour

// careLimit is how many such texts this person may get today.
func (q *asking) careLimit() int { return min(cmp.Or(q.TextsADay, TextsADay), MostTextsADay) }

// overDay counts the texts for studies that the person got today, wherever it is today in a place where they
// may be, and when they are too many, says when the next day has begun everywhere there.
func (q *asking) overDay() (Reason, time.Time, bool) {
	if q.Purpose != StudyCare || q.Channel != SMS || q.Reply || len(q.zones) == 0 {
		return Reason{}, time.Time{}, false
	}
	n, last := 0, time.Time{}
	for _, t := range q.Recent {
		if t.careText() && q.sameDay(t.At) {
			n, last = n+1, clock.Later(last, t.At)
		}
	}
	if n < q.careLimit() {
		return Reason{}, time.Time{}, false
	}
	var free time.Time
	for _, z := range q.zones {
		y, m, d := q.Now.In(z).Date()
		free = clock.Later(free, time.Date(y, m, d+1, 0, 0, 0, 0, z).UTC())
	}
	text := fmt.Sprintf("%s has %d texts for studies today, sent or waiting; the limit is %d a day over all studies. Next from %s.", q.who, n, q.careLimit(), q.day(free))
	return Reason{Code: CodeDayCap, Text: text, At: last}, free, true
}

// sameDay says whether t is on the present day in one of the places.
func (q *asking) sameDay(t time.Time) bool {
	for _, z := range q.zones {
		if t.In(z).Format(time.DateOnly) == q.Now.In(z).Format(time.DateOnly) {
			return true
		}
	}
	return false
}

// careText: a text for the care of a study that reached the person, or may have.
func (t Touch) careText() bool {
	return t.Out && t.Purpose == StudyCare && t.Channel == SMS && !t.Reply && t.Kind != "note" && t.reached()
}

// careTexts are a person's texts for studies since a time, without what they say.
func (d *Directory) careTexts(ctx context.Context, id PersonID, since time.Time) ([]Touch, error) {
	all, err := d.bare(ctx, id, since, time.Time{})
	return slices.DeleteFunc(all, func(t Touch) bool { return !t.careText() }), err
}

// SentAlone are what went to a person for the care of studies by itself, from a time to another: no member of
// staff wrote it, and it answers nothing. What it says is not in it.
func (d *Directory) SentAlone(ctx context.Context, id PersonID, from, to time.Time) ([]Touch, error) {
	all, err := d.bare(ctx, id, from, to)
	return slices.DeleteFunc(all, func(t Touch) bool {
		return !t.Out || t.Purpose != StudyCare || t.Reply || t.Staff != "" || t.Kind == "note" || t.Outcome == "queued" || !t.reached()
	}), err
}

// bare are a person's contacts from a time to another, by what of them is in clear: nothing sealed is opened.
func (d *Directory) bare(ctx context.Context, id PersonID, from, to time.Time) (out []Touch, err error) {
	for raw, err := range d.touches.Stored(ctx, between("person", string(id), from, to, 0)) {
		if err != nil {
			return nil, err
		}
		var x struct {
			ID      string    `bson:"_id"`
			At      time.Time `bson:"at"`
			Out     bool      `bson:"out"`
			Channel Channel   `bson:"channel"`
			Purpose Purpose   `bson:"purpose"`
			Study   string    `bson:"study"`
			Kind    string    `bson:"kind"`
			Outcome string    `bson:"outcome"`
			Message string    `bson:"message"`
			Staff   string    `bson:"staff"`
			Reply   bool      `bson:"reply"`
		}
		if err := bson.Unmarshal(raw, &x); err != nil {
			return nil, err
		}
		out = append(out, Touch{Meta: docstore.Meta{ID: x.ID}, Person: id, At: x.At.UTC(), Out: x.Out, Channel: x.Channel, Purpose: x.Purpose, Study: x.Study, Kind: x.Kind, Outcome: x.Outcome, Message: x.Message, Staff: x.Staff, Reply: x.Reply})
	}
	return out, nil
}
