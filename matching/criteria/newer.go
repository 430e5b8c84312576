package criteria

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
)

// Newer is a newer version of a value set than the one a criterion is pinned to.
type Newer struct {
	ID             string // of the criterion
	Ref, Newest    string // "vs/stroke@1", "vs/stroke@2"
	Added, Removed []eval.Code
	Under          bool // only one of the two takes in the codes under its own
}

// NewerSets lists the criteria whose value set has a newer version, in the order of the criteria.
// Nothing changes by itself: to follow is a new version of the criteria.
func NewerSets(c eval.Criteria) ([]Newer, error) {
	shipped, err := ValueSets()
	if err != nil {
		return nil, err
	}
	var out []Newer
	var look func(items []eval.Criterion, under string)
	look = func(items []eval.Criterion, under string) {
		for i := range items {
			id := items[i].ID
			if id == "" {
				id = under
			}
			if n, ok := newer(slices.Concat(c.Sets, shipped), &items[i]); ok {
				n.ID = id
				out = append(out, n)
			}
			look(items[i].Of, id)
		}
	}
	look(c.Items, "")
	return out, nil
}

func newer(all []eval.ValueSet, c *eval.Criterion) (Newer, bool) {
	i := slices.IndexFunc(all, func(s eval.ValueSet) bool { return s.Ref() == c.ValueSet })
	if i < 0 {
		return Newer{}, false
	}
	used, newest := all[i], all[i]
	for _, s := range all {
		if s.Name == used.Name && s.Version > newest.Version {
			newest = s
		}
	}
	without := func(a, b []eval.Code) (out []eval.Code) {
		for _, code := range a {
			if !slices.Contains(b, code) {
				out = append(out, code)
			}
		}
		return out
	}
	return Newer{Ref: used.Ref(), Newest: newest.Ref(), Added: without(newest.Codes, used.Codes), Removed: without(used.Codes, newest.Codes),
		Under: newest.Descendants != used.Descendants}, newest.Version > used.Version
}
