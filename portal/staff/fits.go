package staff

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/trial"
)

type fitPanel struct {
	Study, Href string
	Reasons     view.Reasons
	Add         view.Action
}

// fits holds the person against every open study.
func (h *Desk) fits(r *http.Request, k *known, p *personPage) error {
	if h.Matcher == nil {
		p.NoFits = h.T(r, "staff.match.off")
		return nil
	}
	all, err := h.Matcher.For(r.Context(), k.PersonID(), on(r).now.Format(time.DateOnly))
	if errors.Is(err, docstore.ErrNotFound) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("fits: %w", err)
	}
	for _, f := range all {
		panel := fitPanel{Study: string(f.Study), Href: "/staff/studies/" + string(f.Study), Reasons: reasons(f)}
		st, ok := on(r).study(f.Study)
		if !ok {
			continue
		}
		listed := slices.ContainsFunc(k.subjects, func(x trial.Subject) bool { return x.Study == f.Study })
		recruiting, _ := st.Recruiting(on(r).now)
		if f.Verdict != "excluded" && !listed && recruiting && !k.recordsOnly() && on(r).Role.May(members.ChangeSubjects) {
			panel.Add = view.Action{Label: h.T(r, "staff.candidates.add"), Kind: view.Quiet, Icon: "add", Post: panel.Href + "/candidates", Fields: []view.Hidden{{Name: "person", Value: k.ID}}, About: panel.Study}
		}
		p.Fits = append(p.Fits, panel)
	}
	if len(p.Fits) == 0 {
		p.NoFits = h.T(r, "staff.match.none")
	}
	return nil
}

func reasons(f Fit) view.Reasons {
	out := view.Reasons{Verdict: view.Verdict{Is: f.Verdict}}
	if f.Verdict == "possible" {
		out.Verdict.Unknown = len(f.Unknown)
	}
	for _, x := range f.Reasons {
		out.List = append(out.List, view.Reason{Is: x.Is, ID: x.Criterion, Text: x.Text, Why: x.Why, Only: x.Only})
	}
	return out
}
