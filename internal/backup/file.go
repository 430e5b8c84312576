package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile writes a backup to path, readable by its owner only: whole, on disk, or not at all.
// before is called when it is complete and before it gets its name; an error of it leaves nothing.
// A file of that name must not exist.
func WriteFile(ctx context.Context, path string, src Source, before func(Manifest) error) (m Manifest, size int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return m, 0, fmt.Errorf("%s exists; a backup is never written over another file", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".muster-backup-*") // mode 0600
	if err != nil {
		return m, 0, err
	}
	defer os.Remove(f.Name())
	m, err = Write(ctx, f, src)
	if err == nil {
		size, err = f.Seek(0, 1)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return m, size, err
	}
	if err := before(m); err != nil {
		return m, size, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return m, size, err
	}
	return m, size, syncFolder(filepath.Dir(path))
}

// syncFolder makes the name durable, where folders can be synced.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync() // not every file system has it; the file itself is on disk
	return nil
}
