package survey

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
)

// realDir is the folder of real questionnaires, or skips loudly.
func realDir(t testing.TB) string {
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("SKIPPED: MUSTER_REAL_DATA is not set; real questionnaires were not read")
	}
	return filepath.Join(dir, "questionnaires")
}

// walksEach is how many different ways each real questionnaire is gone through on each channel.
const walksEach = 4

// TestRealQuestionnaires loads every real questionnaire or refuses it with a reason, and goes
// through each that loads with random answers (always the same ones), skips and changes, on every
// channel it can be asked on at once: the responses are valid FHIR R4 and differ in nothing but how
// and when they were taken. The output has a table of all files.
func TestRealQuestionnaires(t *testing.T) {
	var files []string
	err := filepath.WalkDir(realDir(t), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.Contains(path, "responses") && slices.Contains([]string{".json", ".txt"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "file\tquestions\tweb/sms/voice\twalks\tloaded, or refused why")
	loaded, refused, walked := 0, 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		q, err := Parse(data)
		if err != nil {
			refused++
			if reasons := leaves(err); slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, ": ") }) {
				fmt.Fprintf(w, "%s\t\t\t\trefused: %s\n", name, strings.Join(reasons, " | "))
			} else {
				t.Errorf("%s is refused without a mend: %v", name, err)
			}
			continue
		}
		loaded++
		ways := slices.DeleteFunc(q.Ways(), func(c Channel) bool { return c == Staff })
		asked := 0
		for _, it := range q.items {
			if it.asked() {
				asked++
			}
		}
		for n := range walksEach {
			walk(t, name, q, ways, rand.New(rand.NewPCG(uint64(n), 1)))
			walked += len(ways)
		}
		by := ""
		for _, c := range []Channel{Web, SMS, Voice} {
			by += "/" + map[bool]string{true: "yes", false: "no"}[slices.Contains(ways, c)]
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\tloaded\n", name, asked, by[1:], walksEach*len(ways))
	}
	w.Flush()
	t.Logf("%d loaded, %d refused, %d walks\n%s", loaded, refused, walked, table.String())
	if loaded+refused != len(files) || loaded < 33 || walked < 60*walksEach {
		t.Errorf("%d files: %d loaded, %d refused, %d walks", len(files), loaded, refused, walked)
	}
}

// leaves are the reasons of a joined error.
func leaves(err error) []string {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return []string{err.Error()}
	}
	var all []string
	for _, e := range many.Unwrap() {
		all = append(all, leaves(e)...)
	}
	return all
}

// walk goes through q on all ways at once, to the end.
func walk(t *testing.T, name string, q *Questionnaire, ways []Channel, rng *rand.Rand) {
	t.Helper()
	talks := make([]*talk, len(ways))
	for i, c := range ways {
		talks[i] = begin(t, q, c, q.lang)
	}
	lead := talks[0]
	for step := 0; !lead.p.Done; step++ {
		if step > 3*len(q.items)+50 {
			t.Fatalf("%s does not end: still at %q", name, lead.p.LinkID)
		}
		target := lead.p.LinkID
		if len(lead.s.Answers) > 0 && step < 2*len(q.items) && rng.IntN(8) == 0 {
			target = lead.s.Answers[rng.IntN(len(lead.s.Answers))].LinkID
		}
		it := q.byID[target]
		inputs, ok := give(it, rng)
		if !it.required && (!ok || rng.IntN(7) == 0) {
			for _, c := range ways {
				inputs[c] = Input{Kind: Skip}
			}
		} else if !ok {
			t.Fatalf("%s: no answer to %q is known to the walker", name, target)
		}
		for i, c := range ways {
			k, in := talks[i], inputs[c]
			for _, raw := range strings.Split(in.Raw, "\x00") {
				in.LinkID, in.Raw = target, raw
				k.do(in)
				if k.p.Problem != nil {
					t.Fatalf("%s by %s: %q to %q is refused: %+v", name, c, said(in), target, *k.p.Problem)
				}
				for k.s.Pending != "" {
					k.say("1")
				}
			}
			if k.s.Step == StepMore {
				k.say("2")
			}
			if k.p.LinkID != lead.p.LinkID || k.p.Done != lead.p.Done {
				t.Fatalf("%s: after %q to %q the web asks %q, %s asks %q", name, said(in), target, lead.p.LinkID, c, k.p.LinkID)
			}
		}
	}
	var want map[string]any
	for i, c := range ways {
		data, err := q.Response(talks[i].s, "Patient/per_1", "Patient/per_1")
		if err != nil {
			t.Fatal(err)
		}
		if err := judge(data); err != nil {
			t.Fatalf("%s by %s: %v", name, c, err)
		}
		got := withoutCapture(tree(t, data))
		delete(got, "authored")
		if want == nil {
			want = got
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: the response by %s differs from the web's:\n%s", name, c, d)
		}
	}
}

// give draws one answer and says how it is given on each channel; false if the item's own pattern
// is beyond it.
func give(it *item, rng *rand.Rand) (map[Channel]Input, bool) {
	as := func(web, sms, voice string) (map[Channel]Input, bool) {
		return map[Channel]Input{Web: {Kind: Reply, Raw: web}, SMS: {Kind: Reply, Raw: sms}, Voice: {Kind: Reply, Raw: voice}}, true
	}
	if n := len(it.options); n > 0 {
		if it.kind == typeOpenChoice && rng.IntN(3) == 0 && it.pattern == nil && it.least < 2 {
			m, ok := as("", "quite another thing", "")
			m[Web] = Input{Kind: Reply, Words: "quite another thing"}
			return m, ok
		}
		chosen := []int{rng.IntN(n)}
		if it.repeats {
			chosen = rng.Perm(n)[:max(1, min(n, it.least+rng.IntN(3)))]
			chosen = slices.DeleteFunc(chosen, func(i int) bool { return it.options[i].exclusive && len(chosen) > 1 })
		}
		if it.repeats && (len(chosen) == 0 || len(chosen) < it.least || it.most > 0 && len(chosen) > it.most) {
			chosen = chosen[:min(len(chosen), max(it.most, 1))]
		}
		width := len(it.options[n-1].key)
		var keys []string
		voice := ""
		for _, i := range chosen {
			key := it.options[i].key
			keys = append(keys, key)
			voice += strings.Repeat("0", width-len(key)) + key
		}
		return as(strings.Join(keys, ","), strings.Join(keys, " "), voice+"#")
	}
	between := func(least, most int) int {
		if n, err := strconv.ParseFloat(it.min, 64); err == nil {
			least = int(n)
			most = max(most, least+50)
		}
		if n, err := strconv.ParseFloat(it.max, 64); err == nil {
			most = int(n)
			least = min(least, most)
		}
		return least + rng.IntN(most-least+1)
	}
	switch it.kind {
	case typeBoolean:
		if rng.IntN(2) == 0 {
			return as("1", "Yes", "1")
		}
		return as("2", "no.", "2")
	case typeInteger:
		n := strconv.Itoa(between(0, 99))
		return as(n, n, n+"#")
	case typeDateTime:
		d := evening.AddDate(0, 0, -rng.IntN(3000))
		return as(d.Format("2006-01-02 15:04"), d.Format("January 2, 2006, 15:04"), d.Format("01022006")+"#\x00"+d.Format("1504")+"#")
	case typeQuantity:
		if n := len(it.units); n > 0 {
			i, number := rng.IntN(n), strconv.Itoa(between(20, 99))
			return as(number+" "+it.units[i].Code, number+" "+it.units[i].Display, number+"#\x00"+strconv.Itoa(i+1))
		}
		fallthrough
	case typeDecimal:
		n := strconv.Itoa(between(0, 99))
		return as(n, n+" ", n+"#")
	case typeDate:
		d := evening.AddDate(0, 0, -rng.IntN(3000))
		if it.max != "" && d.Format(time.DateOnly) > it.max || it.min != "" && d.Format(time.DateOnly) < it.min {
			return map[Channel]Input{}, false
		}
		return as(d.Format(time.DateOnly), d.Format("January 2, 2006"), d.Format("01022006")+"#")
	case typeTime:
		return as("14:30", "2:30 pm", "02302#")
	}
	words := strings.Repeat("some words ", 1+it.minLength/11)
	if it.maxLength > 0 && len(words) > it.maxLength {
		words = words[:it.maxLength]
	}
	words = strings.TrimSpace(words)
	if it.pattern != nil && !it.pattern.MatchString(words) {
		return map[Channel]Input{}, false
	}
	return as(words, words, "")
}
