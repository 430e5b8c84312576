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

func TestWhatRolesMayDo(t *testing.T) {
	for _, tc := range []struct {
		role          staff.Role
		sees, changes bool
	}{{staff.Coordinator, true, true}, {staff.OnCall, true, true}, {staff.Monitor, true, false}, {staff.Director, false, false}, {"", false, false}} {
		if tc.role.SeesPeople() != tc.sees || tc.role.Changes() != tc.changes {
			t.Errorf("%q: sees %v, changes %v", tc.role, tc.role.SeesPeople(), tc.role.Changes())
		}
	}
	lee := staff.Member{Sites: []string{"mesa"}}
	if lee.At("main") || !lee.At("mesa") || !lee.At("") || !(staff.Member{}).At("main") {
		t.Error("sites: Lee is at Mesa only; a member without sites is everywhere")
	}
}
