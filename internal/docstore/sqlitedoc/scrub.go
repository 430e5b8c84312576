package sqlitedoc

import (
	"context"
	"fmt"
	"time"
)

// Scrub makes what was deleted or replaced so far leave the files as well, for data that must be
// gone. SQLite overwrites it in the database (secure_delete); here the write-ahead log, which holds
// pages as they were, is emptied into it. Of the collections named, whose ids are secrets themselves
// and which nobody follows, the change feed forgets what was deleted.
//
// A reader in the way is waited for; where one stays the log is emptied later.
func (d *Driver) Scrub(ctx context.Context, collections ...string) error {
	err := d.submit(ctx, func(w *writer) error {
		for _, c := range collections {
			if _, err := w.conn.ExecContext(context.Background(), `DELETE FROM gone WHERE c=?`, c); err != nil {
				return err
			}
		}
		return nil
	})
	for attempt := 0; err == nil; attempt++ {
		var busy, frames, moved int
		if err = d.read.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil || busy == 0 || attempt == 20 {
			break
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	return nil
}
