package staff

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/muster-health/muster/contacts"
	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/portal/web"
)

type permissionsPage struct {
	view.Page
	ID     string
	Stands view.Table
	Fields []view.Field
	Ledger view.Table
}

func (*permissionsPage) Template() string { return "staff/permissions" }

// permissions shows the ledger and takes down what a person says about being contacted.
func (h *Desk) permissions(w http.ResponseWriter, r *http.Request) error {
	return h.showPermissions(w, r, http.StatusOK, nil)
}

func channels() []contacts.Channel {
	return []contacts.Channel{contacts.SMS, contacts.Voice, contacts.Call, contacts.ByEmail, contacts.Letter}
}

func (h *Desk) showPermissions(w http.ResponseWriter, r *http.Request, status int, f *web.Form) error {
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	p := &permissionsPage{Page: view.Page{Title: h.T(r, "staff.permissions.of", "who", k.label()), Lead: h.T(r, "staff.permissions.lead"), Back: &view.Link{Label: k.label(), Href: "/staff/people/" + k.ID}}, ID: k.ID}
	p.Stands = view.Table{Caption: h.T(r, "staff.permissions.now"), Columns: []view.Column{{Label: h.T(r, "staff.permissions.channel")}, {Label: h.word(r, "staff.purpose.", "recruitment")}, {Label: h.word(r, "staff.purpose.", "study")}}}
	for _, c := range channels() {
		row := view.Row{Cells: []view.Cell{{Text: sentenceCase(h.word(r, "staff.channel.many.", string(c)))}}}
		for _, purpose := range []contacts.Purpose{contacts.Recruitment, contacts.StudyCare} {
			last, granted, found := contacts.Stands(k.Consents, purpose, c, "")
			cell := view.Cell{Empty: true}
			if found {
				cell = view.Cell{Chip: &view.Chip{Text: h.T(r, "staff.no"), Tone: view.Red, Icon: "do_not_disturb"}, Sub: view.DayMonthYear("en", last.At.In(on(r).zone))}
				if granted {
					cell.Chip = &view.Chip{Text: h.T(r, "staff.yes"), Tone: view.Green, Icon: "check"}
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Stands.Rows = append(p.Stands.Rows, row)
	}
	if on(r).Role.May(members.ChangePeople) {
		p.Fields = []view.Field{
			view.Field{Kind: view.KindRadio, Name: "says", Label: h.T(r, "staff.permissions.says"), Options: h.coded(r, "staff.permissions.", "grant", "revoke")}.From(f),
			view.Field{Kind: view.KindChecks, Name: "channel", Label: h.T(r, "staff.permissions.channel"), Options: h.channelOptions(r)}.From(f),
			view.Field{Kind: view.KindChecks, Name: "purpose", Label: h.T(r, "staff.permissions.purpose"), Options: h.coded(r, "staff.purpose.", "recruitment", "study")}.From(f),
			view.Field{Kind: view.KindArea, Name: "evidence", Label: h.T(r, "staff.permissions.evidence"), Hint: h.T(r, "staff.permissions.evidence.hint"), Rows: 2, Max: 500}.From(f),
		}
	}
	p.Ledger = view.Table{Caption: h.T(r, "staff.permissions.ledger"), Empty: view.EmptyState{Text: h.T(r, "staff.permissions.none")}, Columns: []view.Column{{Label: h.T(r, "staff.time")}, {Label: h.T(r, "staff.permissions.said")}, {Label: h.T(r, "staff.permissions.how")}, {Label: h.T(r, "staff.event.wording")}}}
	for _, c := range slices.Backward(k.Consents) {
		e := h.consentEvent(r, c)
		how := view.Cell{Text: e.By}
		if k.revealed {
			how.Sub = c.Evidence
		}
		p.Ledger.Rows = append(p.Ledger.Rows, view.Row{Cells: []view.Cell{{Text: view.When("en", c.At.In(on(r).zone)), Sub: fmt.Sprint(c.At.In(on(r).zone).Year())}, {Text: e.Title, Sub: c.Study}, how, {Text: c.Wording, Empty: c.Wording == ""}}})
	}
	p.Errors = h.problems(p.Fields...)
	return h.site.Render(w, r, status, p)
}

func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	t := sentence(s)
	return t[:len(t)-1]
}

func (h *Desk) channelOptions(r *http.Request) []view.Option {
	var out []view.Option
	for _, c := range channels() {
		out = append(out, view.Option{Value: string(c), Label: sentenceCase(h.word(r, "staff.channel.many.", string(c)))})
	}
	return out
}

func (h *Desk) setPermissions(w http.ResponseWriter, r *http.Request) error {
	f, err := h.site.Form(w, r)
	if err != nil {
		return err
	}
	k, err := h.personOf(r)
	if err != nil {
		return err
	}
	says := f.Choice("says", h.coded(r, "staff.permissions.", "grant", "revoke"))
	chosen := f.Choices("channel", h.channelOptions(r))
	purposes := f.Choices("purpose", h.coded(r, "staff.purpose.", "recruitment", "study"))
	evidence := f.Text("evidence", web.Max(500), web.Missing(h.T(r, "staff.permissions.evidence.missing")))
	if len(chosen) == 0 {
		f.Refuse("channel", h.T(r, "staff.permissions.channel.missing"))
	}
	if len(purposes) == 0 {
		f.Refuse("purpose", h.T(r, "staff.permissions.purpose.missing"))
	}
	if !f.OK() {
		return h.showPermissions(w, r, http.StatusUnprocessableEntity, f)
	}
	var entries []contacts.Consent
	for _, c := range chosen {
		for _, purpose := range purposes {
			entries = append(entries, contacts.Consent{Purpose: contacts.Purpose(purpose), Channel: contacts.Channel(c), Granted: says == "grant", Source: "staff",
				Wording: "staff.permission." + says + "@1", Lang: string(k.Language), Evidence: evidence + " (" + on(r).Name + ")"})
		}
	}
	leads(r, "/staff/people/"+k.ID+"/permissions")
	if says == "grant" {
		_, err = h.People.AddConsent(r.Context(), on(r).Actor(), k.PersonID(), "said to staff", entries...)
	} else {
		_, err = h.Trial.Withdraw(r.Context(), on(r).Actor(), k.PersonID(), "said to staff", entries...)
	}
	if err != nil {
		return fmt.Errorf("permissions: %w", err)
	}
	h.site.Flash(r, view.Done, h.T(r, "staff.permissions.saved"))
	return web.Redirect(w, r, "/staff/people/"+k.ID+"/permissions")
}
