package view

import "time"

// Data is what the renderer takes: a pointer to a page's own struct, which embeds Page.
// Template names the page as "set/file", for instance "staff/person".
type Data interface {
	Template() string
	Envelope() *Page
}

// Page is the envelope every page struct embeds. A handler sets Title and, where it needs
// them, Lead, Errors, Back, Wide; the rest is filled by web.Site from the request.
type Page struct {
	Title  string // the heading and the tab; no personal data on public pages
	Lead   string // one sentence under the heading; "" for none
	Back   *Link  // "Back" above the heading
	Errors []FieldError
	Wide   bool // staff: use the full width (boards, wide tables)
	Bare   bool // the page writes its own heading: no h1 from the layout

	Lang      string
	Languages []Language
	Path      string    // where we are, without query
	Now       time.Time // business time, in the zone the reader lives in
	Flash     []Flash
	User      *User
	Nav       []NavItem
	Help      Help
	Demo      *DemoBar
}

// Envelope returns the page itself, so that layouts need not know the struct around it.
func (p *Page) Envelope() *Page { return p }

// Link is a place to go.
type Link struct{ Label, Href string }

// Language is one choice of the language switch. Name is in its own language.
type Language struct {
	Code, Name, Href string
	Current          bool
}

// User is who is signed in, as the header shows it.
type User struct {
	Name    string
	Role    string // "" for participants
	SignOut string // where the sign-out form posts
}

// NavItem is one entry of the navigation; at most ten. Count is shown as a badge when not 0;
// Urgent colours it.
type NavItem struct {
	Label, Href, Icon string
	Count             int
	Urgent            bool
	Current           bool
}

// Help is how to reach people, shown at the same place of every page.
type Help struct {
	Phone     string // E.164; "" hides the line
	Hours     string // "Monday to Friday, 8:00 am to 5:00 pm"
	Emergency string // "911"; "" hides the line
	CallMe    string // address of the "Call me instead" form; "" hides it
	Operator  string // who runs this site: "Larkfield University Hospital"
	Board     string // the ethics board's name and phone as one sentence
	Privacy   string // address of the privacy page
}

// FlashKind is how a flash looks and is announced.
type FlashKind string

// The three kinds of flash.
const (
	Done    FlashKind = "done"
	Notice  FlashKind = "notice"
	Problem FlashKind = "problem"
)

// Flash is a sentence shown once, on the page after the one that did something.
type Flash struct {
	Kind FlashKind
	Text string
}

// FieldError is one line of the error summary: the field's id and the mend.
type FieldError struct{ Field, Text string }

// DemoBar is shown on every page of the demo. Action takes the clock forms: POST with
// by=1h, by=1d or by=next.
type DemoBar struct {
	Clock  time.Time
	Action string
	Next   string // what the next event is: "Mon 6:30 pm, call to Rosa"; "" disables the button
	Links  []Link // tour, phones
	Return string // where to come back to
}
