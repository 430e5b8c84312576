package oidc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/auth/staff"
)

// Place is what members of one of the provider's groups are here.
type Place struct {
	Group   string
	Role    staff.Role
	Sites   []string // ids; none: every site
	Studies []string // ids; none: every study
}

// Roles says which groups come in as what. The order counts.
type Roles []Place

// ParseRoles reads "muster-coordinators=coordinator@main,north; muster-admins=administrator": groups
// separated by semicolons, each with its role, after @ the sites and after / the studies it is
// limited to. A group's name may hold any character but a semicolon. Every part that is wrong is named.
func ParseRoles(s string) (Roles, error) {
	var out Roles
	var wrong []string
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		p, err := parsePlace(part)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%q: %v", part, err))
			continue
		}
		out = append(out, p)
	}
	if len(wrong) == 0 && len(out) == 0 {
		wrong = []string{`no group has a role: write such as "muster-coordinators=coordinator@main,north; muster-admins=administrator"`}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return out, nil
}

func parsePlace(part string) (Place, error) {
	i := strings.LastIndex(part, "=") // a group may be a directory name such as CN=muster,OU=…
	if i < 0 {
		return Place{}, fmt.Errorf("write GROUP=ROLE, with @SITE,SITE and /STUDY,STUDY where they limit it")
	}
	p := Place{Group: strings.TrimSpace(part[:i])}
	if p.Group == "" {
		return p, fmt.Errorf("the group before = is missing")
	}
	rest, studies, limited := strings.Cut(part[i+1:], "/")
	var err error
	if limited {
		if p.Studies, err = ids("study", studies); err != nil {
			return p, err
		}
	}
	role, sites, limited := strings.Cut(rest, "@")
	if limited {
		if p.Sites, err = ids("site", sites); err != nil {
			return p, err
		}
	}
	if p.Role = staff.Role(strings.TrimSpace(role)); !slices.Contains(staff.Roles(), p.Role) {
		return p, fmt.Errorf("%q is no role: use one of %s", strings.TrimSpace(role), roleNames())
	}
	return p, nil
}

func ids(what, list string) ([]string, error) {
	var out []string
	for id := range strings.SplitSeq(list, ",") {
		if id = strings.TrimSpace(id); id == "" || strings.ContainsAny(id, "@/= ") {
			return nil, fmt.Errorf("%q is not the id of a %s", id, what)
		}
		out = append(out, id)
	}
	return out, nil
}

func roleNames() string {
	var names []string
	for _, r := range staff.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// For is what somebody in these groups is here: the first of ours that they are in decides. Others of
// the same role add their sites where the studies are the same, and nothing else, so that no limits
// mix. false: in none.
func (rs Roles) For(groups []string) (Place, bool) {
	var p Place
	found := false
	for _, x := range rs {
		switch {
		case !slices.Contains(groups, x.Group):
		case !found:
			p, found = x, true
			p.Sites = slices.Clone(x.Sites)
		case x.Role != p.Role || !slices.Equal(x.Studies, p.Studies) || len(p.Sites) == 0:
		case len(x.Sites) == 0:
			p.Sites = nil
		default:
			for _, site := range x.Sites {
				if !slices.Contains(p.Sites, site) {
					p.Sites = append(p.Sites, site)
				}
			}
		}
	}
	return p, found
}
