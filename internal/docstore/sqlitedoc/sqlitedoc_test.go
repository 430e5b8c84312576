package sqlitedoc_test

import (
	"path/filepath"
	"testing"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
)

func open(t *testing.T, path string) *sqlitedoc.Driver {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func TestConformance(t *testing.T) {
	for name, path := range map[string]func(*testing.T) string{
		"file":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "data", "muster.db") },
		"memory": func(*testing.T) string { return sqlitedoc.Memory },
	} {
		t.Run(name, func(t *testing.T) {
			docstoretest.Run(t, func(t *testing.T) docstore.Driver { return open(t, path(t)) },
				docstoretest.Caps{Atomic: true, Concurrent: true, Memory: name == "memory"})
		})
	}
}
