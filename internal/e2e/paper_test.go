package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/muster-health/muster/portal/view/viewtest"
)

// paper visits with plain requests: it follows links, fills in forms and keeps cookies, and runs
// no script. So every step works without JavaScript.
type paper struct {
	t    *testing.T
	h    *house
	http *http.Client
	at   *url.URL
	doc  *html.Node
}

// byPaper is the door for visitors without a browser; they have no width.
func byPaper(t *testing.T, h *house, _ int) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &paper{t: t, h: h, http: &http.Client{Jar: jar}, at: &url.URL{Scheme: "http", Host: h.site, Path: "/"}}
	return p
}

func (p *paper) path() string { return p.at.Path }

func (p *paper) look(string) {}

func (p *paper) open(path string) int {
	p.t.Helper()
	to, err := p.at.Parse(path)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest("GET", to.String(), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(req)
}

func (p *paper) do(req *http.Request) int {
	p.t.Helper()
	req.Header.Set("Accept-Language", "en-US,en")
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.doc, err = html.Parse(strings.NewReader(string(body))); err != nil {
		p.t.Fatalf("%s: %v", req.URL.Path, err)
	}
	p.at = resp.Request.URL
	viewtest.Check(p.t, p.path(), body)
	return resp.StatusCode
}

func (p *paper) says() string {
	p.t.Helper()
	return read(p.main())
}

func (p *paper) main() *html.Node {
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "main" {
			return n
		}
	}
	return p.doc
}

func (p *paper) links() (out []string) {
	for n := range p.main().Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" {
			out = append(out, attr(n, "href"))
		}
	}
	return out
}

// inline are elements that do not part words.
var inline = []string{"a", "b", "span", "time", "em", "strong", "code", "i", "small"}

// read is the text of a node: what parts words on a page parts them here.
func read(n *html.Node) string {
	var out strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			out.WriteString(n.Data)
		case n.Type == html.ElementNode && slices.Contains([]string{"script", "style", "svg", "option", "template"}, n.Data):
			return
		}
		block := n.Type == html.ElementNode && !slices.Contains(inline, n.Data)
		if block {
			out.WriteByte(' ')
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if block {
			out.WriteByte(' ')
		}
	}
	walk(n)
	return strings.Join(strings.Fields(out.String()), " ")
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func set(n *html.Node, name, value string) {
	drop(n, name)
	n.Attr = append(n.Attr, html.Attribute{Key: name, Val: value})
}

func drop(n *html.Node, name string) {
	n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func above(n *html.Node, tag string) *html.Node {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && n.Data == tag {
			return n
		}
	}
	return nil
}

// find is the button or link that reads so: exactly, else beginning so; the one nearest to near.
func (p *paper) find(label, near string) *html.Node {
	p.t.Helper()
	var best *html.Node
	score := 0
	var known []string
	for n := range p.doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "button" && (n.Data != "a" || !hasAttr(n, "href")) || hasAttr(n, "disabled") {
			continue
		}
		says := fold(read(n))
		known = append(known, says)
		s := 1 << 30
		switch {
		case says == fold(label):
		case strings.HasPrefix(says, fold(label)):
			s -= 1
		default:
			continue
		}
		if near != "" {
			around := n
			for around != nil && !strings.Contains(fold(read(around)), fold(near)) {
				around = around.Parent
			}
			if around == nil {
				continue
			}
			s -= 2 * len(read(around))
		}
		if best == nil || s > score {
			best, score = n, s
		}
	}
	if best == nil {
		p.t.Fatalf("%s has no button or link %q near %q; it has %q\n%s", p.path(), label, near, known, p.says())
	}
	return best
}

func (p *paper) press(label string, near ...string) int {
	p.t.Helper()
	n := p.find(label, strings.Join(near, " "))
	if n.Data == "a" {
		return p.open(attr(n, "href"))
	}
	form := above(n, "form")
	if form == nil {
		p.t.Fatalf("%s: the button %q belongs to no form", p.path(), label)
	}
	values := url.Values{}
	for c := range form.Descendants() {
		p.collect(c, values)
	}
	if name := attr(n, "name"); name != "" {
		values.Add(name, attr(n, "value"))
	}
	to, err := p.at.Parse(attr(form, "action"))
	if err != nil {
		p.t.Fatal(err)
	}
	var req *http.Request
	if strings.EqualFold(attr(form, "method"), "post") {
		req, err = http.NewRequest("POST", to.String(), strings.NewReader(values.Encode()))
	} else {
		to.RawQuery = values.Encode()
		req, err = http.NewRequest("GET", to.String(), nil)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if req.Method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return p.do(req)
}

// collect adds what a browser would send of a field.
func (p *paper) collect(n *html.Node, values url.Values) {
	name := attr(n, "name")
	if n.Type != html.ElementNode || name == "" || hasAttr(n, "disabled") {
		return
	}
	switch n.Data {
	case "input":
		switch attr(n, "type") {
		case "radio", "checkbox":
			if hasAttr(n, "checked") {
				values.Add(name, attr(n, "value"))
			}
		case "submit", "button":
		default:
			values.Add(name, attr(n, "value"))
		}
	case "textarea":
		values.Add(name, strings.TrimPrefix(content(n), "\n"))
	case "select":
		chosen, first := "", true
		for o := range n.Descendants() {
			if o.Type == html.ElementNode && o.Data == "option" && (first || hasAttr(o, "selected")) {
				chosen, first = attr(o, "value"), false
			}
		}
		values.Add(name, chosen)
	}
}

func content(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			out.WriteString(c.Data)
		}
	}
	return out.String()
}

func (p *paper) fill(name, value string) {
	p.t.Helper()
	var known []string
	for n := range p.doc.Descendants() {
		if n.Type != html.ElementNode || attr(n, "name") == "" || attr(n, "type") == "hidden" || n.Data == "button" {
			continue
		}
		known = append(known, attr(n, "name"))
		if attr(n, "name") == name && p.put(n, value) {
			return
		}
	}
	p.t.Fatalf("%s has no field %q that takes %q; it has %q\n%s", p.path(), name, value, slices.Compact(known), p.says())
}

// put gives a field a value, and reports whether it takes that value.
func (p *paper) put(n *html.Node, value string) bool {
	switch {
	case n.Data == "textarea":
		for c := n.FirstChild; c != nil; c = n.FirstChild {
			n.RemoveChild(c)
		}
		n.AppendChild(&html.Node{Type: html.TextNode, Data: value})
	case n.Data == "select":
		var chosen *html.Node
		for o := range n.Descendants() {
			if o.Type == html.ElementNode && o.Data == "option" && (attr(o, "value") == value || fold(content(o)) == fold(value)) {
				chosen = o
			}
		}
		if chosen == nil {
			return false
		}
		for o := range n.Descendants() {
			drop(o, "selected")
		}
		set(chosen, "selected", "")
	case attr(n, "type") == "radio" || attr(n, "type") == "checkbox":
		if attr(n, "value") != value && fold(p.label(n)) != fold(value) {
			return false
		}
		if attr(n, "type") == "radio" {
			for o := range p.doc.Descendants() {
				if o.Type == html.ElementNode && attr(o, "name") == attr(n, "name") {
					drop(o, "checked")
				}
			}
		}
		set(n, "checked", "")
	default:
		set(n, "value", value)
	}
	return true
}

func (p *paper) label(field *html.Node) string {
	id := attr(field, "id")
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "label" && attr(n, "for") == id {
			return read(n)
		}
	}
	return ""
}
