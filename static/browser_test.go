package static_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
)

// policy is the one portal/web sends.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func chromium(t *testing.T) string {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path, _ = exec.LookPath("chromium")
	}
	if path == "" && os.Getenv("CI") == "true" {
		t.Fatal("no chromium; set CHROMIUM")
	}
	if path == "" {
		t.Skip("SKIPPED: no chromium, so the scripts were not run in a browser; set CHROMIUM")
	}
	return path
}

// The scripts in a real browser under the real content security policy: any complaint of the
// browser about it fails the test.
func TestScriptsInABrowser(t *testing.T) {
	path := chromium(t)
	a := assets(t)
	var asked atomic.Int64
	mux := http.NewServeMux()
	mux.Handle("/static/", a)
	page := func(at, body string) {
		mux.HandleFunc(at, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title><link rel="icon" href="` + a.Path("favicon.svg") + `"><link rel="stylesheet" href="` + a.Path("muster.css") + `"><script src="` + a.Path("htmx.min.js") + `" defer></script><script src="` + a.Path("muster.js") + `" defer></script></head><body class="public">` + body + `</body></html>`))
		})
	}
	page("/summary", `<div id="summary" class="summary" tabindex="-1" data-focus>x</div>`)
	page("/htmx", `<form method="post" action="/refused" hx-post="/refused" hx-target="#out"><button id="go">Go</button></form><div id="out"></div>`)
	mux.HandleFunc("/refused", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(`<div id="swapped" class="summary" tabindex="-1" data-focus>` + r.Header.Get("HX-Request-Type") + `</div>`))
	})
	page("/filter", `<form method="get" action="/there" data-auto><select id="choice" name="a"><option>1</option><option>2</option></select><button id="go" data-auto-hide>Go</button></form>`)
	page("/live", `<form method="get" action="/answers" data-live="#then"><input id="try" name="try"></form><div id="then">before</div>`)
	mux.HandleFunc("/answers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		try := r.URL.Query().Get("try")
		invalid := try == "dro"
		_, _ = fmt.Fprintf(w, `<form data-live="#then"><input aria-invalid="%t"></form><div id="then" class="fresh">%s</div>`, invalid, html.EscapeString(try))
	})
	page("/there", `<h1 id="there">There</h1>`)
	page("/send", `<form method="post" action="/slow"><button id="go">Go</button></form>`)
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	page("/wait", `<p data-continue="/status">Waiting</p>`)
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 2 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = w.Write([]byte("/there"))
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()

	alloc, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(alloc, chromedp.WithListener(func(ev any) {
		if e, ok := ev.(*log.EventEntryAdded); ok && !strings.Contains(e.Entry.Text, "422") {
			t.Errorf("the browser says: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}))
	defer closeTab()
	open := func(at string, then ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		for {
			err := chromedp.Do(tab, append([]chromedp.Action[chromedp.Void]{chromedp.Navigate(srv.URL + at)}, then...)...)
			if err == nil {
				return
			}
			// The end of a form that was sent before (204) can take the new address with it.
			if !strings.Contains(err.Error(), "ERR_ABORTED") {
				t.Fatalf("%s: %v", at, err)
			}
		}
	}
	eval := func(js string) string {
		t.Helper()
		s, err := chromedp.Run(tab, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("%s: %v", js, err)
		}
		return s
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}

	open("/summary")
	if _, err := chromedp.Call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	expect("focus on the summary", eval(`document.activeElement.id`), "summary")
	open("/htmx", chromedp.Click(chromedp.CSS("#go")), chromedp.WaitVisible(chromedp.CSS("#swapped")))
	expect("focus and kind of request after a swap", eval(`document.activeElement.id+" "+document.activeElement.textContent`), "swapped partial")
	open("/filter")
	expect("the button of a filter", eval(`String(document.querySelector("#go").hidden)`), "true")
	eval(`(() => { const s = document.querySelector("#choice"); s.value = "2"; s.dispatchEvent(new Event("change", { bubbles: true })); return "" })()`)
	if err := chromedp.Do(tab, chromedp.WaitVisible(chromedp.CSS("#there"))); err != nil {
		t.Fatal(err)
	}
	expect("the filter sent itself", eval(`location.pathname + location.search`), "/there?a=2")
	open("/send")
	expect("sent by three clicks", eval(`(() => {
		let n = 0
		addEventListener("submit", (e) => { if (!e.defaultPrevented) n++ })
		const b = document.querySelector("#go")
		b.click(); b.click(); b.click()
		return String(n)
	})()`), "1")
	open("/live", chromedp.SendKeys(chromedp.CSS("#try"), "drop E2"), chromedp.WaitVisible(chromedp.CSS("#then.fresh")))
	expect("answered while typing", eval(`document.querySelector("#then").textContent`), "drop E2")
	expect("the page stayed", eval(`location.pathname + document.activeElement.id`), "/livetry")
	expect("what is half typed changes nothing", eval(`(async () => {
		const f = document.querySelector("#try")
		f.value = "dro"
		f.dispatchEvent(new Event("input", { bubbles: true }))
		await new Promise((r) => setTimeout(r, 600))
		return document.querySelector("#then").textContent
	})()`), "drop E2")
	open("/wait", chromedp.WaitVisible(chromedp.CSS("#there")))
	expect("the waiting page went on", eval(`location.pathname`), "/there")
}
