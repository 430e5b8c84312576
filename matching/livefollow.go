package matching

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/matching/columns"
)

// Progress hears how many people of how many a rebuild has read.
type Progress func(done, total int)

// manyChanges is how many people are read anew at a time.
const manyChanges = 512

// keepsDead is how long a table may hold what was known of somebody before they changed.
const keepsDead = 24 * time.Hour

// Tick takes in what changed since the last one; the first takes in everybody. The table is made anew
// when somebody in it was erased, when half of it is of people who have changed since, and every day.
func (x *Live) Tick(ctx context.Context) error {
	x.ticking.Lock()
	defer x.ticking.Unlock()
	if x.token == nil {
		if err := x.begin(ctx); err != nil {
			return err
		}
	}
	if t := x.table.Load(); x.purge.Load() || t.Dead() > max(t.Len(), manyChanges) || t.Dead() > 0 && x.now().Sub(x.built) >= keepsDead {
		if err := x.rebuild(ctx, nil); err != nil {
			return err
		}
	}
	x.table.Load().Day(x.today())
	if err := x.follow(ctx); err != nil {
		return err
	}
	if s := x.Snapshot; s != nil && x.stale && x.now().Sub(x.saved) >= s.Every {
		return x.save()
	}
	return nil
}

// begin starts from the snapshot, or else from everybody.
func (x *Live) begin(ctx context.Context) error {
	if x.Snapshot != nil {
		t, token, err := x.Snapshot.load()
		if err == nil && len(token) > 0 {
			x.table.Store(t)
			x.token, x.saved, x.built = token, x.now(), x.now()
			return nil
		}
		if err != nil && !errors.Is(err, columns.ErrSnapshot) {
			return err
		}
	}
	return x.rebuild(ctx, x.Progress)
}

// Save writes the snapshot if anything has changed since.
func (x *Live) Save() error {
	x.ticking.Lock()
	defer x.ticking.Unlock()
	if x.Snapshot == nil || !x.stale || len(x.token) == 0 {
		return nil
	}
	return x.save()
}

// Copied forgets the snapshot: the database is not the one it was made of.
func (x *Live) Copied() error {
	if x.Snapshot == nil {
		return nil
	}
	return x.Snapshot.forget()
}

func (x *Live) save() error {
	x.saved = x.now() // also if it fails: not again at once
	if err := x.Snapshot.save(x.table.Load(), x.token); err != nil {
		return err
	}
	x.stale = false
	return nil
}

// Rebuild makes the table anew from the database. Questions are answered from the old one meanwhile.
func (x *Live) Rebuild(ctx context.Context, p Progress) error {
	x.ticking.Lock()
	defer x.ticking.Unlock()
	return x.rebuild(ctx, p)
}

// follow reads the feed, and then the people it names, so that of many changes to one person only the
// last is read.
func (x *Live) follow(ctx context.Context) error {
	changed, last := map[contacts.PersonID]bool{}, map[contacts.PersonID]time.Time{}
	take := func() error {
		for id := range changed {
			if err := x.Refresh(ctx, id); err != nil {
				return err
			}
		}
		for id, at := range last {
			x.table.Load().Touch(string(id), at)
		}
		clear(changed)
		clear(last)
		return nil
	}
	token := x.token
	for item, err := range x.driver.Changes(ctx, x.token) {
		if err != nil {
			return fmt.Errorf("follow changes for matching: %w", err)
		}
		if c := item.Collection; c != "" && (c == x.TrialsIn || c == x.VisitsIn) {
			x.single.old.Store(true)
		}
		switch item.Collection {
		case "people", "charts":
			changed[contacts.PersonID(item.ID)] = true
		case "touches":
			id, at, err := touched(item.Change)
			if err != nil {
				return err
			}
			if id != "" && at.After(last[id]) {
				last[id] = at
			}
		}
		token, x.stale = item.Token, true
		if len(changed) >= manyChanges {
			if err := take(); err != nil {
				return err
			}
			x.token = token
		}
	}
	if err := take(); err != nil {
		return err
	}
	x.token = token
	return nil
}

// touched says whom we wrote to or called, and when; "" for other touches.
func touched(c docstore.Change) (contacts.PersonID, time.Time, error) {
	if c.Deleted {
		return "", time.Time{}, nil
	}
	// Only what stands there in clear; the words of a message are nobody's business here.
	var t struct {
		Person contacts.PersonID `bson:"person"`
		At     time.Time         `bson:"at"`
		Out    bool              `bson:"out"`
	}
	if err := bson.Unmarshal(c.Body, &t); err != nil {
		return "", time.Time{}, fmt.Errorf("read touch %s: %w", c.ID, err)
	}
	if !t.Out {
		return "", time.Time{}, nil
	}
	return t.Person, t.At, nil
}

// Refresh takes in one person at once, for what has just changed about them.
func (x *Live) Refresh(ctx context.Context, id contacts.PersonID) error {
	t := x.table.Load()
	x.single.old.Store(true)
	r, err := x.single.read(ctx, id)
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		if !t.Has(string(id)) {
			return nil
		}
		t.Drop(string(id))
		x.purge.Store(true) // what was known of them is in the table until it is made anew
		return x.Copied()
	case err != nil:
		return fmt.Errorf("match %s anew: %w", id, err)
	}
	row := r.row()
	row.Last = t.Last(row.ID)
	t.Put(row)
	return nil
}

// rebuild reads everybody into a new table. What changes meanwhile is in the feed behind the token.
func (x *Live) rebuild(ctx context.Context, progress Progress) error {
	total, err := x.people.Count(ctx)
	if err != nil {
		return fmt.Errorf("read everybody for matching: %w", err)
	}
	x.purge.Store(false)
	token, last := x.token, x.table.Load().Last
	if token == nil {
		if token, err = x.driver.End(ctx); err != nil {
			return fmt.Errorf("read everybody for matching: %w", err)
		}
		outs, err := x.people.LastOuts(ctx)
		if err != nil {
			return fmt.Errorf("read everybody for matching: %w", err)
		}
		last = func(id string) time.Time { return outs[contacts.PersonID(id)] }
	}
	t := columns.New(x.today())
	var telling sync.Mutex
	done := 0
	err = eachPage(ctx, x.people, contacts.Some{}, runtime.GOMAXPROCS(0), func(_ int, page contacts.Page, people []contacts.Charted) error {
		rows := make([]columns.Row, 0, len(people))
		for i := range people {
			if r := newRecord(&people[i].Person, &people[i].Chart); r.profile != nil {
				r.last = last(string(r.id))
				rows = append(rows, r.row())
			}
		}
		t.Put(rows...)
		telling.Lock()
		defer telling.Unlock()
		if done += page.Read; progress != nil {
			progress(done, total)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read everybody for matching: %w", err)
	}
	x.single.old.Store(true)
	x.table.Store(t)
	x.stale, x.built, x.token = true, x.now(), token
	return nil
}
