package ivr

import (
	"context"
	"errors"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// plan is the study of a call or text and which of its plans the questions belong to: that of its
// response, where there is none the first. d is nil where the study asks nothing by it any more.
func (o *Operator) plan(ctx context.Context, c *call) (st trial.Study, d *trial.DiaryPlan, err error) {
	if st, err = o.Trial.Study(ctx, c.Study); err != nil {
		return st, nil, err
	}
	if c.Response == "" {
		if all := st.Plans(); len(all) > 0 {
			d = all[0]
		}
		return st, d, nil
	}
	r, err := o.Trial.Response(ctx, c.Response)
	if err == nil {
		return st, st.PlanOf(&r), nil
	}
	if !errors.Is(err, docstore.ErrNotFound) {
		return st, nil, err
	}
	due, err := o.Trial.Due(ctx, c.Person, o.now()) // it is stored when it is begun
	for _, r := range due {
		if r.ID == c.Response {
			d = st.PlanOf(&r)
		}
	}
	return st, d, err
}

// another says whether something else waits to be asked on this call, once rec is done.
func (o *Operator) another(ctx context.Context, c *call, rec trial.Recorded) (bool, error) {
	if rec.Response.Practice {
		return false, nil
	}
	due, err := o.dueNow(ctx, c)
	return len(due) > 0, err
}

// askAnother offers the questions of another entry after those of one are done.
func (c *call) askAnother() Gather { return c.ask(1, say(c.Lang, "voice.another")) }

// goOn takes 1 to go on with what else is due.
func (o *Operator) goOn(ctx context.Context, c *call, keys string) (Script, error) {
	if keys != "1" {
		return o.again(ctx, c)
	}
	c.Response, c.Outcome = "", ""
	return o.beginSurvey(ctx, c)
}
