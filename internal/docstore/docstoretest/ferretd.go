package docstoretest

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// StartFerretDB builds and starts internal/mongotest/ferretd, a server that speaks
// MongoDB's protocol, and returns the URL of an empty database on it, options included. It is
// stopped when the test ends. Without the means to build it the test is skipped, loudly; with
// CI=true it fails.
func StartFerretDB(t *testing.T) (uri string) {
	t.Helper()
	missing := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("CI") == "true" {
			t.Fatalf(format, args...)
		}
		t.Skipf("skipped: "+format, args...)
	}
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		missing("FerretDB needs the go command: %v", err)
	}
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "internal", "mongotest", "ferretd")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe() // closes when this process ends, however it ends
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		missing("FerretDB does not start: %v", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stdin.Close()
		missing("FerretDB does not start: %v\n%s", err, complaints.String())
	}
	return strings.TrimSpace(line)
}

// Database returns uri with another database name.
func Database(uri, name string) string {
	base, query, _ := strings.Cut(uri, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	hosts, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + hosts + "/" + name + "?" + query
}
