package i18n_test

import (
	"testing"

	"github.com/muster-health/muster/internal/i18n"
)

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
