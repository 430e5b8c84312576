// Package static serves the built stylesheet, scripts, fonts and images.
//
// Files in dist/ are built by `make web` from src/ and committed, so Go builds need no node.
// Every file is served under a name that holds a hash of its content, and may be cached for a
// year; a page asks Path for the name.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed dist
var dist embed.FS

// Prefix is where Handler is to be mounted.
const Prefix = "/static/"

// Assets are the built files with their public names. It is safe for concurrent use.
type Assets struct {
	public map[string]string // "muster.css" -> "/static/muster.3fa9c1d2.css"
	files  map[string]file   // by public name
	icons  map[string]string // "call" -> the shapes inside the svg
}

type file struct {
	body, gzipped []byte
	mime          string
}

// New reads the built files, names them by content and compresses what compresses. An error
// means the build of static/ is broken.
func New() (*Assets, error) {
	root, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("open static files: %w", err)
	}
	a := &Assets{public: map[string]string{}, files: map[string]file{}, icons: map[string]string{}}
	var names []string
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list static files: %w", err)
	}
	// Stylesheets name other files, so those get their public names first.
	slices.SortStableFunc(names, func(x, y string) int {
		return rank(x) - rank(y)
	})
	for _, name := range names {
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return nil, fmt.Errorf("read static file %s: %w", name, err)
		}
		if icon, ok := strings.CutPrefix(name, "icons/"); ok {
			shapes, err := inner(body)
			if err != nil {
				return nil, fmt.Errorf("icon %s: %w", icon, err)
			}
			a.icons[strings.TrimSuffix(icon, ".svg")] = shapes
			continue
		}
		if path.Ext(name) == ".css" {
			if body, err = a.link(name, body); err != nil {
				return nil, err
			}
		}
		if err := a.add(name, body); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func rank(name string) int {
	if path.Ext(name) == ".css" {
		return 1
	}
	return 0
}

func (a *Assets) add(name string, body []byte) error {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	public := Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	f := file{body: body, mime: contentType(ext)}
	if ext != ".woff2" && ext != ".png" {
		var buf bytes.Buffer
		z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		if err != nil {
			return fmt.Errorf("compress %s: %w", name, err)
		}
		if _, err = z.Write(body); err == nil {
			err = z.Close()
		}
		if err != nil {
			return fmt.Errorf("compress %s: %w", name, err)
		}
		if buf.Len() < len(body) {
			f.gzipped = buf.Bytes()
		}
	}
	a.public[name], a.files[public] = public, f
	return nil
}

func contentType(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// link replaces the relative addresses in a stylesheet by public names.
func (a *Assets) link(name string, css []byte) ([]byte, error) {
	address := regexp.MustCompile(`url\("?([^")]+)"?\)`)
	var missing []string
	out := address.ReplaceAllFunc(css, func(m []byte) []byte {
		target := path.Join(path.Dir(name), string(address.FindSubmatch(m)[1]))
		public, ok := a.public[target]
		if !ok {
			missing = append(missing, target)
		}
		return []byte(`url("` + public + `")`)
	})
	if len(missing) > 0 {
		return nil, fmt.Errorf("stylesheet %s names files that are not built: %s", name, strings.Join(missing, ", "))
	}
	return out, nil
}

// inner is what stands between <svg …> and </svg>.
func inner(svg []byte) (string, error) {
	s := string(svg)
	open := strings.Index(s, "<svg")
	if open < 0 {
		return "", fmt.Errorf("not an svg file")
	}
	start := strings.IndexByte(s[open:], '>')
	end := strings.LastIndex(s, "</svg>")
	if start < 0 || end < open+start {
		return "", fmt.Errorf("not an svg file")
	}
	return strings.TrimSpace(s[open+start+1 : end]), nil
}

// Path is the public address of a built file, for instance "muster.css". It is "" for a file
// that does not exist; the view package refuses templates that name one.
func (a *Assets) Path(name string) string { return a.public[name] }

// Icon is the shapes of an icon on a 24 × 24 grid, without the svg element around them.
func (a *Assets) Icon(name string) (string, bool) {
	s, ok := a.icons[name]
	return s, ok
}

// Size is the number of bytes of a built file as it travels, gzipped where that helps; 0 for
// a file that does not exist.
func (a *Assets) Size(name string) int {
	f := a.files[a.public[name]]
	if f.gzipped != nil {
		return len(f.gzipped)
	}
	return len(f.body)
}

// ServeHTTP answers requests below Prefix. Other methods than GET and HEAD, and names that
// are not known, are refused.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	body := f.body
	if f.gzipped != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzipped
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the reader left: nothing to do
	}
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == "gzip" || name == "*" {
			return !strings.HasSuffix(strings.ReplaceAll(params, " ", ""), "q=0")
		}
	}
	return false
}
