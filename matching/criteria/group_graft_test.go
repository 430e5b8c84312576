package criteria_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/matching/criteria"
)

// A Group with a piece of another grafted onto it is refused, or says the same after it was read
// and written: nothing is dropped.
func TestGroupsLoseNothing(t *testing.T) {
	accepted := 0
	graft := func(t *rapid.T) {
		host, guest := document(t), document(t)
		from := rapid.SampledFrom(objects(guest)).Draw(t, "from")
		key := rapid.SampledFrom(slices.Sorted(maps.Keys(from))).Draw(t, "key")
		onto := rapid.SampledFrom(objects(host)).Draw(t, "onto")
		if list, ok := onto[key].([]any); ok && rapid.Bool().Draw(t, "add") {
			if more, ok := from[key].([]any); ok {
				onto[key] = append(list, more...)
			}
		} else {
			onto[key] = from[key]
		}
		data, err := json.Marshal(host)
		if err != nil {
			t.Fatal(err)
		}
		c, err := criteria.ParseGroup(data)
		if err != nil {
			return
		}
		accepted++
		again, err := criteria.Group(c)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(meaning(t, data), meaning(t, again)); d != "" {
			t.Fatalf("-read +written:\n%s\n%s", d, data)
		}
	}
	for range 10 {
		if rapid.Check(t, graft); accepted > 0 { // about one in fourteen is
			return
		}
	}
	t.Error("all were refused: nothing was compared")
}

func document(t *rapid.T) map[string]any {
	data, err := criteria.Group(someCriteria(t))
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, data)
}

func parsed(t *rapid.T, data []byte) (m map[string]any) {
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// objects lists every object in v, v itself first.
func objects(v any) (list []map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		list = append(list, v)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			list = append(list, objects(v[k])...)
		}
	case []any:
		for _, x := range v {
			list = append(list, objects(x)...)
		}
	}
	return list
}

// meaning is a Group without what says nothing: the order of extensions, the ids and places of
// contained Groups, and the one extension that has no effect alone.
func meaning(t *rapid.T, data []byte) map[string]any {
	root := parsed(t, data)
	contained, _ := root["contained"].([]any)
	delete(root, "contained")
	for range contained { // each round puts one more level in place
		for _, o := range objects(root) {
			ref, _ := o["valueReference"].(map[string]any)
			for _, g := range contained {
				if g := g.(map[string]any); ref["reference"] == "#"+fmt.Sprint(g["id"]) {
					o["valueReference"] = g
				}
			}
		}
	}
	for _, o := range objects(root) {
		if o["resourceType"] != nil {
			delete(o, "id")
		}
	}
	for _, o := range objects(root) {
		for _, key := range []string{"extension", "modifierExtension"} {
			list, ok := o[key].([]any)
			if !ok {
				continue
			}
			url := func(x any) string { return fmt.Sprint(x.(map[string]any)["url"]) }
			list = slices.DeleteFunc(slices.Clone(list), func(x any) bool {
				return url(x) == "urn:muster:criteria:active" && !slices.ContainsFunc(list, func(x any) bool { return url(x) == "urn:muster:criteria:within" })
			})
			slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(url(a), url(b)) })
			if o[key] = list; len(list) == 0 {
				delete(o, key)
			}
		}
	}
	return root
}
