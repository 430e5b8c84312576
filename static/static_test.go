package static_test

import (
	"compress/gzip"
	"io"
	"math"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-health/muster/static"
)

func assets(t *testing.T) *static.Assets {
	t.Helper()
	a, err := static.New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestServe(t *testing.T) {
	a := assets(t)
	for _, c := range []struct {
		name, method, path, accept string
		status                     int
		mime, encoding             string
	}{
		{"stylesheet", "GET", a.Path("muster.css"), "", 200, "text/css; charset=utf-8", ""},
		{"compressed", "GET", a.Path("muster.css"), "br, gzip", 200, "text/css; charset=utf-8", "gzip"},
		{"gzip refused", "GET", a.Path("muster.css"), "gzip; q=0", 200, "text/css; charset=utf-8", ""},
		{"script", "GET", a.Path("muster.js"), "gzip", 200, "text/javascript; charset=utf-8", "gzip"},
		{"font", "GET", a.Path("fonts/PublicSans-Bold.woff2"), "gzip", 200, "font/woff2", ""},
		{"head", "HEAD", a.Path("favicon.svg"), "", 200, "image/svg+xml", ""},
		{"post", "POST", a.Path("muster.css"), "", 405, "", ""},
		{"without its hash", "GET", "/static/muster.css", "", 404, "", ""},
		{"another hash", "GET", "/static/muster.0000000000.css", "", 404, "", ""},
		{"a folder", "GET", "/static/fonts/", "", 404, "", ""},
		{"up and away", "GET", "/static/../embed.go", "", 404, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", nil)
			r.URL.Path = c.path
			r.Header.Set("Accept-Encoding", c.accept)
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d", w.Code, c.status)
			}
			if c.status != 200 {
				return
			}
			if got := w.Header().Get("Content-Type"); got != c.mime {
				t.Errorf("type %q, want %q", got, c.mime)
			}
			if got := w.Header().Get("Content-Encoding"); got != c.encoding {
				t.Errorf("encoding %q, want %q", got, c.encoding)
			}
			if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
				t.Errorf("cache %q", got)
			}
			if c.method == "HEAD" && w.Body.Len() != 0 {
				t.Error("a body for HEAD")
			}
			if c.encoding == "gzip" {
				z, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(z); err != nil || len(b) == 0 {
					t.Errorf("%d bytes: %v", len(b), err)
				}
			}
		})
	}
}

// What a public page loads before its fonts, with room for the page itself.
func TestBudget(t *testing.T) {
	a := assets(t)
	total := 0
	for _, name := range []string{"muster.css", "htmx.min.js", "muster.js", "favicon.svg"} {
		n := a.Size(name)
		t.Logf("%s: %d bytes", name, n)
		if n == 0 {
			t.Errorf("%s is not built", name)
		}
		total += n
	}
	if limit := 45 << 10; total > limit {
		t.Errorf("%d bytes compressed, at most %d", total, limit)
	}
}

func TestStylesheetIsSelfContained(t *testing.T) {
	css, err := os.ReadFile("dist/muster.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"http:", "https:", "data:", "@import", "undefined"} {
		if strings.Contains(string(css), bad) {
			t.Errorf("the stylesheet has %q", bad)
		}
	}
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`(--[a-z0-9-]+):`).FindAllStringSubmatch(string(css), -1) {
		defined[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`var\((--[a-z0-9-]+)`).FindAllStringSubmatch(string(css), -1) {
		if !defined[m[1]] {
			t.Errorf("%s is used and not defined", m[1])
		}
	}
}

// palette reads the colours of one mode from the tokens: 0 light, 1 dark.
func palette(t *testing.T, mode int) map[string][3]float64 {
	t.Helper()
	b, err := os.ReadFile("src/css/1-tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(string(b), "@media (prefers-color-scheme: dark)", 2)
	if len(parts) != 2 {
		t.Fatal("no dark palette")
	}
	out := map[string][3]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(parts[mode], -1) {
		var c [3]float64
		for i := range c {
			v, err := strconv.ParseUint(m[2][2*i:2*i+2], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c[i] = float64(v) / 255
		}
		out[m[1]] = c
	}
	return out
}

// contrast is that of WCAG 2.2, 1.4.3.
func contrast(a, b [3]float64) float64 {
	light := func(c [3]float64) float64 {
		for i, v := range c {
			if v <= 0.04045 {
				c[i] = v / 12.92
			} else {
				c[i] = math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrast(t *testing.T) {
	text := map[string][]string{
		"ink":        {"paper", "card", "soft", "teal-tint", "amber-tint", "red-tint", "green-tint", "violet-tint"},
		"slate":      {"paper", "card", "soft", "teal-tint", "red-tint", "disabled-tint"},
		"teal":       {"paper", "card", "soft", "teal-tint"},
		"teal-dark":  {"paper", "card", "soft", "teal-tint"},
		"on-teal":    {"teal", "teal-dark"},
		"on-amber":   {"amber"},
		"amber-text": {"paper", "card", "soft", "amber-tint"},
		"red":        {"paper", "card", "soft", "red-tint"},
		"on-red":     {"red", "red-dark"},
		"green":      {"paper", "card", "green-tint"},
		"violet":     {"card", "violet-tint"},
	}
	control := map[string][]string{"slate": {"paper", "card", "soft"}, "teal": {"paper", "card"}, "red": {"paper", "card"}, "violet": {"violet-tint", "card"}}
	for mode, name := range []string{"light", "dark"} {
		p := palette(t, mode)
		check := func(pairs map[string][]string, least float64) {
			for front, backs := range pairs {
				for _, back := range backs {
					f, ok1 := p[front]
					b, ok2 := p[back]
					if !ok1 || !ok2 {
						t.Errorf("%s: no %s or %s", name, front, back)
						continue
					}
					if got := contrast(f, b); got < least {
						t.Errorf("%s: %s on %s is %.2f, at least %.1f", name, front, back, got, least)
					}
				}
			}
		}
		check(text, 4.5)
		check(control, 3)
	}
}

func TestNoRegistryHostsInTheLockFile(t *testing.T) {
	b, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `"resolved"`) {
		t.Error("package-lock.json names where packages were fetched; see .npmrc")
	}
}
