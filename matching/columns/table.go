package columns

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// ErrDay marks a day a table cannot answer for: not a full date, or one before the table's own,
// which is past.
var ErrDay = errors.New("the index answers for its own day and later ones")

// ErrNobody marks somebody a table does not know.
var ErrNobody = errors.New("the index knows nobody of this id")

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
	Person eval.Person // without Distances, which the study's sites give, and without Overrides
	Asked  eval.Date   // they said on this day that they are in no other study, nor were for AskedDays
}

// AskedDays is how far back a question after other studies asks. A yes is taken to hold as long again;
// after that nobody knows.
const AskedDays = 30

// Table holds everybody. Safe for concurrent use: whoever asks sees each person whole, as they were
// put before the question began.
//
// Rows are only ever added; somebody put anew gets a new row, and the old one dies. So a question's
// bits, once found for a block that is full, stay right for as long as the day does.
type Table struct {
	waiting sync.Mutex
	pending []change // not yet merged

	mu    sync.RWMutex // held by a question throughout
	floor int          // the table's day, as a number
	rows  uint32
	dead  uint32 // of these
	live  bitset
	ids   ids
	last  []uint32 // seconds since 1970; 0: never

	home      []uint16 // index into points
	located   bitset
	elsewhere bitset // at points for which there was no number left
	points    []geo.Point
	pointOf   map[geo.Point]uint16
	onTheWay  sync.Mutex
	routes    map[geo.Point][]int32 // metres from a site to each of points

	birth, died      column
	birthOdd, isDead bitset
	traits           []*trait
	facts            map[eval.Code]*facts
	lists            map[listKey]*listed
	listed           int                   // grows with them, and when one comes to hold denials
	kin              map[listKey][]*listed // the same, by category
	pregnancies      []*listed
	complete         map[string]*bitset // list: who confirmed that it is
	statuses         map[string]bool
	ended            column // last day in another study
	trialsOdd        bitset
	asked            column
	visited          column // last visit, as facts tell
	visitOdd         bitset
	waivers          map[string]*bitset // study: who may be held against it alone
	waived           bitset
	coming           []*facts           // of whoever is being put: what they have facts in
	own              map[string]*bitset // study: of whom it has facts of its own
	kept             map[uint32]*kept   // of whom more is to say than the columns hold

	cache  cache
	passes sync.Pool // of *pass, whose bits are written over
}

// change is somebody put, dropped, or written to.
type change struct {
	row  *Row
	what int
}

const (
	put = iota
	drop
	touch
)

// mostWaiting is how many changes may wait for the next question.
const mostWaiting = 4096

// New returns an empty table that answers for the day and later ones.
func New(day eval.Date) *Table {
	t := &Table{
		points: make([]geo.Point, 1), pointOf: map[geo.Point]uint16{}, routes: map[geo.Point][]int32{},
		traits: newTraits(), facts: map[eval.Code]*facts{}, lists: map[listKey]*listed{}, kin: map[listKey][]*listed{}, complete: map[string]*bitset{},
		statuses: map[string]bool{}, waivers: map[string]*bitset{}, own: map[string]*bitset{}, kept: map[uint32]*kept{},
	}
	t.floor, _ = day.Day()
	return t
}

// Put takes people in, each in place of what was known of them. They count from the next question on.
func (t *Table) Put(rows ...Row) {
	rows = slices.Clone(rows)
	t.waiting.Lock()
	for i := range rows {
		t.pending = append(t.pending, change{&rows[i], put})
	}
	full := len(t.pending) >= mostWaiting
	t.waiting.Unlock()
	if full {
		t.merge()
	}
}

// Drop forgets people.
func (t *Table) Drop(ids ...string) {
	t.waiting.Lock()
	defer t.waiting.Unlock()
	for _, id := range ids {
		t.pending = append(t.pending, change{&Row{ID: id}, drop})
	}
}

// Touch notes that we wrote to somebody, or called.
func (t *Table) Touch(id string, at time.Time) {
	t.waiting.Lock()
	defer t.waiting.Unlock()
	t.pending = append(t.pending, change{&Row{ID: id, Last: at}, touch})
}

// Len is how many people the table holds.
func (t *Table) Len() int {
	defer t.read()()
	return int(t.rows - t.dead)
}

// Dead is how many rows are of people put anew since, or dropped.
func (t *Table) Dead() int {
	defer t.read()()
	return int(t.dead)
}

// Has says whether the table holds somebody.
func (t *Table) Has(id string) bool {
	defer t.read()()
	row, ok := t.ids.find(id)
	return ok && t.live.has(row)
}

// Last is when we last wrote to somebody or called, to the second; zero: never, or nobody.
func (t *Table) Last(id string) time.Time {
	defer t.read()()
	if row, ok := t.ids.find(id); ok && t.last[row] > 0 {
		return time.Unix(int64(t.last[row]), 0).UTC()
	}
	return time.Time{}
}

// Day moves the table's day on; it never goes back.
func (t *Table) Day(d eval.Date) {
	if day, ok := d.Day(); ok {
		t.merge()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.floor = max(t.floor, day)
	}
}

// read merges what waits and keeps writers out until done is called.
func (t *Table) read() (done func()) {
	t.merge()
	t.mu.RLock()
	return t.mu.RUnlock
}

func (t *Table) merge() {
	t.waiting.Lock()
	empty := len(t.pending) == 0
	t.waiting.Unlock()
	if empty {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting.Lock()
	changes := t.pending
	t.pending = nil
	t.waiting.Unlock()
	for i := range changes {
		switch c := &changes[i]; c.what {
		case put:
			t.put(c.row)
		case drop:
			t.drop(c.row.ID)
		case touch:
			t.touch(c.row.ID, c.row.Last)
		}
	}
}

func (t *Table) drop(id string) {
	if row, ok := t.ids.find(id); ok && t.live.has(row) {
		t.bury(row)
	}
}

func (t *Table) touch(id string, at time.Time) {
	if row, ok := t.ids.find(id); ok {
		t.last[row] = max(t.last[row], seconds(at))
	}
}

// seconds is a moment as a column holds it.
func seconds(at time.Time) uint32 {
	if at.IsZero() {
		return 0
	}
	return uint32(max(at.Unix(), 1))
}

func (t *Table) bury(row uint32) {
	if t.live.has(row) {
		t.live.clear(row)
		t.dead++
		delete(t.kept, row)
	}
}

func (t *Table) put(r *Row) {
	row := t.rows
	if before, had := t.ids.add(r.ID); had {
		t.bury(before)
	}
	t.rows++
	t.live.set(row)
	t.last = append(t.last, seconds(r.Last))
	at, numbered := t.point(r.Home)
	t.home = append(t.home, at)
	if r.Home.Located() {
		t.located.set(row)
	}
	if !numbered {
		t.elsewhere.set(row)
	}

	p := &r.Person
	keep := !t.putPerson(row, r) || !numbered
	if !t.putFacts(row, p) {
		keep = true
	}
	if !t.putLists(row, p) {
		keep = true
	}
	if r.Waiver != "" {
		t.waived.set(row)
		in(t.waivers, r.Waiver).set(row)
	}
	for study := range r.Studies {
		in(t.own, study).set(row)
		keep = true
	}
	if keep {
		own := *r // and not the batch it came in
		t.kept[row] = &kept{row: &own}
	}
}

// putPerson takes in what is no fact. False: some of it is odd.
func (t *Table) putPerson(row uint32, r *Row) bool {
	p := &r.Person
	regular := true
	switch day, full := p.BirthDate.Day(); {
	case full && day <= t.floor:
		t.birth.set(row, int64(day))
	case p.BirthDate != "":
		t.birthOdd.set(row)
		regular = false
	}
	if first, _, ok := p.Died.Span(); ok {
		t.died.set(row, int64(first))
	} else if p.Dead {
		t.isDead.set(row)
	}
	for _, x := range t.traits {
		x.put(row, p)
	}
	for _, list := range listNames() {
		if confirmed(&p.Lists, list) != "" {
			in(t.complete, list).set(row)
		}
	}
	switch all := p.Participations; {
	case len(all) == 0:
	case len(all) == 1 && all[0].Study == AnotherStudy && all[0].From == "" && all[0].To != "" && early(all[0].To, t.floor):
		day, _ := all[0].To.Day()
		t.ended.set(row, int64(day))
	default:
		t.trialsOdd.set(row)
		regular = false
	}
	if r.Asked != "" {
		if day, full := r.Asked.Day(); full {
			t.asked.set(row, int64(day))
		} else {
			t.trialsOdd.set(row)
			regular = false
		}
	}
	switch {
	case p.LastVisit == "":
	case early(p.LastVisit, t.floor):
		day, _ := p.LastVisit.Day()
		t.visited.set(row, int64(day))
	default:
		t.visitOdd.set(row)
		regular = false
	}
	return regular
}

// AnotherStudy is the name of a study nobody named.
const AnotherStudy = "another study"

func listNames() []string {
	return []string{eval.FactCondition, eval.FactMedication, eval.FactAllergy, eval.FactProcedure, listTrials}
}

// listTrials is the list of studies somebody was in.
const listTrials = "trial"

func confirmed(l *eval.Lists, list string) eval.Date {
	switch list {
	case eval.FactCondition:
		return l.Conditions
	case eval.FactMedication:
		return l.Medications
	case eval.FactAllergy:
		return l.Allergies
	case eval.FactProcedure:
		return l.Procedures
	}
	return l.Trials
}

func in(sets map[string]*bitset, name string) *bitset {
	s := sets[name]
	if s == nil {
		s = &bitset{}
		sets[name] = s
	}
	return s
}

// point is the number of a point; not ok: there are more than 65,535, which no country's ZIP codes are.
func (t *Table) point(p geo.Point) (i uint16, ok bool) {
	if !p.Located() {
		return 0, true
	}
	i, known := t.pointOf[p]
	if !known {
		if len(t.points) == 1<<16 {
			return 0, false
		}
		i = uint16(len(t.points))
		t.points, t.pointOf[p] = append(t.points, p), i
	}
	return i, true
}
