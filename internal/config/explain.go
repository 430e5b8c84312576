package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// Explained is one setting as it counts, for people: secrets are not shown.
type Explained struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // --flag, MUSTER_VARIABLE, FILE:LINE or default
}

// Problem is one mistake in the settings.
type Problem struct {
	Where   string `json:"where"`
	Problem string `json:"problem"`
}

// Problems takes an error of Load apart. Another error is one problem.
func Problems(err error) []Problem {
	if err == nil {
		return nil
	}
	var all problems
	if !errors.As(err, &all) {
		all = problems{err.Error()}
	}
	var out []Problem
	for _, text := range all {
		where, says, ok := strings.Cut(text, ": ")
		if !ok {
			where, says = "", text
		}
		out = append(out, Problem{where, says})
	}
	return out
}

// settle keeps each value as it counts, after defaults that follow from others.
func (c *Config) settle(k *koanf.Koanf) {
	for _, s := range settings {
		if _, done := c.values[s.name]; !done {
			c.values[s.name] = k.String(s.name)
		}
		if s.secret {
			c.values[s.name+"-file"] = k.String(s.name + "-file")
		}
	}
	c.values["data-dir"], c.values["store"] = c.DataDir, c.Store
	c.values["keyring-file"], c.values["public-url"] = c.KeyringFile, c.PublicURL
}

// Explain lists every setting in the order of the manual.
func (c Config) Explain() []Explained {
	var out []Explained
	add := func(name, value string) {
		out = append(out, Explained{name, value, cmp.Or(c.from[name], "default")})
	}
	add("config", c.values["config"])
	for _, s := range settings {
		v := c.values[s.name]
		switch {
		case s.name == "store":
			v = withoutPassword(v)
		case s.secret && v != "":
			v = "(secret)"
		}
		add(s.name, v)
		if s.secret {
			add(s.name+"-file", c.values[s.name+"-file"])
			if c.values[s.name+"-file"] != "" {
				out[len(out)-2].Source = out[len(out)-1].Source
			}
		}
	}
	return out
}

// withoutPassword cuts from a database URL who signs in, with what, and its options, which may
// hold secrets too.
func withoutPassword(store string) string {
	scheme, rest, ok := strings.Cut(store, "://")
	if !ok {
		return store
	}
	rest, _, options := strings.Cut(rest, "?")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "(secret)" + rest[at:]
	}
	if options {
		rest += "?…"
	}
	return scheme + "://" + rest
}

// Changed names the settings that differ between c and next, in the order of the manual. A secret
// that is read from a file differs when what the file holds does.
func (c Config) Changed(next Config) []string {
	var out []string
	for _, s := range settings {
		if c.values[s.name] != next.values[s.name] {
			out = append(out, s.name)
		}
	}
	return out
}

// places tells for each key of a YAML file the line it stands on: "muster.yaml:3 (listen)".
func places(path string) func(key string) string {
	lines := map[string]int{}
	var doc yaml.Node
	if data, err := os.ReadFile(path); err == nil && yaml.Unmarshal(data, &doc) == nil && len(doc.Content) > 0 {
		top := doc.Content[0].Content
		for i := 0; i+1 < len(top); i += 2 {
			lines[top[i].Value] = top[i].Line
		}
	}
	return func(key string) string {
		first, _, _ := strings.Cut(key, "/")
		if n := lines[first]; n > 0 {
			return fmt.Sprintf("%s:%d (%s)", path, n, key)
		}
		return path + " (" + key + ")"
	}
}

// UnknownFlags names the flags among args that fs does not have, each with the nearest that it
// has: pflag itself stops at the first.
func UnknownFlags(fs *pflag.FlagSet, args []string) []string {
	names := known()
	fs.VisitAll(func(f *pflag.Flag) { names[f.Name] = true })
	var out []string
	for _, a := range args {
		if a == "--" {
			break
		}
		name, ok := strings.CutPrefix(a, "--")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, "=")
		if fs.Lookup(name) == nil && !slices.Contains([]string{"help", "version"}, name) {
			out = append(out, fmt.Sprintf("--%s: unknown flag%s", name, nearest(name, names)))
		}
	}
	return out
}
