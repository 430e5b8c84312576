package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// heading is the section of RESULTS.md that this program owns.
const heading = "## A million people matched with a study: `make bench-match`"

// report gathers figures for people.
type report struct {
	people  int
	began   string
	peers   []measured
	index   []measured
	details [][2]string
}

func newReport(people int) report {
	return report{people: people, began: fmt.Sprintf("%s, load %s at the start", time.Now().Format("2 January 2006"), load())}
}

func (r *report) peer(m measured) { r.peers = append(r.peers, m); note(m) }
func (r *report) ours(m measured) { r.index = append(r.index, m); note(m) }
func (r *report) detail(what, figure string) {
	r.details = append(r.details, [2]string{what, figure})
	fmt.Fprintf(os.Stderr, "%s: %s\n", what, figure)
}

func note(m measured) { fmt.Fprintf(os.Stderr, "%s: %s\n", m.name, times(m)) }

// alike is an error unless all have counted the same.
func (r *report) alike() error {
	for _, m := range append(r.index, r.peers...) {
		if m.answer != r.index[0].answer {
			return fmt.Errorf("%s counts otherwise:\n%+v\n%+v", m.name, m.answer, r.index[0].answer)
		}
	}
	return nil
}

func (r *report) String() string {
	var b strings.Builder
	a := r.index[0].answer
	fmt.Fprintf(&b, "%s\n\n", heading)
	fmt.Fprintf(&b, "%s; load %s at the end. %s, %d cores, %s. One thread each, same made-up people (15 %% of every attribute and of every date missing), same study after those of type 2 diabetes trials, twenty criteria. ",
		r.began, load(), processor(), runtime.NumCPU(), runtime.Version())
	fmt.Fprintf(&b, "The full answer is three class counts and, for every criterion, whom it excludes, whom it alone excludes, and of how many possible people it is not known; the index also gives the funnel and what dropping each criterion would do. All counted alike in this run: %s eligible, %s possible, %s excluded.\n\n",
		thousands(a.Eligible), thousands(a.Possible), thousands(a.Excluded))
	fmt.Fprintf(&b, "| full answer, %s people | least | median | ratio of the least | loading |\n|---|---|---|---|---|\n", thousands(r.people))
	ours := r.index[0].min()
	for _, m := range append(r.index, r.peers...) {
		loading := ""
		if m.load > 0 {
			loading = fmt.Sprintf("%.0f s", m.load.Seconds())
		}
		fmt.Fprintf(&b, "| %s | %s ms | %s ms | %s | %s |\n", m.name, millis(m.min()), millis(m.median()), ratio(m.min(), ours), loading)
	}
	fmt.Fprintf(&b, "\n\"Nothing remembered\": every criterion is worked out anew, as the peers must; the ratios are to it. \"Asked again\": what each criterion found is kept until the day or somebody changes, which is what a person editing criteria meets.\n\n")
	fmt.Fprintf(&b, "| the index | |\n|---|---|\n")
	for _, d := range r.details {
		fmt.Fprintf(&b, "| %s | %s |\n", d[0], d[1])
	}
	return b.String()
}

func times(m measured) string { return millis(m.min()) + " ms, median " + millis(m.median()) + " ms" }

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	}
	return thousands(int(ms + 0.5))
}

func ratio(m, ours time.Duration) string {
	x := float64(m) / float64(ours)
	switch {
	case m == ours:
		return "1"
	case x < 10:
		return fmt.Sprintf("%.2f", x)
	}
	return thousands(int(x + 0.5))
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// load is the load of the last minute, "?" where the system does not say.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // none elsewhere
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, "\t :\n")
		}
	}
	return runtime.GOARCH
}

// replaceSection puts the section in place of the one with its heading, or before all others.
func replaceSection(name, section string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, []byte(replaced(string(text), section)), 0o644)
}

func replaced(text, section string) string {
	section = strings.TrimRight(section, "\n") + "\n\n"
	start := strings.Index(text, heading+"\n")
	if start < 0 {
		if start = strings.Index(text, "\n## "); start < 0 {
			return strings.TrimRight(text, "\n") + "\n\n" + strings.TrimRight(section, "\n") + "\n"
		}
		return text[:start+1] + section + text[start+1:]
	}
	rest := text[start+len(heading):]
	if end := strings.Index(rest, "\n## "); end >= 0 {
		return text[:start] + section + rest[end+1:]
	}
	return text[:start] + strings.TrimRight(section, "\n") + "\n"
}
