package portal

import (
	"testing"

	"github.com/muster-health/muster/internal/i18n"
)

func TestHours(t *testing.T) {
	for _, tc := range []struct {
		written string
		lang    i18n.Lang
		want    string
	}{
		{"Mon-Fri 08:00-17:00", i18n.En, "Monday to Friday, 8 am to 5 pm"},
		{"Mon-Fri 08:00-17:00; Sat 09:30-12:00", i18n.En, "Monday to Friday, 8 am to 5 pm; Saturday, 9:30 am to 12 noon"},
		{"Mon-Fri 08:00-24:00", i18n.Es, "De lunes a viernes, de 8 a. m. a 12 de la noche"},
		{"weekdays", i18n.En, ""},
		{"", i18n.En, ""},
		{"Mon-Fry 08:00-17:00", i18n.En, ""},
		{"Mon 8-17", i18n.En, ""},
	} {
		if got := hours(tc.lang, tc.written); got != tc.want {
			t.Errorf("hours(%q) = %q, want %q", tc.written, got, tc.want)
		}
	}
}
