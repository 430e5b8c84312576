package staff

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

type cardPage struct {
	view.Page
	ID        string
	Name      string
	Facts     []view.Pair
	Keys      []view.Pair
	Lines     []string
	Emergency string
	Other     view.Link // the same in the other language
}

func (*cardPage) Template() string { return "staff/card" }
func (*cardPage) Layout() string   { return "print" }

// card prints what a participant keeps by the phone, in large print and their language. It
// names no study.
func (h *Desk) card(w http.ResponseWriter, r *http.Request) error {
	s := on(r)
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	if !k.revealed {
		h.site.Flash(r, view.Notice, h.T(r, "staff.card.reveal"))
		return web.Redirect(w, r, "/staff/people/"+k.ID)
	}
	if err := h.People.Saw(r.Context(), s.Actor(), &k.Person, "person.print", "card", ""); err != nil {
		return err
	}
	lang := i18n.Lang(cmp.Or(r.URL.Query().Get("in"), string(k.Language)))
	other := i18n.Es
	if lang != i18n.Es {
		lang, other = i18n.En, i18n.Es
	} else {
		other = i18n.En
	}
	r = r.WithContext(context.WithValue(r.Context(), paperLang{}, string(lang)))
	t := func(key string, pairs ...any) string { return i18n.T(lang, key, pairs...) }
	p := &cardPage{Page: view.Page{Title: t("participant.card.title"), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: k.ID, Name: k.Name(),
		Other: view.Link{Label: languageName(other), Href: "/staff/people/" + k.ID + "/card?in=" + string(other)}}
	p.Facts = append(p.Facts, view.Pair{Term: t("participant.card.ours"), Value: view.Phone(h.Office)})
	emergency := "911"
	for _, sub := range k.subjects {
		st, ok := s.study(sub.Study)
		if !ok || !sub.Status.AfterConsent() {
			continue
		}
		h.cardStudy(p, st, sub, lang, &emergency)
		break
	}
	if len(p.Facts) == 1 && len(s.sites) > 0 {
		p.Facts = append(p.Facts, view.Pair{Term: t("participant.card.office"), Value: view.Phone(e164(s.sites[0].Phone))})
		emergency = cmp.Or(s.sites[0].Emergency, emergency)
	}
	p.Keys = []view.Pair{{Term: "1", Value: t("participant.card.key.yes")}, {Term: "2", Value: t("participant.card.key.no")}, {Term: "0", Value: t("participant.card.key.person")},
		{Term: "*", Value: t("participant.card.key.again")}, {Term: "* *", Value: t("participant.card.key.more")}, {Term: "9", Value: t("participant.card.key.nocalls")}}
	p.Lines = []string{t("participant.card.pin"), t("participant.card.stop")}
	p.Emergency = t("participant.card.emergency", "number", emergency)
	return h.site.Render(w, r, http.StatusOK, p)
}

// cardStudy adds whom to call and when we call, by the neutral name alone.
func (h *Desk) cardStudy(p *cardPage, st trial.Study, sub trial.Subject, lang i18n.Lang, emergency *string) {
	t := func(key string, pairs ...any) string { return i18n.T(lang, key, pairs...) }
	if name := cmp.Or(st.NeutralName[string(lang)], st.NeutralName["en"]); name != "" {
		p.Facts = append([]view.Pair{{Term: t("participant.card.who"), Value: sentenceCase(name)}}, p.Facts...)
	}
	for _, d := range st.Plans() {
		if d.CallAt == "" {
			continue
		}
		if at, err := time.Parse("15:04", d.CallAt); err == nil {
			p.Facts = append(p.Facts, view.Pair{Term: t("participant.card.call"), Value: i18n.TimeOfDay(lang, at)})
		}
	}
	if site, ok := st.Site(sub.Site); ok {
		p.Facts = append(p.Facts, view.Pair{Term: t("participant.card.office"), Value: view.Phone(e164(site.Phone))})
		*emergency = cmp.Or(site.Emergency, *emergency)
	}
	if sub.Number != "" {
		p.Facts = append(p.Facts, view.Pair{Term: t("participant.card.number"), Value: sub.Number}, view.Pair{Term: t("participant.card.dial"), Value: trial.Dial(sub.Number)})
	}
}
