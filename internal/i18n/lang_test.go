package i18n_test

import (
	"testing"

	"github.com/muster-health/muster/internal/i18n"
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		name, header string
		want         i18n.Lang
	}{
		{"nothing sent", "", i18n.En},
		{"Spanish of Mexico", "es-MX,es;q=0.9,en;q=0.8", i18n.Es},
		{"English first", "en-US,en;q=0.9,es;q=0.8", i18n.En},
		{"weights decide", "en;q=0.3, es;q=0.9", i18n.Es},
		{"unknown, then Spanish", "pt-BR, es;q=0.5", i18n.Es},
		{"unknown only", "zh-CN", i18n.En},
		{"one tag from a record", "es-419", i18n.Es},
		{"refused Spanish", "es;q=0, en;q=0.1", i18n.En},
		{"garbage", ";;;=", i18n.En},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := i18n.Match(tc.header); got != tc.want {
				t.Errorf("Match(%q) = %s, want %s", tc.header, got, tc.want)
			}
		})
	}
}

func TestLangs(t *testing.T) {
	for _, l := range i18n.Langs() {
		if !l.Known() || l.Name() == "" {
			t.Errorf("%q: known %v, name %q", l, l.Known(), l.Name())
		}
	}
	if i18n.Draft(i18n.En) || !i18n.Draft(i18n.Es) {
		t.Error("English is the original; Spanish is a draft until certified")
	}
	if i18n.Lang("fr").Known() {
		t.Error("French is not spoken here")
	}
}
