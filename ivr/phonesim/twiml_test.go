package phonesim

import (
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	tests := []struct {
		base, ref, want string
	}{
		{"http://127.0.0.1/a/b?x=1", "", "http://127.0.0.1/a/b?x=1"},
		{"http://127.0.0.1/a/b?x=1#rc=2", "", "http://127.0.0.1/a/b?x=1"},
		{"http://127.0.0.1/a/b?x=1", "c", "http://127.0.0.1/a/c"},
		{"http://127.0.0.1/a/b", "/c?y=2", "http://127.0.0.1/c?y=2"},
		{"http://127.0.0.1/a/b", "?y=2", "http://127.0.0.1/a/b?y=2"},
		{"http://127.0.0.1/a/b", " http://localhost:1/x ", "http://localhost:1/x"},
		{"", "http://localhost:1/x", "http://localhost:1/x"},
		{"", "x", ""},
		{"", "", ""},
		{"http://127.0.0.1/", "ftp://127.0.0.1/x", ""},
		{"http://127.0.0.1/", "tel:+14125550100", ""},
	}
	for _, tt := range tests {
		got, err := resolve(tt.base, tt.ref)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("resolve(%q, %q) = %q, %v; want %q", tt.base, tt.ref, got, err, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	tests := []struct {
		in, want string
		fiction  bool
	}{
		{"+14125550123", "+14125550123", true},
		{"412-555-0123", "+14125550123", true},
		{"(412) 555-0199", "+14125550199", true},
		{"1 412 555 0100", "+14125550100", true},
		{"+14125550200", "+14125550200", false},
		{"+14125552368", "+14125552368", false},
		{"+442079460000", "+442079460000", false},
		{"+11125550123", "", false},
		{"+1412555012", "", false},
		{"5550123", "", false},
		{"", "", false},
		{"+1412555o123", "", false},
	}
	for _, tt := range tests {
		got, ok := e164(tt.in)
		if got != tt.want || ok != (tt.want != "") || fictional(got) != tt.fiction {
			t.Errorf("e164(%q) = %q, %v, fiction %v; want %q, %v", tt.in, got, ok, fictional(got), tt.want, tt.fiction)
		}
	}
}

func FuzzTwiML(f *testing.F) {
	for _, s := range []string{
		`<Response><Say language="es-US">Hola <break/> tú</Say><Gather numDigits="1"><Say>x</Say></Gather></Response>`,
		`<Response><Dial><Number>4125550102</Number></Dial></Response>`, `<Response/>`, `<a><b/></a>`, ``, `<!DOCTYPE x [<!ENTITY e "x">]><Response>&e;</Response>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		root, err := parseTwiML([]byte(doc))
		if err != nil {
			if err.Code != codeParse || err.Message == "" {
				t.Fatalf("error %+v, want %d with words", err, codeParse)
			}
			return
		}
		if root.Name != "Response" {
			t.Fatalf("root %q accepted", root.Name)
		}
		if err := checkTwiML(root, voiceRules); err == nil {
			for _, v := range root.Kids {
				if v.Name == "Say" && strings.TrimSpace(v.text()) == "" {
					t.Fatal("an empty <Say> passed")
				}
			}
		}
	})
}
