package rehearsed

import "fmt"

// Prices are in US cents.
type Prices struct {
	Segment float64 // of a text, out or in
	Minute  float64 // of a call of ours, every one that began
}

// List is what Twilio asks for US local numbers by several published accounts of it (PricesAsOf),
// without carrier fees (a third to two thirds more for a text) and taxes. It is for a first estimate,
// and the one place where rehearsals and pages for staff look.
func List() Prices { return Prices{Segment: 0.83, Minute: 1.4} }

// PricesAsOf is the year of List.
const PricesAsOf = "2026"

// Text is what a text of so many parts costs, as people read it: "$0.017".
func (p Prices) Text(segments int) string {
	return fmt.Sprintf("$%.3f", float64(segments)*p.Segment/100)
}
