//go:build !unix

package sqlitedoc

// fileLock is nothing here: writers of several processes wait by SQLite's busy timeout alone.
type fileLock struct{}

func newFileLock(string) (*fileLock, error) { return &fileLock{}, nil }

func (l *fileLock) held(do func() error) error { return do() }

func (l *fileLock) close() error { return nil }
