package view

// Column is a heading. Num aligns figures at the right; Sort is the address that sorts by it.
type Column struct {
	Label  string
	Num    bool
	Sort   string
	Sorted string // "ascending", "descending" or ""
	Hidden bool   // the heading is for screen readers only
}

// Cell is what stands in a column. What is set is shown, in this order.
type Cell struct {
	Text    string
	Href    string
	Sub     string // a second, smaller line
	Verdict *Verdict
	Chip    *Chip
	Bar     *Bar
	Action  *Action
	Empty   bool // "—", read as "none"
}

// Row is one line. Tone marks it at the left.
type Row struct {
	ID    string
	Tone  Tone
	Cells []Cell
}

// Table is a ledger: caption, columns, rows, foot. On narrow screens each row becomes a card.
type Table struct {
	Caption       string
	CaptionHidden bool
	Columns       []Column
	Rows          []Row
	Foot          []Cell
	Empty         EmptyState
	Pager         *Pager
}

// Column is the heading of cell i, for narrow screens.
func (t Table) Column(i int) Column {
	if i < len(t.Columns) {
		return t.Columns[i]
	}
	return Column{}
}

// Pager moves through a long list by cursor. Shown is "1–50 of 9,870".
type Pager struct {
	Shown      string
	Prev, Next string
}

// Bar is a horizontal bar: Share is 0 to 1 of its column.
type Bar struct {
	Share float64
	Tone  Tone
	Text  string
}

// Funnel is a chart of steps as bars with their figures at the end, and the table of the same.
type Funnel struct {
	Title string
	Steps []FunnelStep
}

// FunnelStep is one bar. Figure is what stands at its end; "" is Count.
type FunnelStep struct {
	Label  string
	Count  int
	Figure string
	Note   string
	Tone   Tone
}

// Top is the largest count.
func (f Funnel) Top() int {
	top := 0
	for _, s := range f.Steps {
		top = max(top, s.Count)
	}
	return top
}

// Split is one bar of eligible, possible and excluded people.
type Split struct{ Eligible, Possible, Excluded int }

// Total is everybody considered.
func (s Split) Total() int { return s.Eligible + s.Possible + s.Excluded }

// Board is the pipeline: a column per status.
type Board struct {
	Label string
	Lanes []Lane
}

// Lane is one status with its people. Oldest is "2 d 3 h".
type Lane struct {
	Title  string
	Count  int
	Oldest string
	Late   bool
	Cards  []LaneCard
	More   string // address of the rest
}

// LaneCard is one person in a lane.
type LaneCard struct {
	Initials string
	Href     string
	Age      string // days in this status
	Late     bool
	Next     string // "Call by Thu noon"
	Verdict  *Verdict
}
