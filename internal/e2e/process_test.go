package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// built makes the binary once for all tests, unless MUSTER_E2E_BINARY names one, such as a release.
var built = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("MUSTER_E2E_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	return build()
})

// builtQuick makes the binary whose leases last seconds and not a minute (internal/outbox).
var builtQuick = sync.OnceValues(func() (string, error) { return build("-tags", "quicklease") })

func build(flags ...string) (string, error) {
	dir, err := os.MkdirTemp("", "muster-e2e-")
	if err != nil {
		return "", err
	}
	leftovers.add(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "muster")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	args := append([]string{"build", "-o", path}, flags...)
	out, err := exec.Command("go", append(args, "github.com/muster-health/muster/cmd/muster")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build muster: %w\n%s", err, out)
	}
	return path, nil
}

// leftovers are undone when all tests are over.
var leftovers cleanups

type cleanups struct {
	mu   sync.Mutex
	todo []func()
}

func (c *cleanups) add(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.todo = append(c.todo, f)
}

func (c *cleanups) run() {
	for i := len(c.todo) - 1; i >= 0; i-- {
		c.todo[i]()
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	leftovers.run()
	for _, l := range everyLog.leaks() {
		fmt.Fprintln(os.Stderr, "--- FAIL:", l)
		code = 1
	}
	os.Exit(code)
}

// house is one installation: a data folder and the addresses it is served on. What it writes to
// its output is kept.
type house struct {
	t                           *testing.T
	dir                         string
	store                       string // "" the embedded one in dir
	site, sim, control, scrapes string // addresses
	env                         []string
	args                        []string // of every command
	level                       string   // of the log; "" leaves it to the settings
	log                         output   // what the site and the commands wrote to their error output
	said                        output   // what they printed, and what the phones said
	traces                      *output  // where a collector was started
	running                     *process
	binary                      func() (string, error) // of the program
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "data"), binary: built, level: "debug"}
	everyLog.add(t.Name(), &h.log)
	h.site, h.sim, h.control, h.scrapes = freeAddress(t), freeAddress(t), freeAddress(t), freeAddress(t)
	t.Cleanup(func() {
		h.stop()
		if t.Failed() {
			t.Logf("the last of the log:\n%s", h.log.tail(12))
		}
	})
	return h
}

// freeAddress is a loopback address nobody listens on, below the ports that the system gives to
// outgoing connections meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		l.Close()
		return addr
	}
	t.Fatal("no free port")
	return ""
}

// step runs a subtest on the house. Its failures are those of the step.
func (h *house) step(name string, f func(t *testing.T)) bool {
	whole := h.t
	defer func() { h.t = whole }()
	return whole.Run(name, func(t *testing.T) {
		h.t = t
		f(t)
	})
}

// settings are the flags every command of the house gets.
func (h *house) settings() []string {
	s := []string{"--data-dir", h.dir, "--listen", h.site, "--phonesim-listen", h.sim}
	if h.store != "" {
		s = append(s, "--store", h.store)
	}
	if h.level != "" {
		s = append(s, "--log-level", h.level)
	}
	return append(s, h.args...)
}

func (h *house) command(args ...string) *exec.Cmd {
	h.t.Helper()
	program, err := h.binary()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(program, append(args, h.settings()...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MUSTER_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, h.env...)
	return cmd
}

// run runs a command to its end and returns what it printed, and its exit code.
func (h *house) run(args ...string) (printed string, code int) {
	h.t.Helper()
	out, errs, code := h.try(args...)
	return out + errs, code
}

// must is run for a command that has to succeed; it returns what was printed on standard output.
func (h *house) must(args ...string) string {
	h.t.Helper()
	out, errs, code := h.try(args...)
	if code != 0 {
		h.t.Fatalf("muster %s: exit %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func (h *house) try(args ...string) (out, errs string, code int) {
	h.t.Helper()
	cmd := h.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		h.t.Fatalf("muster %s: %v", strings.Join(args, " "), err)
	}
	h.said.Write(stdout.Bytes())
	h.log.Write(stderr.Bytes())
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// process is a command that runs until it is told to stop.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error
}

func (h *house) start(args ...string) *process {
	h.t.Helper()
	cmd := h.command(args...)
	cmd.Stdout, cmd.Stderr = &h.said, &h.said
	if args[0] != "phonesim" {
		cmd.Stderr = &h.log
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p
}

// stop asks a process to end, as Ctrl-C does, and reports how it ended.
func (p *process) stop() error {
	p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.ended:
		return p.err
	case <-time.After(30 * time.Second):
		p.cmd.Process.Kill()
		<-p.ended
		return errors.New("did not stop within 30 s and was killed")
	}
}

// kill ends a process as a power cut does: it hears nothing of it.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// serve starts the site under the given command ("demo" or "serve") and waits until it is ready.
func (h *house) serve(args ...string) {
	h.t.Helper()
	began := time.Now()
	h.running = h.start(append(args, "--metrics-listen", h.scrapes, "--clock-listen", h.control)...)
	for !h.answers() {
		select {
		case <-h.running.ended:
			h.t.Fatalf("muster %s ended before it was ready: %v\n%s", args[0], h.running.err, h.log.tail(12))
		case <-time.After(50 * time.Millisecond):
		}
		if time.Since(began) > 2*time.Minute {
			h.t.Fatalf("muster %s is not ready after two minutes", args[0])
		}
	}
	h.t.Logf("muster %s was ready after %v", args[0], time.Since(began).Round(10*time.Millisecond))
}

// answers says whether the site is ready for requests.
func (h *house) answers() bool {
	resp, err := http.Get("http://" + h.site + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// stop ends the site; ending badly fails the test.
func (h *house) stop() {
	h.t.Helper()
	if h.running == nil {
		return
	}
	if err := h.running.stop(); err != nil {
		h.t.Errorf("muster stopped badly: %v", err)
	}
	h.running = nil
}

// get is the body of an address, for probes and metrics.
func (h *house) get(url string) string {
	h.t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("GET %s: %d, %v\n%s", url, resp.StatusCode, err, body)
	}
	return string(body)
}

// output keeps what processes write.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *output) tail(lines int) string {
	all := strings.Split(strings.TrimRight(o.String(), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// patience is how long a step may take.
const patience = 60 * time.Second

// within waits for something that happens by itself, in real time.
func within(t *testing.T, what string, happened func() bool) {
	t.Helper()
	if !waited(happened) {
		t.Fatalf("did not happen within %v: %s", patience, what)
	}
}

func waited(happened func() bool) bool {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(50 * time.Millisecond) {
		if happened() {
			return true
		}
	}
	return false
}

// file writes a file beside the data folder and returns its path.
func (h *house) file(name, content string) string {
	h.t.Helper()
	path := filepath.Join(filepath.Dir(h.dir), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}
