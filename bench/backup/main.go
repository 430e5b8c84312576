// Command backup measures muster backup and restore on a database of made-up people: seconds, size,
// and the most memory each command had. It runs the given binary in a folder that it removes.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	muster := flag.String("muster", "./muster", "the program")
	people := flag.Int("people", 100_000, "how many people")
	flag.Parse()
	dir, err := os.MkdirTemp("", "muster-bench-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(*muster, dir, *people); err != nil {
		os.RemoveAll(dir)
		log.Fatal(err)
	}
}

func run(muster, dir string, people int) error {
	csv := filepath.Join(dir, "people.csv")
	if err := generate(csv, people); err != nil {
		return err
	}
	plain, sealed := filepath.Join(dir, "plain"), filepath.Join(dir, "sealed")
	store := func(name string) []string {
		return []string{"--data-dir", filepath.Join(dir, name), "--keyring-file", filepath.Join(dir, "ring.json"), "--log-level", "error"}
	}
	// A recipient whose identity nobody kept: only the work of encrypting counts.
	const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	steps := []struct {
		name string
		file string // whose size says how much
		args []string
	}{
		{"import", filepath.Join(dir, "one", "muster.db"), append([]string{"import", "csv", csv, "--basis", "records"}, store("one")...)},
		{"backup", plain, append([]string{"backup", "-o", plain}, store("one")...)},
		{"backup, encrypted", sealed, append([]string{"backup", "-o", sealed, "--recipient", recipient}, store("one")...)},
		{"restore --verify-only", plain, append([]string{"restore", plain, "--verify-only"}, store("one")...)},
		{"restore --into-empty", filepath.Join(dir, "two", "muster.db"), append([]string{"restore", plain, "--into-empty"}, store("two")...)},
		{"audit verify", filepath.Join(dir, "two", "muster.db"), append([]string{"audit", "verify"}, store("two")...)},
	}
	fmt.Printf("| %d people | seconds | file | peak memory |\n|---|---|---|---|\n", people)
	for _, s := range steps {
		cmd := exec.Command(muster, s.args...)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", s.name, err, out)
		}
		took := time.Since(began)
		info, err := os.Stat(s.file)
		if err != nil {
			return err
		}
		peak := "not known"
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = fmt.Sprintf("%.0f MB", float64(u.Maxrss)/1e3)
		}
		fmt.Printf("| %s | %.1f | %.1f MB, %.1f MB/s | %s |\n", s.name, took.Seconds(), float64(info.Size())/1e6, float64(info.Size())/1e6/took.Seconds(), peak)
	}
	return nil
}

// generate writes people nobody is: names and birth dates by counting.
func generate(path string, people int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "given,family,birthDate,phone,email,zip")
	for i := range people {
		number := "" // there are a hundred made-up numbers; shared by many, they would all be duplicates to review
		if i < 100 {
			number = fmt.Sprintf("412-555-01%02d", i)
		}
		fmt.Fprintf(w, "Given%d,Family%d,%d-%02d-%02d,%s,person%d@example.test,15213\n", i, i, 1935+i%70, 1+i%12, 1+i%28, number, i)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
