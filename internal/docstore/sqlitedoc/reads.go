package sqlitedoc

import (
	"context"
	"database/sql"
	"errors"
)

// reads are the connections that read, with the statements of pages made ready once: to parse one
// takes longer than to read the few documents most pages have.
type reads struct {
	*sql.DB
	ready map[string]*sql.Stmt
}

func (r *reads) prepare(ctx context.Context, texts ...string) error {
	r.ready = map[string]*sql.Stmt{}
	for _, text := range texts {
		s, err := r.PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		r.ready[text] = s
	}
	return nil
}

// Query is that of the pool, by a statement that is ready where there is one.
func (r reads) Query(text string, args ...any) (*sql.Rows, error) {
	if s := r.ready[text]; s != nil {
		return s.Query(args...)
	}
	return r.DB.Query(text, args...)
}

func (r reads) release() error {
	var errs []error
	for _, s := range r.ready {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
