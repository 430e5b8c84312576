package rehearsed

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// day is how a moment is written.
const day = "Mon 2 Jan 15:04"

// Local writes a moment on a clock.
func Local(t time.Time, zone *time.Location) string { return t.In(zone).Format(day) }

// Write prints the report as plain text, week by week.
func (r *Report) Write(w io.Writer) error {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s, %d weeks with %s, %s, %s. Nothing was sent.", r.Study, r.Ask.Weeks, r.Ask.Persona, r.Ask.Language, r.Zone)
	for _, n := range r.Notes {
		line("Note: %s", n)
	}
	for _, week := range r.Weeks() {
		line("\nWeek %d", week.N)
		for _, l := range week.Lines {
			line("  %-16s  %s%s", l.Local, l.head(), l.there())
			for _, s := range strings.Split(l.Words, "\n") {
				if s != "" {
					line("      %s", s)
				}
			}
			for _, s := range l.Said {
				if s.Recorded {
					line("    ♪ “%s”", s.Words)
				} else if s.Us {
					line("      “%s”", s.Words)
				} else {
					line("      → %s", s.Words)
				}
			}
			if !l.ShiftedFrom.IsZero() {
				line("      waited since %s: %s", Local(l.ShiftedFrom, zone), l.Why)
			}
		}
		for _, d := range week.DeadEnds {
			line("  %-16s  ! %s", d.Local, d.Text)
		}
	}
	t := r.Totals
	line("\n%d texts out, %d in, %d segments; %d calls, %d picked up, %d minutes; about $%.2f.", t.TextsOut, t.TextsIn, t.Segments, t.Calls, t.PickedUp, t.Minutes, t.Cents/100)
	line("Diary: %d of %d entries complete. Visits: %d, %d confirmed. Alerts: %d. Waited for the hour: %d. Dead ends: %d.", t.Completed, t.Entries, t.Visits, t.Confirmed, t.Alerts, t.Shifted, len(r.DeadEnds))
	if !r.Finished() {
		line("Not finished: the time for rehearsing was over at %s.", Local(r.Reached, zone))
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// head is what a line is, in words.
func (l *Line) head() string {
	to := map[bool]string{true: "to ", false: "from "}[l.Out]
	switch l.Kind {
	case Text:
		return fmt.Sprintf("text %s%s, %d segments", to, l.With, l.Segments)
	case Call:
		return fmt.Sprintf("call %s%s: %s, %d min", to, l.With, l.Outcome, l.Minutes)
	}
	return l.Kind
}

// there is the time at the site, where it is another.
func (l *Line) there() string {
	if l.AtSite == "" {
		return ""
	}
	return " (" + l.AtSite + " at the site)"
}
