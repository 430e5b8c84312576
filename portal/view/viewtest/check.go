// Package viewtest checks rendered pages: well-formed, nothing inline, labelled and linked.
package viewtest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Check fails the test for every mistake in a page or fragment: tags that do not nest, styles
// or scripts in the page, event attributes, htmx features that need eval, repeated ids, labels
// and aria references that point nowhere, controls without a label, headings that skip a level,
// and traces of templates gone wrong.
func Check(t testing.TB, name string, page []byte) {
	t.Helper()
	for _, p := range Problems(page) {
		t.Errorf("%s: %s", name, p)
	}
}

// Problems lists what is wrong with a page or fragment.
func Problems(page []byte) []string {
	c := checker{ids: map[string]bool{}, labels: map[string]bool{}}
	c.walk(page)
	c.references()
	for _, trace := range []string{"ZgotmplZ", "<no value>", "%!", "<nil>", "{{"} {
		if bytes.Contains(page, []byte(trace)) {
			c.say("contains %q", trace)
		}
	}
	return c.problems
}

type checker struct {
	problems []string
	open     []string
	ids      map[string]bool
	labels   map[string]bool // ids that a label is for
	refs     []string        // ids that must exist
	controls []control
	heading  int
}

type control struct{ tag, id, name string }

func (c *checker) say(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func void(tag string) bool {
	return slices.Contains([]string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}, tag)
}

func (c *checker) walk(page []byte) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				c.say("cannot be read: %v", z.Err())
			}
			for _, tag := range c.open {
				c.say("<%s> is never closed", tag)
			}
			return
		case html.StartTagToken:
			tok := z.Token()
			c.element(tok)
			if !void(tok.Data) {
				c.open = append(c.open, tok.Data)
			}
		case html.SelfClosingTagToken:
			tok := z.Token()
			if !void(tok.Data) && !slices.Contains(c.open, "svg") {
				c.say("<%s/> closes itself", tok.Data)
			}
			c.element(tok)
		case html.EndTagToken:
			tag := z.Token().Data
			if n := len(c.open); n == 0 || c.open[n-1] != tag {
				c.say("</%s> where %v is open", tag, c.open)
				if i := slices.Index(c.open, tag); i >= 0 {
					c.open = c.open[:i]
				}
				continue
			}
			c.open = c.open[:len(c.open)-1]
		}
	}
}

func (c *checker) element(tok html.Token) {
	attr := map[string]string{}
	for _, a := range tok.Attr {
		if _, twice := attr[a.Key]; twice {
			c.say("<%s> has %s twice", tok.Data, a.Key)
		}
		attr[a.Key] = a.Val
		c.attribute(tok.Data, a)
	}
	inside := func(tag string) bool { return slices.Contains(c.open, tag) }
	switch tok.Data {
	case "style":
		c.say("a <style> in the page")
	case "script":
		if attr["src"] == "" {
			c.say("a <script> in the page")
		}
	case "form":
		if inside("form") {
			c.say("a <form> in a <form>")
		}
	case "p", "ul", "ol", "dl", "div", "table", "section", "fieldset", "form-group", "h1", "h2", "h3":
		if inside("p") {
			c.say("<%s> in a <p>", tok.Data)
		}
	case "a":
		if inside("a") {
			c.say("an <a> in an <a>")
		}
		if href, ok := attr["href"]; ok && (href == "" || href == "#") {
			c.say("an <a> that goes nowhere")
		}
	case "label":
		c.labels[attr["for"]] = true
		c.refs = append(c.refs, attr["for"])
	case "input", "select", "textarea":
		if attr["type"] != "hidden" && attr["aria-label"] == "" && !inside("label") {
			c.controls = append(c.controls, control{tok.Data, attr["id"], attr["name"]})
		}
	case "img":
		if _, ok := attr["alt"]; !ok {
			c.say("an <img> without alt")
		}
	}
	if len(tok.Data) == 2 && tok.Data[0] == 'h' && tok.Data[1] >= '1' && tok.Data[1] <= '6' {
		level := int(tok.Data[1] - '0')
		if c.heading > 0 && level > c.heading+1 {
			c.say("<h%d> after <h%d>", level, c.heading)
		}
		c.heading = level
	}
}

func (c *checker) attribute(tag string, a html.Attribute) {
	switch {
	case a.Key == "style":
		c.say("<%s style=%q>", tag, a.Val)
	case strings.HasPrefix(a.Key, "on"), strings.HasPrefix(a.Key, "hx-on"):
		c.say("<%s %s>: scripts stay out of pages", tag, a.Key)
	case strings.HasPrefix(a.Key, "hx-") && (strings.Contains(a.Val, "js:") || a.Key == "hx-trigger" && strings.Contains(a.Val, "[")):
		c.say("<%s %s=%q> needs eval", tag, a.Key, a.Val)
	case strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:"):
		c.say("<%s %s> runs a script", tag, a.Key)
	case a.Key == "id":
		if a.Val == "" {
			c.say("<%s> has an empty id", tag)
		} else if c.ids[a.Val] {
			c.say("id %q is used twice", a.Val)
		}
		c.ids[a.Val] = true
	case a.Key == "aria-describedby" || a.Key == "aria-labelledby" || a.Key == "aria-controls":
		c.refs = append(c.refs, strings.Fields(a.Val)...)
	case a.Key == "href" && strings.HasPrefix(a.Val, "#") && len(a.Val) > 1:
		c.refs = append(c.refs, a.Val[1:])
	}
}

func (c *checker) references() {
	for _, id := range c.refs {
		if !c.ids[id] {
			c.say("points at id %q, which is not there", id)
		}
	}
	for _, f := range c.controls {
		if f.id == "" || !c.labels[f.id] {
			c.say("<%s name=%q> has no label", f.tag, f.name)
		}
	}
}
