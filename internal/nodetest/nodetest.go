// Package nodetest installs what tests run under node, once for all packages that ask.
package nodetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Install makes the packages of a folder's package-lock.json be there. Without node and npm the test is
// skipped, saying what was not run; with CI=true it fails.
func Install(t testing.TB, dir, what string) {
	t.Helper()
	missing := func(why string) {
		if os.Getenv("CI") == "true" {
			t.Fatalf("NOT RUN: %s: %s, and CI=true", what, why)
		}
		t.Skipf("NOT RUN: %s: %s", what, why)
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing("no " + tool)
		}
	}
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "muster-test-node.lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil {
		return
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(fmt.Sprintf("npm ci: %v\n%s", err, out))
	}
}
