package portal

import (
	"context"
	"fmt"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/phone"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/trial"
)

// help is the help line and the footer: who runs the site, the office and the ethics board. It
// says what the studies say, the first one that says anything; there is no other place where an
// installation names itself.
func help(t *trial.Coordinator) func(context.Context, i18n.Lang) (view.Help, error) {
	return func(ctx context.Context, lang i18n.Lang) (view.Help, error) {
		out := view.Help{Emergency: "911"}
		studies, err := t.Studies(ctx)
		if err != nil {
			return out, fmt.Errorf("who runs the site: %w", err)
		}
		for _, s := range studies {
			if out.Operator == "" {
				out.Operator = s.Sponsor
			}
			if out.Board == "" && s.Board.Name != "" && s.Board.Phone != "" {
				out.Board = i18n.T(lang, "public.board", "board", s.Board.Name, "phone", readable(s.Board.Phone))
			}
			for _, x := range s.Sites {
				if n, err := phone.Parse(x.Phone, "US"); err == nil && out.Phone == "" {
					out.Phone, out.Hours = n.E164(), hours(lang, x.Hours)
					if x.Emergency != "" {
						out.Emergency = x.Emergency
					}
				}
			}
		}
		return out, nil
	}
}

func readable(raw string) string {
	if n, err := phone.Parse(raw, "US"); err == nil {
		return view.Phone(n.E164())
	}
	return raw
}

// hours puts office hours such as "Mon-Fri 08:00-17:00" into words; what is written in another
// way is left out.
func hours(lang i18n.Lang, written string) string {
	var parts []string
	for part := range strings.SplitSeq(written, ";") {
		days, times, ok := strings.Cut(strings.TrimSpace(part), " ")
		from, to, ok2 := strings.Cut(times, "-")
		first, last, several := strings.Cut(days, "-")
		a, okA := weekdays[first]
		b, okB := weekdays[last]
		opens, okF := timeOfDay(lang, from)
		closes, okT := timeOfDay(lang, to)
		switch {
		case !ok || !ok2 || !okA || !okF || !okT || several && !okB:
			return ""
		case several:
			parts = append(parts, i18n.T(lang, "public.hours.days", "first", weekday(lang, a), "last", weekday(lang, b), "from", opens, "to", closes))
		default:
			parts = append(parts, i18n.T(lang, "public.hours.day", "day", weekday(lang, a), "from", opens, "to", closes))
		}
	}
	return strings.Join(parts, "; ")
}
