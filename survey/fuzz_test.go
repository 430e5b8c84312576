package survey

import (
	"os"
	"path/filepath"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, name := range LibraryNames() {
		data, err := library.ReadFile("library/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(intros))
	f.Add([]byte(`{"resourceType":"Questionnaire","item":[null,{"item":[null]}],"contained":[null],"extension":[null]}`))
	if dir := os.Getenv("MUSTER_REAL_DATA"); dir != "" {
		files, _ := filepath.Glob(filepath.Join(dir, "questionnaires", "edge-cases", "*.json"))
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil {
				f.Add(data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := Parse(data)
		if err != nil {
			return
		}
		for _, c := range []Channel{Web, SMS, Voice} {
			_ = q.Check(c)
		}
		s := NewSession(q, "es", evening)
		for range 20 {
			next, p, stored, err := q.Next(s, Input{Kind: Reply, Raw: "1", Channel: Web, At: evening})
			if err != nil {
				next, p, stored, err = q.Next(s, Input{Kind: Show, Channel: Web, At: evening})
			}
			if err != nil {
				t.Fatal(err)
			}
			s = next
			sound(t, q, s, p, stored)
			if p.Done {
				break
			}
		}
		data, err = q.Response(s, "Patient/x", "")
		if err != nil {
			t.Fatal(err)
		}
		valid(t, data)
		q.Facts(s)
		q.Lines(s, "en")
	})
}

func FuzzNext(f *testing.F) {
	q, err := Parse([]byte(`{"resourceType":"Questionnaire","url":"urn:fuzz","item":[
		{"linkId":"b","type":"boolean","text":"B?"},
		{"linkId":"i","type":"integer","text":"I?",` + limits("minValue", -5, "maxValue", 300) + `},
		{"linkId":"d","type":"decimal","text":"D?","extension":[` + unit("Cel", "°C") + `]},
		{"linkId":"c","type":"choice","text":"C?",` + colours + `},
		{"linkId":"m","type":"choice","repeats":true,"text":"M?",` + many(12) + `},
		{"linkId":"o","type":"open-choice","text":"O?",` + colours + `},
		{"linkId":"day","type":"date","text":"Day?"},
		{"linkId":"t","type":"time","text":"T?"},
		{"linkId":"s","type":"string","text":"S?"}]}`))
	if err != nil {
		f.Fatal(err)
	}
	for _, raw := range []string{"1", "yes", "37,5 °C", "1,2 y 3", "3 de mayo de 2025", "2:30 p. m.", "٣٧٫٥", "\xff\xfe", "0102", "12*5#", "5/3/2025", "-0.0"} {
		f.Add(raw, uint8(0), uint8(1))
	}
	channels := []Channel{Web, SMS, Voice, Staff}
	f.Fuzz(func(t *testing.T, raw string, which, channel uint8) {
		s := NewSession(q, "es", evening)
		it := q.items[int(which)%len(q.items)]
		in := Input{Kind: Reply, LinkID: it.linkID, Raw: raw, Channel: channels[int(channel)%len(channels)], At: evening}
		s, p, stored, err := q.Next(s, in)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, q, s, p, stored)
		data, err := q.Response(s, "", "")
		if err != nil {
			t.Fatal(err)
		}
		valid(t, data)
		if stored == nil {
			return
		}
		// What was understood can be said again in its own words and means the same.
		line, ok := q.Line(*stored, "es")
		if !ok {
			t.Fatal("no line for a stored answer")
		}
		if it.kind == typeOpenChoice || it.kind == typeString || it.repeats {
			return
		}
		values, problem := read(it, Input{Raw: line.Text, Channel: Web, At: evening}, "es")
		if problem != nil || len(values) != 1 || !sameValue(values[0], stored.Values[0]) && it.kind != typeTime {
			t.Fatalf("%q was read as %q, which is read as %+v (%+v)", raw, line.Text, values, problem)
		}
	})
}
