//go:build unix

package sqlitedoc

import (
	"fmt"
	"os"
	"syscall"
)

// fileLock keeps writers of several processes in line. SQLite's own lock is taken by polling,
// and a process that writes without pause would starve the others; flock queues them.
// The zero value locks nothing: a database in memory has one process.
type fileLock struct{ f *os.File }

func newFileLock(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return &fileLock{f}, nil
}

// held runs do under the lock.
func (l *fileLock) held(do func() error) error {
	if l.f == nil {
		return do()
	}
	for {
		err := syscall.Flock(int(l.f.Fd()), syscall.LOCK_EX)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("lock %s: %w", l.f.Name(), err)
		}
		defer syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN)
		return do()
	}
}

func (l *fileLock) close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}
