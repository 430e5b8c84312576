package trial

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/survey"
)

// session begins an entry under the stricter of the questionnaire's policy and the plan's.
func (d *DiaryPlan) session(q *survey.Questionnaire, lang i18n.Lang, now time.Time) survey.Session {
	s := survey.NewSession(q, string(lang), now)
	s.Mode = survey.Stricter(s.Mode, d.Mode)
	return s
}

// Unlock lets an entry that is locked to one channel go on by another, and flags it from then on:
// somebody's phone broke, or their web did. ErrRefused without a reason, or where it is not locked.
func (c *Coordinator) Unlock(ctx context.Context, by audit.Actor, response, reason string) (Response, error) {
	if strings.TrimSpace(reason) == "" {
		return Response{}, fmt.Errorf("%w: say why it goes on by another channel", ErrRefused)
	}
	var r Response
	err := c.commit(ctx, audit.Entry{Actor: by, Action: "response.unlock", Reason: reason}, func(b *docstore.Batch, e *audit.Entry) (err error) {
		r, err = c.responses.Edit(ctx, b, response, func(v *Response) error {
			if v.Session.Mode != survey.ModeLocked {
				return fmt.Errorf("%w: it is not locked to a channel", ErrRefused)
			}
			v.Session.Mode = survey.ModeFlagged
			return nil
		})
		e.Person, e.Study = string(r.Person), string(r.Study)
		return err
	})
	return r, err
}
