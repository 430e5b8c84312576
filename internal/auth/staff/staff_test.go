package staff_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/rig"
)

var cli = audit.Actor{Kind: audit.CLI, ID: "operator"}

func open(t *testing.T) (*rig.Rig, *staff.Members) {
	t.Helper()
	r := rig.New(t, rig.Options{})
	m, err := staff.Open(t.Context(), r.Store, r.Audit, r.Clock)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := m.Put(t.Context(), cli, staff.Member{Meta: docstore.Meta{ID: "maria"}, Name: "Maria Santos", Role: staff.Coordinator, Sites: []string{"main"}}); err != nil || !changed {
		t.Fatalf("put: changed %v, %v", changed, err)
	}
	return r, m
}

func TestLinkWorksOnce(t *testing.T) {
	r, m := open(t)
	secret, _, err := m.Link(t.Context(), cli, "maria")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := m.Valid(t.Context(), secret); err != nil || !ok {
		t.Errorf("valid: %v, %v", ok, err)
	}
	got, err := m.Redeem(t.Context(), secret)
	if err != nil || got.ID != "maria" {
		t.Fatalf("redeem: %q, %v", got.ID, err)
	}
	if _, err := m.Redeem(t.Context(), secret); !errors.Is(err, staff.ErrLink) {
		t.Errorf("second use: %v, want ErrLink", err)
	}
	if ok, _ := m.Valid(t.Context(), secret); ok {
		t.Error("a used link is still valid")
	}
	var actions []string
	for e, err := range r.Audit.Find(t.Context(), docstore.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		actions = append(actions, e.Action+" by "+string(e.Actor.Kind))
	}
	if diff := cmp.Diff([]string{"staff.put by cli", "staff.link by cli", "staff.signin by staff"}, actions); diff != "" {
		t.Errorf("audit trail (-want +got):\n%s", diff)
	}
}

func TestLinkIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, r *rig.Rig, m *staff.Members, secret string) string{
		"not one of ours": func(t *testing.T, _ *rig.Rig, _ *staff.Members, _ string) string { return "AAAAAAAAAAAAAAAAAAAAAAAAAA" },
		"empty":           func(t *testing.T, _ *rig.Rig, _ *staff.Members, _ string) string { return "" },
		"left since": func(t *testing.T, r *rig.Rig, m *staff.Members, secret string) string {
			if _, err := m.Put(t.Context(), cli, staff.Member{Meta: docstore.Meta{ID: "maria"}, Name: "Maria Santos", Role: staff.Coordinator, Left: r.Clock.Now()}); err != nil {
				t.Fatal(err)
			}
			return secret
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := open(t)
			secret, _, err := m.Link(t.Context(), cli, "maria")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Redeem(t.Context(), spoil(t, r, m, secret)); !errors.Is(err, staff.ErrLink) {
				t.Errorf("%v, want ErrLink", err)
			}
		})
	}
}

// oldClock is real time that moves on by hand; the rig's own moves business time only.
type oldClock struct{ now time.Time }

func (c *oldClock) Now() time.Time  { return c.now }
func (c *oldClock) Wall() time.Time { return c.now }

func TestLinkExpiresAfterTenMinutes(t *testing.T) {
	r := rig.New(t, rig.Options{})
	c := &oldClock{time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)}
	m, err := staff.Open(t.Context(), r.Store, r.Audit, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Put(t.Context(), cli, staff.Member{Meta: docstore.Meta{ID: "ben"}, Name: "Ben", Role: staff.Recruiter}); err != nil {
		t.Fatal(err)
	}
	secret, expires, err := m.Link(t.Context(), cli, "ben")
	if err != nil {
		t.Fatal(err)
	}
	if want := c.now.Add(10 * time.Minute); !expires.Equal(want) {
		t.Errorf("expires %v, want %v", expires, want)
	}
	c.now = expires
	if _, err := m.Redeem(t.Context(), secret); !errors.Is(err, staff.ErrLink) {
		t.Errorf("at the tenth minute: %v, want ErrLink", err)
	}
}

func TestOneOfManyGetsIn(t *testing.T) {
	_, m := open(t)
	secret, _, err := m.Link(t.Context(), cli, "maria")
	if err != nil {
		t.Fatal(err)
	}
	var in sync.WaitGroup
	results := make(chan error, 8)
	for range 8 {
		in.Go(func() {
			_, err := m.Redeem(t.Context(), secret)
			results <- err
		})
	}
	in.Wait()
	close(results)
	let := 0
	for err := range results {
		if err == nil {
			let++
		} else if !errors.Is(err, staff.ErrLink) {
			t.Error(err)
		}
	}
	if let != 1 {
		t.Errorf("%d got in with one link, want 1", let)
	}
}

func TestPutRefuses(t *testing.T) {
	_, m := open(t)
	for name, x := range map[string]staff.Member{
		"no id":        {Name: "A", Role: staff.Recruiter},
		"id with name": {Meta: docstore.Meta{ID: "Maria Santos"}, Name: "A", Role: staff.Recruiter},
		"no name":      {Meta: docstore.Meta{ID: "a"}, Role: staff.Recruiter},
		"unknown role": {Meta: docstore.Meta{ID: "a"}, Name: "A", Role: "boss"},
	} {
		if _, err := m.Put(t.Context(), cli, x); !errors.Is(err, staff.ErrMember) {
			t.Errorf("%s: %v, want ErrMember", name, err)
		}
	}
	if changed, err := m.Put(t.Context(), cli, staff.Member{Meta: docstore.Meta{ID: "maria"}, Name: "Maria Santos", Role: staff.Coordinator, Sites: []string{"main"}}); changed || err != nil {
		t.Errorf("the same again: changed %v, %v", changed, err)
	}
	if _, _, err := m.Link(t.Context(), cli, "nobody"); !errors.Is(err, staff.ErrMember) {
		t.Errorf("link for nobody: %v", err)
	}
}

// The table says everything: no role holds a permission that is not one, none is left without, and
// nobody who sees no person changes one.
func TestGrants(t *testing.T) {
	all := map[staff.Permission]int{}
	for _, p := range staff.Permissions() {
		all[p] = 0
	}
	for _, g := range staff.Grants() {
		if !g.Role.May(staff.SeeCounts) {
			t.Errorf("%s has no page to begin with", g.Role)
		}
		for _, p := range g.May {
			if _, known := all[p]; !known {
				t.Errorf("%s may %q, which is no permission", g.Role, p)
			}
			all[p]++
			if p != staff.SeeCounts && p != staff.ManageStaff && !g.Role.May(staff.SeePeople) {
				t.Errorf("%s may %s and sees nobody", g.Role, p)
			}
		}
	}
	for p, n := range all {
		if n == 0 {
			t.Errorf("no role may %s", p)
		}
	}
	for _, reads := range []staff.Role{staff.Monitor, staff.DataManager} {
		for _, p := range []staff.Permission{staff.ContactPeople, staff.ChangePeople, staff.ChangeSubjects, staff.RecordConsent, staff.ManageVisits, staff.HandleAlerts, staff.DoTasks, staff.ManageStaff} {
			if reads.May(p) {
				t.Errorf("%s may %s", reads, p)
			}
		}
	}
	if staff.Role("").May(staff.SeeCounts) || staff.Role("boss").May(staff.SeeCounts) {
		t.Error("an unknown role may something")
	}
}

func TestWhereMembersWork(t *testing.T) {
	lee := staff.Member{Sites: []string{"mesa"}, Studies: []string{"STEADY"}}
	if lee.At("main") || !lee.At("mesa") || !lee.At("") || !(staff.Member{}).At("main") {
		t.Error("sites: Lee is at Mesa only; a member without sites is everywhere")
	}
	if lee.In("CLEARWAY") || !lee.In("STEADY") || !lee.In("") || !(staff.Member{}).In("CLEARWAY") {
		t.Error("studies: Lee works in STEADY only; a member without studies in all")
	}
	if lee.Everywhere() || (staff.Member{Studies: []string{"STEADY"}}).Everywhere() || !(staff.Member{}).Everywhere() {
		t.Error("everywhere is without sites and studies")
	}
}

// trail is what the audit trail holds, oldest first.
func trail(t *testing.T, r *rig.Rig) (out []string) {
	t.Helper()
	for e, err := range r.Audit.Find(t.Context(), docstore.Query{Order: "at"}) {
		if err != nil {
			t.Fatal(err)
		}
		line := e.Action + " by " + string(e.Actor.Kind)
		if e.Reason != "" {
			line += ": " + e.Reason
		}
		out = append(out, line)
	}
	return out
}

func TestBreakGlass(t *testing.T) {
	r, m := open(t)
	for name, x := range map[string]struct {
		reason string
		life   time.Duration
	}{"no reason": {"  ", 10 * time.Minute}, "no words": {"down", 10 * time.Minute}, "no time": {"the provider is down", 0}, "a day": {"the provider is down", 24 * time.Hour}} {
		if _, _, err := m.BreakGlass(t.Context(), cli, "maria", x.reason, x.life); err == nil {
			t.Errorf("%s: a link was made", name)
		}
	}
	secret, expires, err := m.BreakGlass(t.Context(), cli, "maria", " the provider is down ", 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if left := expires.Sub(r.Clock.Wall()); left <= 4*time.Minute || left > 5*time.Minute {
		t.Errorf("works for %v, want five minutes", left)
	}
	since := r.Clock.Wall().Add(-time.Hour)
	if got, err := m.Broken(t.Context(), since); err != nil || len(got) != 0 {
		t.Errorf("before it is used: %v, %v", got, err)
	}
	if _, err := m.Redeem(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	plain, _, err := m.Link(t.Context(), cli, "maria")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Redeem(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	got, err := m.Broken(t.Context(), since)
	if err != nil || len(got) != 1 || got[0].Member != "maria" || got[0].Reason != "the provider is down" {
		t.Errorf("used: %+v, %v", got, err)
	}
	if got, err := m.Broken(t.Context(), r.Clock.Wall().Add(time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("later: %v, %v", got, err)
	}
	want := []string{"staff.put by cli", "staff.breakglass by cli: the provider is down", "staff.signin by staff: break-glass: the provider is down", "staff.link by cli", "staff.signin by staff: link"}
	if diff := cmp.Diff(want, trail(t, r)); diff != "" {
		t.Errorf("audit trail (-want +got):\n%s", diff)
	}
}

// Whom a provider vouches for is taken in with what it says now, and what changed is on record.
func TestAdmit(t *testing.T) {
	r, m := open(t)
	who := staff.Member{Meta: docstore.Meta{ID: "oidc-1"}, Name: "Ana Roe", Role: staff.Recruiter, Sites: []string{"main"}}
	got, err := m.Admit(t.Context(), who)
	if err != nil || got.Via != staff.ViaOIDC || got.Role != staff.Recruiter {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := m.Admit(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	who.Role, who.Sites = staff.Coordinator, nil
	if got, err = m.Admit(t.Context(), who); err != nil || got.Role != staff.Coordinator || len(got.Sites) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := m.Refused(t.Context(), "oidc-1", "group"); err != nil {
		t.Fatal(err)
	}
	if err := m.Leave(t.Context(), cli, "oidc-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Admit(t.Context(), who); !errors.Is(err, staff.ErrMember) {
		t.Errorf("somebody who left: %v, want ErrMember", err)
	}
	if err := m.Leave(t.Context(), cli, "oidc-1"); !errors.Is(err, staff.ErrMember) {
		t.Errorf("left twice: %v, want ErrMember", err)
	}
	want := []string{"staff.put by cli", "staff.put by provider", "staff.signin by staff: oidc", "staff.signin by staff: oidc", "staff.role by provider", "staff.signin by staff: oidc", "staff.refused by provider: group", "staff.leave by cli"}
	if diff := cmp.Diff(want, trail(t, r)); diff != "" {
		t.Errorf("audit trail (-want +got):\n%s", diff)
	}
}

// The id of somebody who left stays theirs.
func TestAnIdIsNobodyElses(t *testing.T) {
	_, m := open(t)
	if err := m.Leave(t.Context(), cli, "maria"); err != nil {
		t.Fatal(err)
	}
	other := staff.Member{Meta: docstore.Meta{ID: "maria"}, Name: "Maria Lopez", Role: staff.Recruiter}
	if _, err := m.Put(t.Context(), cli, other); !errors.Is(err, staff.ErrMember) {
		t.Errorf("given to somebody else: %v, want ErrMember", err)
	}
	other.Name = "Maria Santos"
	if _, err := m.Put(t.Context(), cli, other); err != nil {
		t.Errorf("back again: %v", err)
	}
}
