package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The two widths every page has to fit: a small phone, a desk.
const (
	narrow = 320
	wide   = 1280
)

var errNoBrowser = fmt.Errorf("no Chromium (set CHROMIUM=path)")

// chromium is the one browser of the package; visitors are tabs with cookies of their own.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path := os.Getenv("CHROMIUM")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		return nil, errNoBrowser
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-US"), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))...)
	first, closeAll := chromedp.NewContext(alloc)
	leftovers.add(func() { closeAll(); stop() })
	if err := chromedp.Do(first, chromedp.Navigate("about:blank")); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return first, nil
})

// needBrowser skips the test loudly where there is no Chromium; with CI=true it fails.
func needBrowser(t *testing.T) context.Context {
	t.Helper()
	browser, err := chromium()
	switch {
	case err == nil:
		return browser
	case os.Getenv("CI") != "true" && err == errNoBrowser:
		t.Skipf("SKIPPED: %v: the journeys were NOT walked in a browser", err)
	}
	t.Fatal(err)
	return nil
}

// tab visits with a real browser. What the browser complains of fails the test: errors of
// scripts, breaches of the content policy, missing files, pages wider than the screen.
type tab struct {
	t     *testing.T
	h     *house
	ctx   context.Context
	width int64

	mu   sync.Mutex
	told []string // complaints since the last step
}

// byBrowser is the door for visitors with Chromium.
func byBrowser(t *testing.T, h *house, width int) visitor { return newTab(t, h, width) }

func newTab(t *testing.T, h *house, width int) *tab {
	t.Helper()
	browser := needBrowser(t)
	b := &tab{t: t, h: h, width: int64(width)}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.ctx = ctx
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(b.width, 900)); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return b
}

func (b *tab) listen(ev any) {
	var said string
	switch e := ev.(type) {
	case *log.EventEntryAdded:
		// A page that is refused or not found is the business of the step that asked for it.
		refused := e.Entry.Source == log.EntrySourceNetwork && strings.Contains(e.Entry.Text, "status of 4") && !strings.Contains(e.Entry.URL, "/static/")
		if !refused && (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) {
			said = e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventExceptionThrown:
		said = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			said = "console.error"
			for _, a := range e.Args {
				said += fmt.Sprintf(" %s", a.Value)
			}
		}
	}
	if said != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.told = append(b.told, said)
	}
}

// step runs actions within the time a step may take.
func (b *tab) step(what string, f func(context.Context) error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := f(ctx); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// load runs a step after which a page loads, and checks the page.
func (b *tab) load(what string, action chromedp.Action[chromedp.Void]) (status int) {
	b.t.Helper()
	b.step(what, func(ctx context.Context) error {
		resp, err := chromedp.RunResponse(ctx, action)
		if err != nil && strings.Contains(err.Error(), "net::ERR_ABORTED") {
			// A page that goes on by itself did so just now, and its next page is on the way.
			for status == 0 && ctx.Err() == nil {
				status, _ = chromedp.Run(ctx, chromedp.Evaluate[int](`window.left || document.readyState !== "complete" ? 0 : performance.getEntriesByType("navigation")[0].responseStatus`))
				time.Sleep(20 * time.Millisecond)
			}
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if status = int(resp.Status); !strings.HasPrefix(resp.URL, "http://"+b.h.site) {
			return fmt.Errorf("led to %s", resp.URL)
		}
		return nil
	})
	b.fits()
	b.quiet()
	return status
}

// quiet fails the test for what the browser complained of.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	told := b.told
	b.told = nil
	b.mu.Unlock()
	for _, s := range told {
		b.t.Errorf("%s: the browser says: %s", b.path(), s)
	}
}

// sideways lists what sticks out of the page on the right, if the page can be scrolled there.
const sideways = `(() => {
	const wide = document.documentElement
	if (wide.scrollWidth <= wide.clientWidth) return []
	const inner = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (getComputedStyle(p).overflowX !== "visible") return true; return false }
	return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > wide.clientWidth + 1 && !inner(e))
		.slice(0, 5).map(e => e.outerHTML.slice(0, 120)).concat("width " + wide.scrollWidth)
})()`

func (b *tab) fits() {
	b.t.Helper()
	if out := eval[[]string](b, sideways); len(out) > 0 {
		b.t.Errorf("%s scrolls sideways at %d px: %q", b.path(), b.width, out)
	}
}

func eval[T any](b *tab, js string) (out T) {
	b.t.Helper()
	b.step("run script on the page", func(ctx context.Context) (err error) {
		out, err = chromedp.Run(ctx, chromedp.Evaluate[T](js))
		return err
	})
	return out
}

func (b *tab) path() string {
	b.t.Helper()
	return eval[string](b, "location.pathname")
}

func (b *tab) open(path string) int {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = "http://" + b.h.site + path
	}
	status := 0
	b.step("open "+path, func(ctx context.Context) error {
		resp, err := chromedp.Run(ctx, chromedp.NavigateResponse(path))
		if err == nil && resp != nil {
			status = int(resp.Status)
		}
		return err
	})
	b.fits()
	b.quiet()
	return status
}

// library finds things on a page as paper does.
const library = `
const inline = ["A","B","SPAN","TIME","EM","STRONG","CODE","I","SMALL"], skipped = ["SCRIPT","STYLE","svg","OPTION","TEMPLATE"]
const read = n => {
	let out = ""
	const walk = n => {
		if (n.nodeType === 3) { out += n.data; return }
		if (n.nodeType !== 1 || skipped.includes(n.tagName)) return
		const block = !inline.includes(n.tagName)
		if (block) out += " "
		n.childNodes.forEach(walk)
		if (block) out += " "
	}
	walk(n)
	return out.replace(/\s+/g, " ").trim()
}
const fold = s => s.replace(/[\u00a0\u202f]/g, " ").replace(/’/g, "'").replace(/\s+/g, " ").trim().toLowerCase()
const mark = e => { document.querySelectorAll("[data-e2e]").forEach(x => x.removeAttribute("data-e2e")); e.setAttribute("data-e2e", "") }
`

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(b)
}

func (b *tab) says() string {
	b.t.Helper()
	return eval[string](b, "(() => {"+library+`return read(document.querySelector("main") || document.body)})()`)
}

func (b *tab) links() []string {
	b.t.Helper()
	return eval[[]string](b, `[...(document.querySelector("main") || document.body).querySelectorAll("a[href]")].map(a => a.getAttribute("href"))`)
}

// press clicks where a person would; the button must be visible.
func (b *tab) press(label string, near ...string) int {
	b.t.Helper()
	known := eval[[]string](b, "(() => {"+library+`
		const label = fold(`+quoted(label)+`), near = fold(`+quoted(strings.Join(near, " "))+`)
		let best = null, score = 0, known = []
		for (const e of document.querySelectorAll("button:not([disabled]), a[href]")) {
			const says = fold(read(e))
			known.push(says)
			let s = 2 ** 30
			if (says !== label) { if (!says.startsWith(label)) continue; s -= 1 }
			if (near) {
				let around = e
				while (around && !fold(read(around)).includes(near)) around = around.parentElement
				if (!around) continue
				s -= 2 * read(around).length
			}
			if (!best || s > score) { best = e; score = s }
		}
		if (!best) return known
		for (let d = best.closest("details"); d; d = d.parentElement.closest("details")) d.open = true
		mark(best)
		window.left = true
		return []
	})()`)
	if len(known) > 0 {
		b.t.Fatalf("%s has no button or link %q near %q; it has %q\n%s", b.path(), label, near, known, b.says())
	}
	return b.load(fmt.Sprintf("press %q on %s", label, b.path()), chromedp.Click(chromedp.CSS("[data-e2e]")))
}

// fill types with keys, clicks labels, picks options.
func (b *tab) fill(name, value string) {
	b.t.Helper()
	kind := eval[string](b, "(() => {"+library+`
		const value = `+quoted(value)+`
		for (const e of document.getElementsByName(`+quoted(name)+`)) {
			if (e.type === "hidden" || e.tagName === "BUTTON") continue
			if (e.tagName === "SELECT") {
				const o = [...e.options].find(o => o.value === value || fold(o.text) === fold(value))
				if (!o) continue
				e.value = o.value
				e.dispatchEvent(new Event("change", {bubbles: true}))
				return "done"
			}
			if (e.type === "radio" || e.type === "checkbox") {
				const label = e.labels[0]
				if (e.value !== value && (!label || fold(read(label)) !== fold(value))) continue
				if (e.checked) return "done"
				mark(label || e)
				return "click"
			}
			mark(e)
			e.select()
			return "type"
		}
		return "none"
	})()`)
	b.step(fmt.Sprintf("fill %q", name), func(ctx context.Context) error {
		at := chromedp.CSS("[data-e2e]")
		switch kind {
		case "click":
			return chromedp.Do(ctx, chromedp.Click(at))
		case "type":
			if value == "" {
				return chromedp.Do(ctx, chromedp.Clear(at))
			}
			return chromedp.Do(ctx, chromedp.SendKeys(at, value))
		case "none":
			return fmt.Errorf("%s has no such field that takes %q:\n%s", b.path(), value, b.says())
		}
		return nil
	})
}

// look keeps pictures in the folder MUSTER_E2E_SHOTS names, and holds the page to both widths.
func (b *tab) look(name string) {
	b.t.Helper()
	own := b.width
	for _, width := range []int64{narrow, wide} {
		b.width = width
		b.step("resize", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)) })
		b.fits()
		dir := os.Getenv("MUSTER_E2E_SHOTS")
		if dir == "" {
			continue
		}
		b.step("draw "+name, func(ctx context.Context) error {
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.MkdirAll(dir, 0o755)
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), png, 0o644)
			}
			return err
		})
	}
	b.width = own
	b.step("resize", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.EmulateViewport(own, 900)) })
	b.quiet()
}

// handsetURL is the page of a phone in the simulator.
func (h *house) handsetURL(number string) string {
	return "http://" + h.sim + "/handset/" + url.PathEscape(number)
}
