package sqlitedoc_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

// childPath tells this test binary, run again as another process, to write without end.
const childPath = "MUSTER_TEST_CHILD_WRITES"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := writeForever(path, os.Getenv(childPath+"_AS")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForever inserts documents and prints each id once it is durable.
func writeForever(path, name string) error {
	ctx := context.Background()
	d, err := sqlitedoc.Open(ctx, path, sqlitedoc.Options{})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("%s%06d", name, i)
		if err := d.Write(ctx, []docstore.Op{insert(id), insert(id + "-entry")}); err != nil {
			return err
		}
		fmt.Println(id)
	}
}

func insert(id string, fields ...bson.E) docstore.Op {
	body, err := bson.Marshal(append(bson.D{{Key: "_id", Value: id}, {Key: "rev", Value: int64(1)}}, fields...))
	if err != nil {
		panic(err)
	}
	return docstore.Op{Kind: docstore.Insert, Collection: "c", ID: id, Body: body}
}

type child struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

func startChild(t *testing.T, path, name string) child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childPath+"="+path, childPath+"_AS="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	return child{cmd, bufio.NewReader(out)}
}

// killed ends the process without warning and returns the ids it had reported since.
func (c child) killed(t *testing.T) []string {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(c.out)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Wait() // says that it was killed
	var whole []string
	for line := range strings.Lines(string(rest)) {
		if id, complete := strings.CutSuffix(line, "\n"); complete {
			whole = append(whole, id)
		}
	}
	return whole
}

func (c child) next(t *testing.T, n int) (ids []string) {
	t.Helper()
	for range n {
		line, err := c.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, strings.TrimSpace(line))
	}
	return ids
}

func TestKilledProcessLosesNothingItReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	for round := range 3 {
		c := startChild(t, path, fmt.Sprintf("r%d-", round))
		reported := append(c.next(t, 20), c.killed(t)...)
		d := open(t, path)
		for _, id := range reported {
			for _, id := range []string{id, id + "-entry"} {
				if _, err := d.Get(t.Context(), "c", id); err != nil {
					t.Errorf("%s was reported durable: %v", id, err)
				}
			}
		}
		// What had not been reported is there with its entry or not at all.
		n, err := d.Count(t.Context(), "c", docstore.Query{})
		if err != nil || n%2 != 0 {
			t.Errorf("%d documents, %v: half a batch is left", n, err)
		}
	}
}

func TestBusyProcessDoesNotStarveAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	d := open(t, path)
	c := startChild(t, path, "child")
	c.next(t, 5) // it is writing without a pause
	go io.Copy(io.Discard, c.out)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	for i := range 50 {
		if err := d.Write(ctx, []docstore.Op{insert(fmt.Sprint("mine", i))}); err != nil {
			t.Fatalf("write %d beside a busy process: %v", i, err)
		}
	}
}

func TestTwoDriversShareIndexesFeedAndCursors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	one, two := open(t, path), open(t, path)
	ctx := t.Context()
	if err := one.Index(ctx, "c", []docstore.Index{{Name: "n", Fields: []string{"n"}}}); err != nil {
		t.Fatal(err)
	}
	// The second was open before the index was declared, and must keep it all the same.
	for i := range 4 {
		if err := two.Write(ctx, []docstore.Op{insert(fmt.Sprint(i), bson.E{Key: "n", Value: int32(-i)})}); err != nil {
			t.Fatal(err)
		}
	}
	q := docstore.Query{Order: "n", Limit: 2}
	var ids []string
	var last bson.Raw
	for raw, err := range one.Find(ctx, "c", q) {
		if err != nil {
			t.Fatal(err)
		}
		ids, last = append(ids, raw.Lookup("_id").StringValue()), raw
	}
	if strings.Join(ids, "") != "32" {
		t.Errorf("the first sees %v in order of n, want 3, 2", ids)
	}
	var err error
	if q.After, err = one.Cursor("c", q, last); err != nil {
		t.Fatal(err)
	}
	ids = nil
	for raw, err := range two.Find(ctx, "c", q) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, raw.Lookup("_id").StringValue())
	}
	if strings.Join(ids, "") != "10" {
		t.Errorf("the second goes on with the first's cursor at %v, want 1, 0", ids)
	}
	var token []byte
	changes := func(d *sqlitedoc.Driver) (n int) {
		for item, err := range d.Changes(ctx, token) {
			if err != nil {
				t.Fatal(err)
			}
			token = item.Token
			n++
		}
		return n
	}
	if n := changes(one); n != 4 {
		t.Errorf("the first sees %d changes of the second, want 4", n)
	}
	if err := one.Write(ctx, []docstore.Op{insert("x")}); err != nil {
		t.Fatal(err)
	}
	if n := changes(two); n != 1 {
		t.Errorf("the second sees %d changes behind the first's token, want 1", n)
	}
}
