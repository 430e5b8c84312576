package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/knadh/koanf/v2"
)

// secret reads a setting or the file named by <name>-file, without the line end editors add. Both
// set is a problem, and so is a file that is not there or holds nothing; one that everybody on the
// machine can read is a warning.
func (c *Config) secret(k *koanf.Koanf, name string, p *problems) string {
	v, path := k.String(name), k.String(name+"-file")
	switch {
	case v != "" && path != "":
		p.add("%s and %s are both set; keep one", c.where(name), c.where(name+"-file"))
	case path != "":
		info, err := os.Stat(path)
		if err != nil {
			p.add("%s: %v", c.where(name+"-file"), err)
			return ""
		}
		if perm := info.Mode().Perm(); perm&0o004 != 0 {
			c.Warnings = append(c.Warnings, fmt.Sprintf("%s: %s has mode %04o, so everybody on this machine can read it; run: chmod 600 %s", c.where(name+"-file"), path, perm, path))
		}
		data, err := os.ReadFile(path)
		if err != nil {
			p.add("%s: %v", c.where(name+"-file"), err)
			return ""
		}
		v = strings.TrimRight(string(data), "\r\n")
		if v == "" {
			p.add("%s: %s is empty; write the value of %s into it", c.where(name+"-file"), path, name)
		}
	}
	c.values[name] = v
	return v
}
