//go:build unix

package seal

import (
	"fmt"
	"os"
	"syscall"
)

// ownFile refuses a file that belongs to somebody else: replaced by ours, the server that reads it
// could do so no more.
func ownFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d: run this as that user", path, s.Uid)
	}
	return nil
}
