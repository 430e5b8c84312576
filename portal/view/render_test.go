package view_test

import (
	"strings"
	"testing"

	"github.com/muster-health/muster/portal/view"
	"github.com/muster-health/muster/static"
)

func newRenderer(t *testing.T, sets ...view.Set) *view.Renderer {
	t.Helper()
	assets, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	r, err := view.NewRenderer(view.Options{Assets: assets, NewID: func() string { return "once_0001" }}, sets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestErrorPageInBothLanguages(t *testing.T) {
	r := newRenderer(t)
	for lang, want := range map[string]string{"en": "please give this number", "es": "dé este número", "xx": "please give this number"} {
		p := &view.ErrorPage{Page: view.Page{Title: "T", Lang: lang}, ID: "req_1"}
		html, err := r.Page(p)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(html), want) {
			t.Errorf("%s: no %q in\n%s", lang, want, html)
		}
	}
}
