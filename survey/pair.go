package survey

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// File is one file of a questionnaire in one language.
type File struct {
	Name string
	Data []byte
}

// Pair makes one questionnaire of files in several languages, such as diary.en.json and diary.es.json:
// the first as it is, with the texts of the others as its translations. All must ask the same: equal
// addresses, versions, linkIds in order, types, conditions, limits and option codes; only texts may
// differ. The error names each difference by file and linkId, with the mend.
func Pair(files ...File) ([]byte, error) {
	if len(files) < 2 {
		return nil, errors.New("a pair needs two files or more, one for each language")
	}
	var p pairer
	var docs []map[string]any
	seen := map[string]string{}
	for _, f := range files {
		dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(f.Data, []byte("\xef\xbb\xbf"))))
		dec.UseNumber()
		var doc map[string]any
		if _, err := ParseFile(f.Name, f.Data); err != nil {
			return nil, err
		}
		if err := dec.Decode(&doc); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, located(f.Data, err))
		}
		lang := base(text(doc, "language"))
		switch {
		case lang == "":
			p.fail(f.Name, "", "it says no language: add \"language\", such as es")
		case seen[lang] != "":
			p.fail(f.Name, "", "it is in %s, as %s is: one file for each language", lang, seen[lang])
		}
		seen[lang] = f.Name
		docs = append(docs, doc)
	}
	p.base = files[0].Name
	for i, doc := range docs[1:] {
		p.file, p.lang = files[i+1].Name, text(doc, "language")
		p.document(docs[0], doc)
	}
	if len(p.errs) > 0 {
		return nil, fmt.Errorf("not the same questionnaire: %w", errors.Join(p.errs...))
	}
	out, err := json.MarshalIndent(docs[0], "", "  ")
	if err != nil {
		return nil, fmt.Errorf("pair %s: %w", p.base, err)
	}
	if _, err := Parse(out); err != nil {
		return nil, fmt.Errorf("pair %s: %w", p.base, err)
	}
	return out, nil
}

// pairer puts the texts of one file into another.
type pairer struct {
	base, file, lang string
	errs             []error
}

func (p *pairer) fail(file, linkID, format string, args ...any) {
	at := file + ": "
	if linkID != "" {
		at += fmt.Sprintf("item %q: ", linkID)
	}
	if len(p.errs) < 50 {
		p.errs = append(p.errs, errors.New(at+fmt.Sprintf(format, args...)))
	}
}

func (p *pairer) document(into, from map[string]any) {
	for _, name := range []string{"url", "version"} {
		if a, b := text(into, name), text(from, name); a != b {
			p.fail(p.file, "", "%s %q, but %q in %s: make them the same", name, b, a, p.base)
		}
	}
	p.translate(into, from, "title", "")
	p.items(list(into, "item"), list(from, "item"), "")
	p.sets(list(into, "contained"), list(from, "contained"))
}

// items pairs the items of one level, inside the item up.
func (p *pairer) items(into, from []map[string]any, up string) {
	for i, x := range from {
		id := text(x, "linkId")
		if i >= len(into) {
			p.fail(p.file, id, "%s has no such item here: add it there, or remove it", p.base)
		} else if want := text(into[i], "linkId"); id != want {
			p.fail(p.file, id, "%s has %q in its place: give both the same items in the same order", p.base, want)
			return
		} else {
			p.item(into[i], x, id)
		}
	}
	for _, x := range into[min(len(from), len(into)):] {
		p.fail(p.file, cmp.Or(text(x, "linkId"), up), "it is missing: %s has it", p.base)
	}
}

func (p *pairer) item(into, from map[string]any, id string) {
	for _, name := range []string{"type", "required", "repeats", "readOnly", "maxLength", "enableBehavior", "enableWhen", "answerValueSet", "code"} {
		if a, b := wordless(into[name]), wordless(from[name]); !reflect.DeepEqual(a, b) {
			p.fail(p.file, id, "%s is %s, but %s in %s: make them the same", name, compact(b), compact(a), p.base)
		}
	}
	p.translate(into, from, "text", id)
	p.extensions(into, from, id)
	a, b := list(into, "answerOption"), list(from, "answerOption")
	if len(a) != len(b) {
		p.fail(p.file, id, "it has %d options, but %d in %s: make them the same", len(b), len(a), p.base)
		return
	}
	for i := range a {
		p.option(a[i], b[i], id, i+1)
	}
	p.items(list(into, "item"), list(from, "item"), id)
}

func (p *pairer) option(into, from map[string]any, id string, n int) {
	if _, words := into["valueString"]; words && from["valueString"] != nil {
		p.translate(into, from, "valueString", id)
		p.extensions(into, from, id)
		return
	}
	if a, b := wordless(into), wordless(from); !reflect.DeepEqual(a, b) {
		p.fail(p.file, id, "option %d is %s, but %s in %s: give both the same code", n, compact(b), compact(a), p.base)
		return
	}
	if coding, ok := into["valueCoding"].(map[string]any); ok {
		other, _ := from["valueCoding"].(map[string]any)
		p.translate(coding, other, "display", id)
		p.extensions(coding, other, id)
	}
	p.extensions(into, from, id)
}

// extensions must be the same but for short texts, which are translated.
func (p *pairer) extensions(into, from map[string]any, id string) {
	a, b := list(into, "extension"), list(from, "extension")
	if x, y := wordless(a), wordless(b); !reflect.DeepEqual(x, y) {
		p.fail(p.file, id, "its extensions differ from those in %s: make them the same, in the same order", p.base)
		return
	}
	for i := range a {
		if text(a[i], "url") != extShort {
			continue
		}
		x, y := list(a[i], "extension"), list(b[i], "extension")
		for k := range x {
			if text(x[k], "url") == "content" {
				p.translate(x[k], y[k], "valueString", id)
			}
		}
	}
}

// sets pairs contained value sets by their codes.
func (p *pairer) sets(into, from []map[string]any) {
	if x, y := wordless(into), wordless(from); !reflect.DeepEqual(x, y) {
		p.fail(p.file, "", "its contained value sets differ from those in %s: give both the same codes in the same order", p.base)
		return
	}
	var walk func(a, b any)
	walk = func(a, b any) {
		switch a := a.(type) {
		case map[string]any:
			b, _ := b.(map[string]any)
			if _, ok := a["display"].(string); ok {
				p.translate(a, b, "display", "")
			}
			for name, x := range a {
				if !strings.HasPrefix(name, "_") {
					walk(x, b[name])
				}
			}
		case []any:
			b, _ := b.([]any)
			for i := range a {
				walk(a[i], b[i])
			}
		}
	}
	for i := range into {
		walk(into[i]["compose"], from[i]["compose"])
		walk(into[i]["expansion"], from[i]["expansion"])
	}
}

// translate adds the text of a field as a translation beside it.
func (p *pairer) translate(into, from map[string]any, field, id string) {
	source, said := text(into, field), text(from, field)
	switch {
	case source == "" && said == "":
		return
	case source == "" || said == "":
		missing := p.file
		if source == "" {
			missing = p.base
		}
		p.fail(missing, id, "its %s is missing: write it in this language too", field)
		return
	}
	beside, _ := into["_"+field].(map[string]any)
	if beside == nil {
		beside = map[string]any{}
	}
	extensions, _ := beside["extension"].([]any)
	beside["extension"] = append(extensions, map[string]any{"url": extTranslation, "extension": []any{
		map[string]any{"url": "lang", "valueCode": p.lang}, map[string]any{"url": "content", "valueString": said}}})
	into["_"+field] = beside
}

// wordless is a value without the texts that may differ between languages.
func wordless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		short := text(v, "url") == "content"
		for name, x := range v {
			if name == "display" || strings.HasPrefix(name, "_") || short && name == "valueString" || name == "text" || name == "title" || name == "name" {
				continue
			}
			out[name] = wordless(x)
		}
		return out
	case []map[string]any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = wordless(v[i])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = wordless(v[i])
		}
		return out
	}
	return v
}

func compact(v any) string {
	data, err := json.Marshal(v)
	if err != nil || v == nil {
		return "left out"
	}
	return short(string(data))
}

func text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

func list(m map[string]any, name string) []map[string]any {
	var out []map[string]any
	all, _ := m[name].([]any)
	for _, x := range all {
		if one, ok := x.(map[string]any); ok {
			out = append(out, one)
		}
	}
	return out
}
