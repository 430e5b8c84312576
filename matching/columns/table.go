package columns

import (
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// Row is one person as a table takes them in.
type Row struct {
	ID     string
	Home   geo.Point // not Located: unknown
	Last   time.Time // when we last wrote or called, to the second; zero: never
	Waiver string    // the only study they may be held against; "": every one
	Own
	Studies map[string]Own // what studies with facts of their own see in place of Own
}

// Own is what the registry, or one study, may see of a person.
type Own struct {
	Person eval.Person // without Distances, which the study's sites give
	Asked  eval.Date   // they said on this day that they are in no other study, nor were for thirty days
}

// Query is one question to a table.
type Query struct {
	Study   string
	Items   []eval.Criterion
	AsOf    eval.Date // a full date
	Sites   []Site
	Settled map[string]bool                 // who is neither counted nor listed, by id
	Busy    map[string][]eval.Participation // in studies of ours, by id
}

// Site is a place people would travel to.
type Site struct {
	ID string
	At geo.Point
}

// Counts is how many people are in each class. Those who have died are excluded.
type Counts struct{ Eligible, Possible, Excluded int }

// Cost is what one item does among the living. Dropped is by how much the classes would grow
// (or shrink, below zero) if the item were dropped.
type Cost struct {
	Excluded int // known to fail it
	Only     int // of these, those who fail nothing else
	Unknown  int // possible people about whom it is not known
	Left     int // not known to fail it or any item before it
	Dropped  Counts
}

// Answer is what one pass over the table gives; Costs are in the order of the items.
type Answer struct {
	Counts
	Costs []Cost
}
