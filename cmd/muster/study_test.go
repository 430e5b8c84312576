package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/trial"
)

// A try stores nothing.
func TestStudyPutTry(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "study.yaml")
	write(t, file, ageOnly)
	for _, x := range []struct {
		args string
		want string
	}{{"--try", "is not stored: this was a try."}, {"", "is stored."}, {"", "is unchanged."}, {"--try", "is not stored: this was a try."}} {
		args := append([]string{"study", "put", file}, strings.Fields(x.args)...)
		if out := must(t, dir, args...); !strings.Contains(out, x.want) {
			t.Errorf("%v does not say %q:\n%s", args, x.want, out)
		}
	}
}

func TestMovedRemindersInWords(t *testing.T) {
	v := trial.Visit{Meta: docstore.Meta{ID: "vis_1"}, State: trial.Booked, Day: "2026-03-16", Time: "09:30", Zone: "America/New_York"}
	at := func(day, hour int) trial.Planned {
		return trial.Planned{Due: time.Date(2026, 3, day, hour, 0, 0, 0, v.Local().Location())}
	}
	var out strings.Builder
	printMoved(&out, []trial.Moved{{Visit: v, Before: []trial.Planned{at(15, 9)}, Now: []trial.Planned{at(14, 17), at(15, 9)}}, {Visit: v, Before: []trial.Planned{at(15, 9)}}})
	const want = `vis_1 on 2026-03-16 09:30: reminders until now 2026-03-15 09:00; then 2026-03-14 17:00, 2026-03-15 09:00
vis_1 on 2026-03-16 09:30: reminders until now 2026-03-15 09:00; then none
Reminders of 2 booked visits move.
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
