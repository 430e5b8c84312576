// Package wording looks for what must not stand in a text that others may read over a shoulder: the
// study or its condition by name, fields that nothing fills in, links to places that are not ours; and
// for what makes it long or leaves out what a red flag's words must say. It is pure, and the one place
// that composer, script book, study files and the command line ask.
package wording

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/muster-health/muster/internal/i18n"
)

// Rules are what a text is held against. What is left empty is not looked for.
type Rules struct {
	Names      []string // of studies, as whole words
	Conditions []string // words people search studies by; shorter than four letters are passed over
	Neutral    string   // what to say instead
	Fields     []string // that are filled in: "name" for {name}; a text without any has none
	Hosts      []string // links may go there
	Parts      int      // most parts of a text
	Emergency  string   // the number it must say
}

// Finding is one thing about a text, with the mend.
type Finding struct {
	Text  string // which one: "diary.safetyText.es"
	Place string // the words in question
	Says  string // what is wrong with them, and the mend
	Error bool   // must be mended; else it is a hint
}

// String is the finding as a line.
func (f Finding) String() string {
	s := f.Text
	if f.Place != "" {
		s = strings.TrimSpace(s + fmt.Sprintf(" %q", f.Place))
	}
	return strings.TrimPrefix(s+": "+f.Says, ": ")
}

var (
	fields = regexp.MustCompile(`\{([^{}\n]{0,40})\}|\[([A-Za-z_ .]{1,40})\]`)
	links  = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"]+|\bwww\.[^\s<>"]+`)
)

// Look holds a text, known by name, against the rules; findings come in the order of Rules.
func Look(name, text string, r Rules) []Finding {
	var out []Finding
	add := func(bad bool, place, says string, args ...any) {
		out = append(out, Finding{Text: name, Place: place, Says: fmt.Sprintf(says, args...), Error: bad})
	}
	instead := ""
	if r.Neutral != "" {
		instead = ": say " + r.Neutral
	}
	folded := words(text)
	for _, n := range r.Names {
		if n != "" && strings.Contains(folded, words(n)) {
			add(true, n, "names the study, and somebody else may read the screen%s", instead)
		}
	}
	for _, c := range r.Conditions {
		if len([]rune(c)) > 3 && strings.Contains(folded, words(c)) {
			add(true, c, "names what the study is about, and somebody else may read the screen%s", instead)
		}
	}
	for _, m := range fields.FindAllStringSubmatch(text, -1) {
		if field := strings.TrimSpace(m[1] + m[2]); !slices.Contains(r.Fields, field) {
			add(true, m[0], "nothing fills this in: write the words themselves")
		}
	}
	for _, l := range links.FindAllString(text, -1) {
		if r.Hosts != nil && !slices.Contains(r.Hosts, host(l)) {
			add(false, l, "is a link to another place, which carriers may block and people should not trust: leave it out or link to a page here")
		}
	}
	if odd := i18n.Outside(text); r.Parts > 0 && len(odd) > 0 {
		add(false, strings.Join(odd[:min(len(odd), 8)], " "), "more than doubles the length: use plain letters, straight quotes and hyphens")
	}
	if n := i18n.Segments(text); r.Parts > 0 && n > r.Parts {
		add(false, "", "is %d parts of a text, and %d are the most that are read: shorten it", n, r.Parts)
	}
	if r.Emergency != "" && !strings.Contains(folded, words(r.Emergency)) {
		add(false, "", "does not say the number for an emergency: add %s", r.Emergency)
	}
	return out
}

// words is a text as whole words between single spaces, without case and accents.
func words(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	return " " + strings.Join(strings.Fields(b.String()), " ") + " "
}

func host(link string) string {
	if !strings.Contains(link, "://") {
		link = "https://" + link
	}
	u, err := url.Parse(strings.TrimRight(link, ".,;:!?)"))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
