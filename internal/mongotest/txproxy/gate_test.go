package txproxy

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// Those together go in together, one alone waits for them, and nobody passes who waits; one who
// gives up waiting holds nobody up.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		inside := map[string]bool{}
		come := func(ctx context.Context, name string, alone bool) {
			go func() {
				if err := g.enter(ctx, alone); err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("%s: %v", name, err)
					}
					return
				}
				inside[name] = true
			}()
			synctest.Wait()
		}
		want := func(when string, names ...string) {
			t.Helper()
			synctest.Wait()
			set := map[string]bool{}
			for _, n := range names {
				set[n] = true
			}
			if diff := cmp.Diff(set, inside); diff != "" {
				t.Errorf("%s (-want +inside):\n%s", when, diff)
			}
		}
		leave := func(name string, alone bool) {
			delete(inside, name)
			g.leave(alone)
		}
		ctx := t.Context()
		hasty, gone := context.WithCancel(ctx)
		come(ctx, "a", false)
		come(ctx, "b", false)
		come(hasty, "hasty", true)
		come(ctx, "c", false)
		come(ctx, "alone", true)
		come(ctx, "d", false)
		want("while two are inside", "a", "b")
		gone()
		want("after the one before it gave up", "a", "b", "c")
		leave("a", false)
		leave("b", false)
		leave("c", false)
		want("after they left", "alone")
		leave("alone", true)
		want("at the end", "d")
		leave("d", false)
		if g.inside != 0 || g.alone || len(g.queue) != 0 {
			t.Errorf("left behind: %+v", &g)
		}
	})
}
