package docstore

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// One at a time at one document, nobody waits at another, and whoever gives up leaves no trace.
func TestLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		var had []string
		leave := map[string]func(){}
		come := func(ctx context.Context, name, id string) {
			go func() {
				out, err := l.enter(ctx, document{"c", id})
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("%s: %v", name, err)
					}
					return
				}
				had = append(had, name)
				leave[name] = out
			}()
			synctest.Wait()
		}
		want := func(names ...string) {
			t.Helper()
			synctest.Wait()
			if !slices.Equal(had, names) {
				t.Errorf("the turn had %v, want %v", had, names)
			}
		}
		hasty, gone := context.WithCancel(t.Context())
		come(t.Context(), "first", "x")
		come(hasty, "hasty", "x")
		come(t.Context(), "second", "x")
		come(t.Context(), "elsewhere", "y")
		want("first", "elsewhere")
		gone()
		leave["first"]()
		want("first", "elsewhere", "second")
		leave["second"]()
		leave["elsewhere"]()
		if len(l.by) != 0 {
			t.Errorf("%d lines are left", len(l.by))
		}
	})
}
