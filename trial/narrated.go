package trial

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// States of a sentence.
const (
	NarrationRecorded   = "recorded"
	NarrationMissing    = "missing"    // the synthetic voice says it
	NarrationUnreadable = "unreadable" // there is one, and its sound cannot be read: the synthetic voice says it
)

// Narrated is a sentence with what is recorded of it.
type Narrated struct {
	Sentence
	State     string
	Narration Narration // zero where it is missing
}

// NarrationReport is what is recorded of what the phone says in a study.
type NarrationReport struct {
	Sentences []Narrated
	Stale     []Narration // of words that nobody who begins is told any more
}

// NarrationCount counts one language.
type NarrationCount struct {
	Lang                          string
	All, Recorded, Missing, Stale int // what cannot be read is missing
}

// String is the count in a line: "en: 3 of 14 recorded, 11 missing, 1 stale".
func (n NarrationCount) String() string {
	return fmt.Sprintf("%s: %d of %d recorded, %d missing, %d stale", n.Lang, n.Recorded, n.All, n.Missing, n.Stale)
}

// NarrationReport says of every sentence of a study whether it is recorded, and which recordings are of
// words that changed.
func (c *Coordinator) NarrationReport(ctx context.Context, st *Study) (r NarrationReport, err error) {
	sentences, err := c.Sentences(ctx, st)
	if err != nil {
		return r, err
	}
	there, err := c.Narrations(ctx, st.StudyID())
	if err != nil {
		return r, err
	}
	for _, s := range sentences {
		x := Narrated{Sentence: s, State: NarrationMissing}
		if n, ok := there[s.Spoken()]; ok {
			x.State, x.Narration = NarrationRecorded, n
			if !c.Playable(ctx, n) {
				x.State = NarrationUnreadable
			}
			delete(there, s.Spoken())
		}
		r.Sentences = append(r.Sentences, x)
	}
	for _, n := range there {
		r.Stale = append(r.Stale, n)
	}
	slices.SortFunc(r.Stale, func(a, b Narration) int {
		return cmp.Or(cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Words, b.Words))
	})
	return r, nil
}

// Counts are by language.
func (r NarrationReport) Counts() []NarrationCount {
	by := map[string]*NarrationCount{}
	of := func(lang string) *NarrationCount {
		if by[lang] == nil {
			by[lang] = &NarrationCount{Lang: lang}
		}
		return by[lang]
	}
	for _, s := range r.Sentences {
		n := of(s.Lang)
		n.All++
		if s.State == NarrationRecorded {
			n.Recorded++
		} else {
			n.Missing++
		}
	}
	for _, n := range r.Stale {
		of(n.Lang).Stale++
	}
	var all []NarrationCount
	for _, n := range by {
		all = append(all, *n)
	}
	slices.SortFunc(all, func(a, b NarrationCount) int { return cmp.Compare(a.Lang, b.Lang) })
	return all
}

// Lasts is how long the sound is.
func (n Narration) Lasts() time.Duration { return time.Duration(n.Millis) * time.Millisecond }
