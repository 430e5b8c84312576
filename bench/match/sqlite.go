package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/muster-health/muster/internal/geo"
)

// sqlite is the database Muster ships with, here with normalised tables in a file of their own.
type sqlite struct{ db *sql.DB }

func openSQLite(dir string, people []person, places []geo.Point) (*sqlite, error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "match.db")+"?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=cache_size(-2000000)&_pragma=temp_store(memory)&_pragma=mmap_size(4000000000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &sqlite{db}
	if err := s.load(people, places); err != nil {
		db.Close()
		return nil, fmt.Errorf("load SQLite: %w", err)
	}
	return s, nil
}

func (s *sqlite) load(people []person, places []geo.Point) error {
	tx, err := s.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec("CREATE TABLE place (id INTEGER PRIMARY KEY, lat REAL, lon REAL)"); err != nil {
		return err
	}
	for i, p := range places {
		if _, err := tx.Exec("INSERT INTO place VALUES (?, ?, ?)", i, p.Lat, p.Lon); err != nil {
			return err
		}
	}
	for _, t := range tables(people) {
		create := fmt.Sprintf("CREATE TABLE %s (%s, PRIMARY KEY (%s)) WITHOUT ROWID", t.name, strings.Join(t.columns, " INTEGER, ")+" INTEGER", t.key)
		if _, err := tx.Exec(create); err != nil {
			return err
		}
		b := batch{tx: tx, table: t.name, width: len(t.columns)}
		if err := t.rows(b.add); err != nil {
			return err
		}
		if err := b.flush(); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = s.db.Exec("ANALYZE")
	return err
}

// batch inserts many rows by one statement.
type batch struct {
	tx     *sql.Tx
	table  string
	width  int
	values []any
	full   *sql.Stmt
}

const batchRows = 200

func (b *batch) add(values ...int) error {
	for _, v := range values {
		if v == null {
			b.values = append(b.values, nil)
		} else {
			b.values = append(b.values, v)
		}
	}
	if len(b.values) < batchRows*b.width {
		return nil
	}
	if b.full == nil {
		var err error
		if b.full, err = b.tx.Prepare(b.insert(batchRows)); err != nil {
			return err
		}
	}
	_, err := b.full.Exec(b.values...)
	b.values = b.values[:0]
	return err
}

func (b *batch) insert(rows int) string {
	one := ", (" + strings.Repeat(", ?", b.width)[2:] + ")"
	return "INSERT INTO " + b.table + " VALUES " + strings.Repeat(one, rows)[2:]
}

func (b *batch) flush() error {
	if len(b.values) == 0 {
		return nil
	}
	_, err := b.tx.Exec(b.insert(len(b.values)/b.width), b.values...)
	return err
}

func (s *sqlite) count() (answer, error) {
	return scanCounts(s.db.QueryRow(dialect{joinLabs: true, integer: "INTEGER"}.countSQL()))
}

func scanCounts(row *sql.Row) (answer, error) {
	var n [counts]int
	into := make([]any, counts)
	for i := range n {
		into[i] = &n[i]
	}
	if err := row.Scan(into...); err != nil {
		return answer{}, fmt.Errorf("count: %w", err)
	}
	return answerFrom(n), nil
}
