package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postgres is a private cluster in a folder of its own, reached by a socket there. It does not run
// as root, whoever runs this.
type postgres struct {
	dir     string
	as      *syscall.SysProcAttr
	server  *exec.Cmd
	version string
}

// startPostgres starts a server on an empty cluster below dir, tuned as somebody would who wants
// this one question fast: all in memory, no waiting for the disk, no second process.
func startPostgres(dir string) (*postgres, error) {
	for _, tool := range []string{"initdb", "postgres", "psql"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, errAbsent
		}
	}
	p := &postgres{dir: filepath.Join(dir, "pg")}
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		if err := p.asNobody(dir); err != nil {
			return nil, err
		}
	}
	if out, err := p.command("initdb", "-D", p.dir, "-A", "trust", "-U", "bench", "--no-sync", "--locale=C", "-E", "UTF8").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	settings := []string{"listen_addresses=", "unix_socket_directories=" + p.dir, "fsync=off", "shared_buffers=3GB", "work_mem=1GB", "maintenance_work_mem=1GB",
		"max_wal_size=8GB", "wal_level=minimal", "max_wal_senders=0", "max_parallel_workers_per_gather=0", "max_parallel_maintenance_workers=0", "effective_cache_size=8GB", "random_page_cost=1.1", "autovacuum=off"}
	args := []string{"-D", p.dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	p.server = p.command("postgres", args...)
	if err := p.server.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if out, err := p.psql("SHOW server_version;"); err == nil {
			p.version, _, _ = strings.Cut(strings.TrimSpace(out), " ")
			return p, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("PostgreSQL in %s does not answer", p.dir)
}

// asNobody gives the cluster's folder to somebody without rights, who can then reach it.
func (p *postgres) asNobody(dir string) error {
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return os.Chown(p.dir, uid, gid)
}

func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	return cmd
}

// stop asks the server to end at once and waits for it.
func (p *postgres) stop() {
	p.server.Process.Signal(os.Interrupt) // fast shutdown
	p.server.Wait()
}

// psql runs statements in one session and returns what they print.
func (p *postgres) psql(script string) (string, error) {
	cmd := p.command("psql", "-X", "-q", "-A", "-t", "-F", ",", "-v", "ON_ERROR_STOP=1", "-h", p.dir, "-U", "bench", "-d", "postgres")
	cmd.Stdin = strings.NewReader(script)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, problem.String())
	}
	return out.String(), nil
}

// load copies the files writeCSV left in dir. Keys are indexes that hold the values too, so that a
// question reads indexes alone.
func (p *postgres) load(dir string) error {
	var s strings.Builder
	for _, t := range append(tables(nil), placeTable) {
		columns := make([]string, len(t.columns))
		for i, c := range t.columns {
			columns[i] = c + " " + t.columnType(c)
		}
		fmt.Fprintf(&s, "BEGIN;\nCREATE TABLE %s (%s);\n\\copy %s FROM '%s' WITH (FORMAT csv, FREEZE)\nCOMMIT;\n", t.name, strings.Join(columns, ", "), t.name, filepath.Join(dir, t.name+".csv"))
		rest := ""
		if n := len(strings.Split(t.key, ", ")); n == 2 {
			rest = " INCLUDE (" + strings.Join(t.columns[n:], ", ") + ")"
		}
		fmt.Fprintf(&s, "CREATE UNIQUE INDEX ON %s (%s)%s;\n", t.name, t.key, rest)
	}
	s.WriteString("VACUUM ANALYZE;\n")
	_, err := p.psql(s.String())
	return err
}

// count asks once to warm up and then runs times.
func (p *postgres) count(runs int) (m measured, err error) {
	query := dialect{integer: "bigint", fence: " OFFSET 0", joinLabs: true, inOrder: true, histogram: true}.countSQL()
	// Measured: merge joins of keys that are in order take half of what hash joins take, and compiling
	// expressions takes longer than it saves.
	out, err := p.psql("SET jit = off;\nSET enable_hashjoin = off;\n" + query + ";\n\\timing on\n" + strings.Repeat(query+";\n", runs))
	if err != nil {
		return m, err
	}
	m.name = "PostgreSQL " + p.version
	var row string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if took, ok := strings.CutPrefix(line, "Time: "); ok {
			ms, err := strconv.ParseFloat(strings.Fields(took)[0], 64)
			if err != nil {
				return m, fmt.Errorf("psql's timing: %w", err)
			}
			m.times = append(m.times, milliseconds(ms))
		} else if line != "" {
			row = line
		}
	}
	fields := strings.Split(row, ",")
	if len(fields) != counts || len(m.times) != runs {
		return m, fmt.Errorf("PostgreSQL gave %d numbers and %d times", len(fields), len(m.times))
	}
	var n [counts]int
	for i, f := range fields {
		if n[i], err = strconv.Atoi(f); err != nil {
			return m, err
		}
	}
	m.answer = answerFrom(n)
	return m, nil
}
