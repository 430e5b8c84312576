package staff_test

import (
	"net/http"
	"strings"
	"testing"

	members "github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/trial"
)

// The rota: who is on call now, the gaps in words, a shift added, refused, handed over and taken out.
func TestRota(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	st, err := d.Trial.Study(t.Context(), "STEADY")
	if err != nil {
		t.Fatal(err)
	}
	st.OnCall = []trial.OnCall{{Name: "Noor Haddad", Phone: "412-555-0102", Hours: "Mon-Fri 08:00-20:00"}, {Name: "Ida Brook", Phone: "412-555-0103", Hours: trial.ByShift}}
	st.OnCallHours = "Mon-Sun 08:00-20:00"
	if _, err := d.Trial.PutStudy(t.Context(), rig.Staff, st); err != nil {
		t.Fatal(err)
	}
	d.hire("maria", "Maria Santos", members.Coordinator)
	b := d.as("maria")
	at := "/staff/studies/STEADY/oncall"
	if !strings.Contains(b.page("/staff/studies/STEADY"), `href="`+at+`"`) {
		t.Error("the study's page does not lead to its rota")
	}
	page := b.page(at)
	has(t, page, "Larkfield Main: nobody is on call Sat 7 Mar 08:00–20:00", "Noor Haddad")
	has(t, b.page("/staff/alerts"), "On call now", "Noor Haddad")
	shift := func(who, fromDay, toDay string) []string {
		return []string{"who", who, "backup", "", "from-day", fromDay, "from-month", "3", "from-year", "2026", "fromat", "8:00", "to-day", toDay, "to-month", "3", "to-year", "2026", "toat", "8 pm"}
	}
	page = b.went(b.send(at, shift("Ida Brook", "7", "7")...), at)
	has(t, page, "The shift is added", "Sat 7 Mar 08:00–20:00", "Ida Brook")
	lacks(t, page, "Larkfield Main: nobody is on call Sat 7 Mar")
	has(t, page, "Larkfield Main: nobody is on call Sun 8 Mar 08:00–20:00")
	b.refused(b.send(at, shift("Noor Haddad", "7", "8")...), "Ida Brook is on call Sat 7 Mar 08:00–20:00 already")
	b.refused(b.send(at, shift("Una Nemo", "9", "9")...), "Please choose one of the answers")
	b.refused(b.send(at, shift("Noor Haddad", "9", "8")...), "a night shift ends on the next day")

	_, id, found := strings.Cut(page, "oncall?shift=")
	if !found {
		t.Fatal("the shift cannot be handed over")
	}
	id, _, _ = strings.Cut(id, `"`)
	has(t, b.page(at+"?shift="+id), "Hand over shift", "Ida Brook, Sat 7 Mar 08:00–20:00")
	b.refused(b.send(at+"/handover", "shift", id, "towho", "Noor Haddad", "why", ""), "Write why")
	page = b.went(b.send(at+"/handover", "shift", id, "towho", "Noor Haddad", "why", "ill"), at)
	has(t, page, "The shift is handed over")
	shifts, err := d.Trial.Shifts(t.Context(), "STEADY", d.Clock.Now(), d.Clock.Now().AddDate(0, 0, 28))
	if err != nil || len(shifts) != 1 || shifts[0].Who != "Noor Haddad" {
		t.Fatalf("%+v, %v", shifts, err)
	}
	if a := b.send(at+"/drop", "shift", "shf_unknown", "dropwhy", "a slip"); a.code != http.StatusNotFound {
		t.Errorf("a shift that is not there: %d", a.code)
	}
	page = b.went(b.send(at+"/drop", "shift", id, "dropwhy", "a slip"), at)
	has(t, page, "The shift is taken out", "Larkfield Main: nobody is on call Sat 7 Mar 08:00–20:00")

	// Who sees numbers only sees the rota, and changes nothing of it.
	d.hire("joan", "Joan Pell", members.Director)
	joan := d.as("joan")
	lacks(t, joan.page(at), "Add shift")
	if a := joan.send(at, shift("Ida Brook", "14", "14")...); a.code != http.StatusForbidden {
		t.Errorf("a director adds a shift: %d", a.code)
	}
}

// Opening an alert is on its record, once for each who may take it, and is not taking it.
func TestOpeningAnAlertIsOnItsRecord(t *testing.T) {
	d := newDesk(t, nil)
	d.study()
	p, _ := d.rosa()
	al := d.alert(p)
	d.hire("maria", "Maria Santos", members.Coordinator)
	d.hire("mo", "Mo Nitor", members.Monitor)
	for range 2 {
		d.as("mo").page("/staff/alerts/" + al.ID)
		has(t, d.as("maria").page("/staff/alerts/"+al.ID), "Opened on this site", "Nobody has taken it")
	}
	got, err := d.Trial.Alert(t.Context(), al.ID)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, x := range got.Log {
		if x.What == "read" {
			read++
		}
	}
	if read != 1 || got.State != trial.AlertOpen {
		t.Errorf("read %d times, %s; want once, open", read, got.State)
	}
}
