package i18n_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-health/muster/internal/i18n"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestDates(t *testing.T) {
	at := time.Date(2026, 3, 3, 9, 30, 0, 0, zone(t, "America/New_York"))
	for lang, want := range map[i18n.Lang][]string{
		i18n.En: {"Tuesday 3 March", "3 March 2026", "Tue 3 Mar", "9:30 am", "Tuesday 3 March at 9:30 am"},
		i18n.Es: {"martes 3 de marzo", "3 de marzo de 2026", "mar 3 mar", "9:30 a. m.", "martes 3 de marzo, 9:30 a. m."},
	} {
		got := []string{i18n.Day(lang, at), i18n.DayYear(lang, at), i18n.ShortDay(lang, at), i18n.TimeOfDay(lang, at), i18n.DayTime(lang, at)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", lang, diff)
		}
	}
}

// Every day of a year and every hour has words in every language.
func TestEveryDayAndHourHasWords(t *testing.T) {
	for _, lang := range i18n.Langs() {
		days, hours := map[string]bool{}, map[string]bool{}
		for d := range 365 {
			at := time.Date(2026, 1, 1+d, d%24, 0, 0, 0, time.UTC)
			days[i18n.Day(lang, at)] = true
			hours[i18n.TimeOfDay(lang, at)] = true
		}
		if len(days) != 365 || len(hours) != 24 {
			t.Errorf("%s has %d days and %d hours, want 365 and 24", lang, len(days), len(hours))
		}
	}
}

func TestTimeOfDay(t *testing.T) {
	for _, tc := range []struct {
		hour, minute int
		en, es       string
	}{
		{0, 0, "12 midnight", "12 de la noche"},
		{0, 5, "12:05 am", "12:05 a. m."},
		{1, 0, "1 am", "1 a. m."},
		{11, 59, "11:59 am", "11:59 a. m."},
		{12, 0, "12 noon", "12 del mediodía"},
		{12, 30, "12:30 pm", "12:30 p. m."},
		{13, 0, "1 pm", "1 p. m."},
		{23, 59, "11:59 pm", "11:59 p. m."},
	} {
		at := time.Date(2026, 3, 3, tc.hour, tc.minute, 0, 0, time.UTC)
		if en, es := i18n.TimeOfDay(i18n.En, at), i18n.TimeOfDay(i18n.Es, at); en != tc.en || es != tc.es {
			t.Errorf("%d:%02d = %q, %q, want %q, %q", tc.hour, tc.minute, en, es, tc.en, tc.es)
		}
	}
}

func TestWhen(t *testing.T) {
	ny := zone(t, "America/New_York")
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, ny)
	}
	for _, tc := range []struct {
		name   string
		t, now time.Time
		en, es string
	}{
		{"tomorrow", at(3, 3, 14, 0), at(3, 2, 9, 5), "tomorrow at 2 pm", "mañana a las 2 p. m."},
		{"today at one", at(3, 3, 13, 0), at(3, 3, 9, 5), "today at 1 pm", "hoy a la 1 p. m."},
		{"half past one, in days", at(3, 5, 13, 30), at(3, 3, 9, 5), "Thursday 5 March at 1:30 pm", "el jueves 5 de marzo a la 1:30 p. m."},
		{"yesterday", at(3, 2, 9, 30), at(3, 3, 9, 5), "Monday 2 March at 9:30 am", "el lunes 2 de marzo a las 9:30 a. m."},
		{"late now, early tomorrow", at(3, 3, 0, 30), at(3, 2, 23, 50), "tomorrow at 12:30 am", "mañana a las 12:30 a. m."},
		{"now in UTC is already the next day", at(3, 3, 14, 0), at(3, 2, 23, 0).UTC(), "tomorrow at 2 pm", "mañana a las 2 p. m."},
		{"over the night the clocks change", at(3, 8, 9, 0), at(3, 7, 23, 30), "tomorrow at 9 am", "mañana a las 9 a. m."},
		{"a day of 23 hours", at(3, 9, 0, 0), at(3, 8, 0, 0), "tomorrow at 12 midnight", "mañana a las 12 de la noche"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := []string{i18n.When(i18n.En, tc.t, tc.now), i18n.When(i18n.Es, tc.t, tc.now)}
			if diff := cmp.Diff([]string{tc.en, tc.es}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRelative(t *testing.T) {
	now := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		d      time.Duration
		en, es string
	}{
		{0, "just now", "ahora mismo"},
		{-59 * time.Second, "just now", "ahora mismo"},
		{-time.Minute, "1 minute ago", "hace 1 minuto"},
		{-59 * time.Minute, "59 minutes ago", "hace 59 minutos"},
		{-2 * time.Hour, "2 hours ago", "hace 2 horas"},
		{-51 * time.Hour, "2 days ago", "hace 2 días"},
		{90 * time.Minute, "in 1 hour", "en 1 hora"},
		{10 * time.Minute, "in 10 minutes", "en 10 minutos"},
		{24 * time.Hour, "in 1 day", "en 1 día"},
		{31 * 24 * time.Hour, "3 April 2026", "3 de abril de 2026"},
	} {
		if en, es := i18n.Relative(i18n.En, now.Add(tc.d), now), i18n.Relative(i18n.Es, now.Add(tc.d), now); en != tc.en || es != tc.es {
			t.Errorf("%v = %q, %q, want %q, %q", tc.d, en, es, tc.en, tc.es)
		}
	}
}
