package sheet_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-health/muster/internal/sheet"
)

var columns = []sheet.Column{
	{Name: "name", Headers: []string{"full name"}, Required: true},
	{Name: "phone", Headers: []string{"telephone", "mobile"}, Required: true},
	{Name: "note"},
}

// got is a row as the tests write it.
type got struct {
	N                 int
	Name, Phone, Note string
	Err               string
}

func rows(t *testing.T, s *sheet.Sheet) []got {
	t.Helper()
	var all []got
	for r, err := range s.Rows() {
		if err != nil {
			all = append(all, got{Err: err.Error()})
			continue
		}
		all = append(all, got{r.N, r.Get("name"), r.Get("phone"), r.Get("note"), ""})
	}
	return all
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		headers  map[string]string
		want     []got
		unused   []string
	}{
		{name: "plain", in: "name,phone\nAna,1\nBo,2\n", want: []got{{N: 2, Name: "Ana", Phone: "1"}, {N: 3, Name: "Bo", Phone: "2"}}},
		{name: "byte order mark, CRLF, no last newline", in: "\ufeffname,phone\r\nAna,1\r\nBo,2", want: []got{{N: 2, Name: "Ana", Phone: "1"}, {N: 3, Name: "Bo", Phone: "2"}}},
		{name: "semicolons, a comma in a cell", in: "Full Name;Mobile;Note\nVega, Ana;1;a,b,c\n", want: []got{{N: 2, Name: "Vega, Ana", Phone: "1", Note: "a,b,c"}}},
		{name: "tabs", in: "FULL_NAME\tMobile\nAna\t1\n", want: []got{{N: 2, Name: "Ana", Phone: "1"}}},
		{name: "delimiters inside quotes do not count", in: "name,phone,\"a;b;c;d\"\nAna,1,x\n", want: []got{{N: 2, Name: "Ana", Phone: "1"}}, unused: []string{"a;b;c;d"}},
		{name: "line breaks in cells make no rows", in: "name,phone,note\n\"Ana\nMaria\",1,\"x\r\ny\"\nBo,2,z\n", want: []got{{N: 2, Name: "Ana\nMaria", Phone: "1", Note: "x\ny"}, {N: 3, Name: "Bo", Phone: "2", Note: "z"}}},
		{name: "empty rows count", in: "\nname,phone\n\n,\nAna,1\n", want: []got{{N: 5, Name: "Ana", Phone: "1"}}},
		{name: "space is cut", in: " name , phone\n Ana\u00a0, 1 \n", want: []got{{N: 2, Name: "Ana", Phone: "1"}}},
		{name: "headers given", in: "Who,Number,name\nAna,1,x\n", headers: map[string]string{"name": "who", "phone": "Number"}, want: []got{{N: 2, Name: "Ana", Phone: "1"}}, unused: []string{"name"}},
		{name: "a phone guarded by our own export", in: "name,phone\n'=Ana,'+14125550123\n", want: []got{{N: 2, Name: "=Ana", Phone: "+14125550123"}}},
		{name: "an apostrophe that is a name's", in: "name,phone\n'Abd,1\n", want: []got{{N: 2, Name: "'Abd", Phone: "1"}}},
		{name: "empty cells beyond the header", in: "name,phone\nAna,1,,\n", want: []got{{N: 2, Name: "Ana", Phone: "1"}}},
		{name: "bad rows do not stop the rest", in: "name,phone\nAna\nBo,2,3\nCe\"s,4\nJos\xe9,5\n\"Di\",6\n",
			want: []got{{Err: "row 2: has 1 cells, the header has 2"}, {Err: "row 3: has 3 cells, the header has 2"}, {Err: `row 4: a " stands in a cell that does not begin with one`},
				{Err: "row 5: not UTF-8: save the file as CSV UTF-8"}, {N: 6, Name: "Di", Phone: "6"}}},
		{name: "a quote never closed", in: "name,phone\nAna,1\n\"Bo,2\nCe,3\n", want: []got{{N: 2, Name: "Ana", Phone: "1"}, {Err: `row 3: a cell begins with " and does not end with one`}}},
		{name: "header only", in: "name,phone\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := sheet.Read(strings.NewReader(tc.in), columns, tc.headers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, rows(t, s)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.unused, s.Unused); diff != "" {
				t.Errorf("unused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		headers  map[string]string
		want     string
	}{
		{name: "empty", in: "", want: "the sheet is empty"},
		{name: "missing and double, both told", in: "mobile,telephone\n", want: "there is no header for name; it may be called name, full name\nphone could be \"mobile\" in column 1 or \"telephone\" in column 2"},
		{name: "the same header twice", in: "name,phone,Phone\n", want: `phone could be "phone" in column 2 or "Phone" in column 3`},
		{name: "a header given that is not there", in: "name,phone\n", headers: map[string]string{"note": "Remark"}, want: `there is no header "Remark" for note`},
		{name: "a column given that nobody knows", in: "name,phone\n", headers: map[string]string{"age": "name"}, want: "age is not a column"},
		{name: "UTF-16", in: "\xff\xfen\x00", want: "the file is UTF-16: not UTF-8: save the file as CSV UTF-8"},
		{name: "Latin-1 header", in: "name,phone,tel\xe9fono\n", want: "row 1: not UTF-8: save the file as CSV UTF-8"},
		{name: "Excel workbook", in: "PK\x03\x04...", want: "the file is an Excel workbook: save it as CSV UTF-8"},
		{name: "broken quotes in the header", in: "na\"me,phone\n", want: `row 1: a " stands in a cell that does not begin with one`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := sheet.Read(strings.NewReader(tc.in), columns, tc.headers); err == nil || err.Error() != tc.want {
				t.Errorf("error = %v\nwant    %s", err, tc.want)
			}
		})
	}
}

func TestABrokenStreamIsNotARow(t *testing.T) {
	broken := errors.New("disk gone")
	long := "name,phone\n" + strings.Repeat("Ana,1\n", 20_000)
	s, err := sheet.Read(io.MultiReader(strings.NewReader(long), iotest.ErrReader(broken)), columns, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, last := 0, error(nil)
	for _, err := range s.Rows() {
		n, last = n+1, err
	}
	var row *sheet.RowError
	if !errors.Is(last, broken) || errors.As(last, &row) || n != 20_001 {
		t.Errorf("after %d rows: %v, want the stream's error after 20,000", n, last)
	}
}

func TestWriterGuardsFormulas(t *testing.T) {
	var b strings.Builder
	w, err := sheet.NewWriter(&b, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][]string{{"name", "note"}, {`=HYPERLINK("x")`, "+1"}, {"-1", "@x"}, {"\tx", "\rx"}, {"＝1", "a=b"}, {"'=x", "'Abd"}, {"Ana, \"B\"", ""}} {
		if err := w.Write(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffname,note\n\"'=HYPERLINK(\"\"x\"\")\",'+1\n'-1,'@x\n'\tx,\"'\rx\"\n'＝1,a=b\n''=x,'Abd\n\"Ana, \"\"B\"\"\",\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriterTellsOfErrors(t *testing.T) {
	if _, err := sheet.NewWriter(failing{}, true); err == nil {
		t.Error("a failed byte order mark was not reported")
	}
	w, err := sheet.NewWriter(failing{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write("a"), w.Flush()); err == nil {
		t.Error("a failed write was not reported")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// What we write reads back as it was, and no cell of it begins like a formula.
func TestRoundTrip(t *testing.T) {
	cell := rapid.StringOf(rapid.RuneFrom([]rune("ab '\"=+-@,;\t\né１"))).Filter(func(s string) bool { return s == strings.TrimSpace(s) })
	rapid.Check(t, func(t *rapid.T) {
		want := got{N: 2, Name: cell.Draw(t, "name"), Phone: "1" + cell.Draw(t, "phone"), Note: cell.Draw(t, "note")}
		want.Phone = strings.TrimSpace(want.Phone)
		var b strings.Builder
		w, err := sheet.NewWriter(&b, rapid.Bool().Draw(t, "bom"))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write("name", "phone", "note"), w.Write(want.Name, want.Phone, want.Note), w.Flush()); err != nil {
			t.Fatal(err)
		}
		s, err := sheet.Read(strings.NewReader(b.String()), columns, nil)
		if err != nil {
			t.Fatal(err)
		}
		for r, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got{r.N, r.Get("name"), r.Get("phone"), r.Get("note"), ""}); diff != "" {
				t.Fatalf("(-want +got):\n%s\n%q", diff, b.String())
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"name,phone\nAna,1\n", "\ufeffname;phone\r\n\"A\nb\";2", "name\tphone\n\"", "PK", "\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := sheet.Read(strings.NewReader(in), columns, nil)
		if err != nil {
			return
		}
		last, lines := 0, strings.Count(in, "\n")+strings.Count(in, "\r")+1
		for r, err := range s.Rows() {
			n := r.N
			var bad *sheet.RowError
			if errors.As(err, &bad) {
				n = bad.N
			} else if err != nil {
				t.Fatalf("a string cannot fail: %v", err)
			}
			if n <= last || n > lines {
				t.Fatalf("row %d after %d in %d lines", n, last, lines)
			}
			last = n
		}
	})
}
