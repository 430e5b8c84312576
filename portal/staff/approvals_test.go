package staff_test

import (
	"strings"
	"testing"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/trial"
)

// A coordinator takes down the board's approval of texts on the script book, which then shows it; who
// may only look finds no form.
func TestApprovalOfTexts(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	d.hire("joan", "Joan Pell", members.Director)
	d.hire("maria", "Maria Santos", members.Coordinator)
	const at = "/staff/studies/STEADY/scripts"
	has(t, d.as("joan").page(at), "not approved", "about $0.0")
	if strings.Contains(d.as("joan").page(at), "Note approval") {
		t.Error("a director finds the form")
	}
	b := d.as("maria")
	id := trial.TextRef{Key: "sms.reminder", Lang: "en", Version: i18n.Version(i18n.En, "sms.reminder")}.ID("STEADY")
	has(t, b.send(at, "text", id).body, "write the board", "reference")
	b.send(at, "text", id, "board", "LUH-1/3")
	page := b.page(at)
	has(t, page, "LUH-1/3, noted by maria", "Take back")
	d.look("scripts-approved", page)
	all, err := d.Trial.TextApprovals(t.Context(), "STEADY")
	if err != nil || len(all) != 1 || !all[id].Stands() {
		t.Fatalf("%+v, %v", all, err)
	}
	b.send(at, "withdraw", id)
	if all, err = d.Trial.TextApprovals(t.Context(), "STEADY"); err != nil || all[id].Stands() {
		t.Errorf("taken back: %+v, %v", all, err)
	}
	// All of a list are those of one language: English needs no translator.
	es := trial.TextRef{Key: "sms.reminder", Lang: "es", Version: i18n.Version(i18n.Es, "sms.reminder")}.ID("STEADY")
	b.send(at, "listed", id, "listed", es, "all", "en", "board", "LUH-1/4")
	if all, err = d.Trial.TextApprovals(t.Context(), "STEADY"); err != nil || all[id].Board != "LUH-1/4" || all[es].Stands() {
		t.Errorf("all in English: %+v, %v", all, err)
	}
	has(t, b.page(at), "Note approval of all in Español", "Languages spoken")
}
