package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// errAbsent marks a peer that is not on this machine.
var errAbsent = errors.New("not on this machine")

// duckDB loads the files writeCSV left in dir and times the question, by node: the binding for Go
// would need cgo. scripts is the folder with run.mjs and its modules.
func duckDB(scripts, dir string, runs int) (measured, error) {
	if _, err := os.Stat(filepath.Join(scripts, "node_modules")); err != nil {
		return measured{}, errAbsent
	}
	var load strings.Builder
	for _, t := range append(tables(nil), placeTable) {
		types := make([]string, len(t.columns))
		for i, c := range t.columns {
			types[i] = c + " " + t.columnType(c)
		}
		fmt.Fprintf(&load, "CREATE TABLE %s (%s);\nCOPY %s FROM '%s' (HEADER false);\n", t.name, strings.Join(types, ", "), t.name, filepath.Join(dir, t.name+".csv"))
	}
	load.WriteString("CHECKPOINT;\n")
	query := dialect{integer: "BIGINT", histogram: true}.countSQL()
	for name, text := range map[string]string{"load.sql": load.String(), "duckdb.sql": query} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return measured{}, err
		}
	}
	cmd := exec.Command("node", "run.mjs", dir, filepath.Join(dir, "duckdb.sql"), strconv.Itoa(runs))
	cmd.Dir, cmd.Stderr = scripts, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return measured{}, fmt.Errorf("node run.mjs: %w", err)
	}
	var said struct {
		Version string
		Load    float64
		Times   []float64
		Row     [counts]int
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return measured{}, fmt.Errorf("what run.mjs said: %w", err)
	}
	m := measured{name: "DuckDB " + strings.TrimPrefix(said.Version, "v") + ", one thread", answer: answerFrom(said.Row), load: milliseconds(said.Load)}
	for _, t := range said.Times {
		m.times = append(m.times, milliseconds(t))
	}
	return m, nil
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
