package oidc_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/auth/oidc"
	"github.com/muster-health/muster/internal/auth/staff"
)

func TestParseRoles(t *testing.T) {
	got := roles(t, " muster-coordinators=coordinator@main, north ; CN=On Call,OU=Muster = on-call/STEADY,CLEARWAY; dm=data-manager@main/STEADY;admins=administrator; ")
	want := oidc.Roles{
		{Group: "muster-coordinators", Role: staff.Coordinator, Sites: []string{"main", "north"}},
		{Group: "CN=On Call,OU=Muster", Role: staff.OnCall, Studies: []string{"STEADY", "CLEARWAY"}},
		{Group: "dm", Role: staff.DataManager, Sites: []string{"main"}, Studies: []string{"STEADY"}},
		{Group: "admins", Role: staff.Administrator},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for given, says := range map[string][]string{
		"":                                 {"no group has a role"},
		" ; ":                              {"no group has a role"},
		"coordinators":                     {`"coordinators"`, "GROUP=ROLE"},
		"=coordinator":                     {"the group before = is missing"},
		"a=boss":                           {`"boss" is no role`, "data-manager"},
		"a=":                               {`"" is no role`},
		"a=coordinator@":                   {`"" is not the id of a site`},
		"a=coordinator@main,,north":        {"id of a site"},
		"a=coordinator/":                   {"id of a study"},
		"a=coordinator/STEADY@main":        {`"STEADY@main" is not the id of a study`},
		"good=monitor; a=boss; b=recruit@": {`"boss"`, "id of a site"},
	} {
		if _, err := oidc.ParseRoles(given); err == nil {
			t.Errorf("%q was taken", given)
		} else {
			for _, want := range says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q: %q does not say %q", given, err, want)
				}
			}
			if strings.Contains(err.Error(), "good=") {
				t.Errorf("%q: a good part is blamed: %v", given, err)
			}
		}
	}
}

// Nobody may get more by being in two groups than either gives.
func TestSeveralGroups(t *testing.T) {
	rs := roles(t, "m=coordinator@main; n=coordinator@north; s=coordinator@mesa/STEADY; all=coordinator; look=monitor")
	for _, tc := range []struct {
		groups string
		want   oidc.Place
		in     bool
	}{
		{"x", oidc.Place{}, false},
		{"", oidc.Place{}, false},
		{"m", oidc.Place{Group: "m", Role: staff.Coordinator, Sites: []string{"main"}}, true},
		{"n m", oidc.Place{Group: "m", Role: staff.Coordinator, Sites: []string{"main", "north"}}, true},
		{"m s", oidc.Place{Group: "m", Role: staff.Coordinator, Sites: []string{"main"}}, true}, // mesa is for STEADY alone
		{"s m", oidc.Place{Group: "m", Role: staff.Coordinator, Sites: []string{"main"}}, true},
		{"m all", oidc.Place{Group: "m", Role: staff.Coordinator}, true},
		{"look m", oidc.Place{Group: "m", Role: staff.Coordinator, Sites: []string{"main"}}, true}, // the order of the setting counts
		{"look", oidc.Place{Group: "look", Role: staff.Monitor}, true},
		{"M", oidc.Place{}, false},
	} {
		got, in := rs.For(strings.Fields(tc.groups))
		if diff := cmp.Diff(tc.want, got); diff != "" || in != tc.in {
			t.Errorf("%q: in %v (-want +got):\n%s", tc.groups, in, diff)
		}
	}
	if diff := cmp.Diff([]string{"main"}, rs[0].Sites); diff != "" {
		t.Errorf("asking changed the setting:\n%s", diff)
	}
}
