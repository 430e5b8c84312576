package trial

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/sound"
)

// narrationGrace is how long a sound that was removed can still be fetched: a call may have been told
// where it is just before.
const narrationGrace = time.Hour

// PutNarration takes a file in which somebody says a sentence of a study, in place of the one before. key
// is the sentence's Spoken.Key, name what the file is called. ErrNarration names what is wrong with the
// words or the file.
func (c *Coordinator) PutNarration(ctx context.Context, by audit.Actor, study StudyID, key, name string, file []byte) (n Narration, err error) {
	st, err := c.studies.Get(ctx, string(study))
	if err != nil {
		return n, err
	}
	sentences, err := c.Sentences(ctx, &st)
	if err != nil {
		return n, err
	}
	for _, s := range sentences {
		if s.Spoken().Key() == key {
			n.Lang, n.Words = s.Lang, s.Words
		}
	}
	if n.Words == "" {
		return n, fmt.Errorf("%w: words: the phone says other words now: read them again and record those", ErrNarration)
	}
	clip, err := sound.Read(name, file)
	if err != nil {
		return n, fmt.Errorf("%w: file: %w", ErrNarration, err)
	}
	n.Study, n.Digest, n.Type, n.Bytes, n.Millis = study, digestOf(clip.Data), clip.Type, len(clip.Data), int(clip.Lasts/time.Millisecond)
	n.By, n.At = by.ID, c.now()
	n.ID = "nar_" + digestOf([]byte(strings.Join([]string{string(study), n.Lang, n.Words, n.Digest}, "\x00")))[:40]
	err = c.commit(ctx, audit.Entry{Actor: by, Action: "narration.put", Study: string(study), Reason: n.Lang + " " + key}, func(b *docstore.Batch, _ *audit.Entry) error {
		old, same, err := c.narrationsOf(ctx, n)
		if err != nil {
			return err
		}
		_, broken := c.narrationSound(ctx, n)
		if same.Rev > 0 && same.Removed.IsZero() && broken == nil {
			n = same
			return docstore.Unchanged
		}
		for i := range old {
			old[i].Removed = c.Clock.Wall()
			c.narrations.Replace(b, &old[i])
		}
		if broken != nil {
			if err := c.storeSound(ctx, b, narrationSound{Meta: docstore.Meta{ID: n.ID}, Data: clip.Data}); err != nil {
				return err
			}
		}
		if n.Meta = (docstore.Meta{ID: n.ID, Rev: same.Rev}); same.Rev > 0 {
			c.narrations.Replace(b, &n)
			return nil
		}
		c.narrations.Insert(b, &n)
		return nil
	})
	return n, err
}

// storeSound adds a sound to b, or puts a whole one in the place of a broken one.
func (c *Coordinator) storeSound(ctx context.Context, b *docstore.Batch, s narrationSound) error {
	was, err := c.narrationSounds.Get(ctx, s.ID)
	if errors.Is(err, docstore.ErrNotFound) {
		c.narrationSounds.Insert(b, &s)
		return nil
	}
	s.Meta = was.Meta
	c.narrationSounds.Replace(b, &s)
	return err
}

// narrationsOf finds what there is of the words of n: those with another sound that count, and that with
// the same sound.
func (c *Coordinator) narrationsOf(ctx context.Context, n Narration) (old []Narration, same Narration, err error) {
	for x, err := range c.narrations.Find(ctx, docstore.Query{Eq: []docstore.Field{docstore.E("study", string(n.Study))}}) {
		switch {
		case err != nil:
			return nil, same, err
		case x.ID == n.ID:
			same = x
		case x.Spoken() == n.Spoken() && x.Removed.IsZero():
			old = append(old, x)
		}
	}
	return old, same, nil
}

// RemoveNarration takes a recording away: the synthetic voice says its words from the next call step on.
// docstore.ErrNotFound where the study has no such recording.
func (c *Coordinator) RemoveNarration(ctx context.Context, by audit.Actor, study StudyID, id string) error {
	return c.commit(ctx, audit.Entry{Actor: by, Action: "narration.remove", Study: string(study)}, func(b *docstore.Batch, _ *audit.Entry) error {
		_, err := c.narrations.Edit(ctx, b, id, func(v *Narration) error {
			switch {
			case v.Study != study:
				return docstore.ErrNotFound
			case !v.Removed.IsZero():
				return docstore.Unchanged
			}
			v.Removed = c.Clock.Wall()
			return nil
		})
		return err
	})
}

// SweepNarrations deletes those that were removed an hour ago and their sounds, at most twenty at a time,
// and says how many.
func (c *Coordinator) SweepNarrations(ctx context.Context) (swept int, err error) {
	err = c.commit(ctx, audit.Entry{Actor: System, Action: "narration.sweep"}, func(b *docstore.Batch, _ *audit.Entry) error {
		gone, err := c.narrations.List(ctx, docstore.Query{Range: &docstore.Range{Path: "removed", From: time.Unix(0, 0), To: c.Clock.Wall().Add(-narrationGrace)}, Limit: 20})
		if err != nil {
			return err
		}
		swept = len(gone)
		if swept == 0 {
			return docstore.Unchanged
		}
		for i := range gone {
			c.narrations.Delete(b, &gone[i])
			s, err := c.narrationSounds.Get(ctx, gone[i].ID)
			if err == nil {
				c.narrationSounds.Delete(b, &s)
			} else if !errors.Is(err, docstore.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	return swept, err
}
