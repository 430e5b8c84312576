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

// more says whether something else waits to be asked on this call, once rec is done.
func (o *Operator) more(ctx context.Context, c *call, rec trial.Recorded) (bool, error) {
	if rec.Response.Practice {
		return false, nil
	}
	other := *c
	other.Response = ""
	all, err := o.dueOn(ctx, &other)
	for _, r := range all {
		if r.ID != rec.Response.ID {
			return true, err
		}
	}
	return false, err
}

// askMore offers the questions of another entry after those of one are done.
func (o *Operator) askMore(c *call) Script {
	c.Stage = atMore
	return Script{c.ask(1, say(c.Lang, "voice.more"))}
}

// goOn takes 1 to go on with what else is due.
func (o *Operator) goOn(ctx context.Context, c *call, keys string) (Script, error) {
	switch keys {
	case "1":
		c.Response, c.Outcome = "", ""
		return o.beginSurvey(ctx, c)
	case "0":
		return o.toPerson(ctx, c)
	}
	return o.again(c, c.ask(1, say(c.Lang, "voice.more"))), nil
}
