package phonesim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"
)

// node is an element of a TwiML document.
type node struct {
	Name  string
	Attrs map[string]string
	Kids  []*node
	words strings.Builder
}

// text is the element's text with that of its children, spaces collapsed.
func (n *node) text() string { return strings.Join(strings.Fields(n.words.String()), " ") }

func (n *node) attr(name string) string { return n.Attrs[name] }

// twimlError is a fault in the application's answer, with Twilio's code for it.
type twimlError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *twimlError) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

func twimlErrorf(code int, format string, args ...any) *twimlError {
	return &twimlError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// readTwiML takes the document out of a webhook's answer and checks it.
func readTwiML(a answer, rules map[string]rule) (*node, *twimlError) {
	switch t := mediaType(a.contentType); t {
	case "text/xml", "application/xml", "text/html", "":
	default:
		return nil, twimlErrorf(codeContentType, "Content-Type %q is not TwiML; want text/xml", t)
	}
	root, err := parseTwiML(a.body)
	if err != nil {
		return nil, err
	}
	return root, checkTwiML(root, rules)
}

// parseTwiML reads a document into nodes. Its root must be <Response>.
func parseTwiML(body []byte) (*node, *twimlError) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var root *node
	var open []*node
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, twimlErrorf(codeParse, "the document cannot be parsed: %v", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			n := &node{Name: t.Name.Local, Attrs: map[string]string{}}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance" || a.Name.Space == "xml" {
					continue
				}
				if _, twice := n.Attrs[a.Name.Local]; twice {
					return nil, twimlErrorf(codeParse, "<%s> has the attribute %s twice", n.Name, a.Name.Local)
				}
				n.Attrs[a.Name.Local] = a.Value
			}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.Kids = append(parent.Kids, n)
			case root != nil:
				return nil, twimlErrorf(codeParse, "more than one root element")
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 0 && len(bytes.TrimSpace(t)) > 0 {
				return nil, twimlErrorf(codeParse, "text outside the root element")
			}
			for _, n := range open {
				n.words.Write(t)
			}
		}
	}
	if root == nil {
		return nil, twimlErrorf(codeParse, "the document is empty")
	}
	if root.Name != "Response" {
		return nil, twimlErrorf(codeParse, "the root element is <%s>, want <Response>", root.Name)
	}
	return root, nil
}

// resolve makes a URL of a document absolute; base is the document's own URL.
func resolve(base, ref string) (string, *twimlError) {
	b, err := url.Parse(base)
	if err != nil {
		return "", twimlErrorf(codeBadURL, "the document's URL cannot be read")
	}
	b.Fragment = ""
	if strings.TrimSpace(ref) == "" {
		if base == "" {
			return "", twimlErrorf(codeBadURL, "an inline document needs absolute URLs")
		}
		return b.String(), nil
	}
	r, err := url.Parse(strings.TrimSpace(ref))
	if err != nil {
		return "", twimlErrorf(codeBadURL, "%q is not a URL", ref)
	}
	u := b.ResolveReference(r)
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", twimlErrorf(codeBadURL, "%q is not an absolute http URL", ref)
	}
	return u.String(), nil
}

func mediaType(header string) string {
	t, _, err := mime.ParseMediaType(header)
	if err != nil {
		return strings.TrimSpace(header)
	}
	return t
}
