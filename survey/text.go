package survey

import (
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// phrase is a text with its translations, by language tag as written ("es", "es-US").
type phrase struct {
	source string
	in     map[string]string
}

// phraseOf reads FHIR's translation extension beside a string.
func phraseOf(source string, beside *wireElement) phrase {
	p := phrase{source: unmarked(source)}
	if beside == nil {
		return p
	}
	for _, e := range beside.Extension {
		if e.URL != extTranslation {
			continue
		}
		lang, content := find(e.Extension, "lang"), find(e.Extension, "content")
		if lang == nil || content == nil {
			continue
		}
		text := content.String
		if text == "" {
			text = content.Markdown
		}
		p.add(lang.Code, text)
	}
	return p
}

func (p *phrase) add(lang, text string) {
	if text = unmarked(text); lang == "" || text == "" {
		return
	}
	if p.in == nil {
		p.in = map[string]string{}
	}
	p.in[lang] = text
}

// to returns the text in lang, else in its base language, else the source.
func (p phrase) to(lang string) string {
	if t, ok := p.in[lang]; ok {
		return t
	}
	if t, ok := p.in[base(lang)]; ok {
		return t
	}
	for _, tag := range slices.Sorted(maps.Keys(p.in)) {
		if base(tag) == base(lang) {
			return p.in[tag]
		}
	}
	return p.source
}

// has says whether the text needs no translation into lang or has one.
func (p phrase) has(lang string) bool {
	if p.source == "" {
		return true
	}
	for tag := range p.in {
		if base(tag) == base(lang) {
			return true
		}
	}
	return false
}

func base(lang string) string {
	b, _, _ := strings.Cut(strings.ToLower(lang), "-")
	return b
}

var (
	tagBreaks  = regexp.MustCompile(`(?i)<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>`)
	tags       = regexp.MustCompile(`(?i)</?(?:a|b|br|center|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul)(?:\s+[a-z-]+\s*=[^<>]*|\s*/)?>`)
	emphasis   = regexp.MustCompile(`(\*\*|__)(\S(?:[^\n]*?\S)?)(\*\*|__)`)
	links      = regexp.MustCompile(`\[([^\[\]]+)\]\((?:https?:|mailto:|/)[^()\s]*\)`)
	doubleRest = regexp.MustCompile(`[ \t\x{a0}]*\n[\s\x{a0}]*`)
)

// unmarked is a text as it is said: without the tags, entities and Markdown that some files put
// into it, since a phone reads them out and a text message shows them.
func unmarked(s string) string {
	if strings.ContainsRune(s, '<') {
		s = tags.ReplaceAllString(tagBreaks.ReplaceAllString(s, "\n"), "")
		s = doubleRest.ReplaceAllString(s, "\n")
	}
	if strings.ContainsRune(s, '&') {
		s = html.UnescapeString(s)
	}
	s = links.ReplaceAllString(s, "$1")
	s = emphasis.ReplaceAllStringFunc(s, func(m string) string {
		if strings.Trim(m, "_ ") == "" || strings.Trim(m, "* ") == "" {
			return m // a line to fill in
		}
		return m[2 : len(m)-2]
	})
	return clean(s)
}

// clean returns text in NFC without control characters but line breaks, trimmed.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r) || r == unicode.ReplacementChar || r == 0xFFFE || r == 0xFFFF:
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(norm.NFC.String(s))
}

// fold makes two spellings of a short answer equal: no case, accents, width, outer
// punctuation or doubled spaces; every script's digits as 0–9.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		b.WriteRune(unicode.ToLower(ascii(r)))
	}
	return strings.Trim(strings.Join(strings.Fields(b.String()), " "), ".,;:!?¡¿()[]\"'#*- ")
}

// ascii turns a decimal digit of any script into 0–9 and look-alike signs into plain ones.
func ascii(r rune) rune {
	switch r {
	case '٫':
		return '.'
	case '،', '、':
		return ','
	case '−', '–', '‐', '‑':
		return '-'
	case '’', '‘':
		return '\''
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return r
	}
	// Unicode keeps each script's digits in one run of ten that starts with zero.
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}

// plain is fold for numbers and dates: width and digits only, outer space trimmed.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(ascii, norm.NFKC.String(s)))
}
