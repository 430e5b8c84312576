package email

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	mail "github.com/wneessen/go-mail"

	"github.com/muster-health/muster/internal/i18n"
	"github.com/muster-health/muster/internal/outbox"
)

// Subject is the name of the message's variable that is its subject line.
const Subject = "subject"

// compose makes the mail of a message: the words as plain text and as a page, and the way to stop.
func (s *Sender) compose(m outbox.Message) (*mail.Msg, error) {
	lang := i18n.Lang(m.Lang)
	if m.Body == "" || m.Vars[Subject] == "" {
		return nil, errors.New("compose e-mail: it has no words or no subject")
	}
	stop, err := s.o.Unsubscribe(m)
	if err != nil {
		return nil, fmt.Errorf("compose e-mail: %w", err)
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&s.o.From)
	if err := msg.To(m.To); err != nil {
		return nil, errors.New("compose e-mail: the address cannot be written to") // the error quotes it
	}
	msg.Subject(m.Vars[Subject])
	msg.SetMessageIDWithValue(s.ID(m.ID))
	msg.SetDateWithValue(s.o.Wall())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday notice answers
	page := pageOf(lang, m)
	text := m.Body
	if stop != "" {
		if page.Foot, err = i18n.Text(lang, "email.stop", "url", stop); err != nil {
			return nil, fmt.Errorf("compose e-mail: %w", err)
		}
		text += "\n\n" + page.Foot
		msg.SetListUnsubscribe("<" + stop + ">")
		if strings.HasPrefix(stop, "https://") { // RFC 8058 knows no other
			msg.SetListUnsubscribePost()
		}
	}
	msg.SetBodyString(mail.TypeTextPlain, text+"\n")
	var html bytes.Buffer
	if err := layout.Execute(&html, page); err != nil {
		return nil, fmt.Errorf("compose e-mail: %w", err)
	}
	msg.AddAlternativeString(mail.TypeTextHTML, html.String())
	return msg, nil
}

// page is what the layout shows.
type page struct {
	Lang, Subject, Foot string
	Paragraphs          [][]string
}

func pageOf(lang i18n.Lang, m outbox.Message) page {
	p := page{Lang: string(lang), Subject: m.Vars[Subject]}
	for para := range strings.SplitSeq(strings.TrimSpace(m.Body), "\n\n") {
		p.Paragraphs = append(p.Paragraphs, strings.Split(para, "\n"))
	}
	return p
}

// piece is a word of a line with what stands before it, or a link.
type piece struct{ Text, Link string }

// pieces takes the addresses out of a line, so that they can be pressed.
func pieces(line string) (out []piece) {
	for word := range strings.SplitAfterSeq(line, " ") {
		bare := strings.TrimRight(strings.TrimSpace(word), ".,;")
		u, err := url.Parse(bare)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			out = append(out, piece{Text: word})
			continue
		}
		out = append(out, piece{Text: bare, Link: bare}, piece{Text: strings.TrimPrefix(word, bare)})
	}
	return out
}

// layout needs nothing from elsewhere: no picture, no font, nothing that tells who opened it.
var layout = template.Must(template.New("mail").Funcs(template.FuncMap{"pieces": pieces}).Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Subject}}</title></head>
<body style="margin:0 auto;max-width:36em;padding:1em;font-family:sans-serif;font-size:17px;line-height:1.5;color:#1b1b1b;background:#fff">
{{range .Paragraphs}}<p>{{range $i, $line := .}}{{if $i}}<br>{{end}}{{template "line" $line}}{{end}}</p>
{{end}}{{with .Foot}}<p style="border-top:1px solid #71767a;padding-top:1em;font-size:15px">{{template "line" .}}</p>
{{end}}</body></html>
{{define "line"}}{{range pieces .}}{{if .Link}}<a href="{{.Link}}" style="color:#005ea2;overflow-wrap:anywhere">{{.Text}}</a>{{else}}{{.Text}}{{end}}{{end}}{{end}}`))
