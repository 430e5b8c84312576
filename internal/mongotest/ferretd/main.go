// Command ferretd serves FerretDB, which speaks MongoDB's protocol over SQLite, for the tests
// of Muster. It prints the URL of an empty database and a newline on standard output, and
// serves until standard input closes.
//
// It is a module of its own so that FerretDB and what it needs are no part of the product.
// FerretDB keeps no transactions and loses updates when several connections write: it proves
// documents and queries, not atomicity or concurrency.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// options are what a Muster database URL needs here: one connection, and consent to the
// missing transactions.
const options = "maxPoolSize=1&musterAllowNoTransactions=true"

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "ferretd:", err)
		os.Exit(1)
	}
}

func serve() error {
	dir, err := os.MkdirTemp("", "ferretd-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	fmt.Printf("%s/muster?%s\n", strings.TrimRight(f.MongoDBURI(), "/"), options)

	closed := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		closed <- err
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("the server ended by itself: %w", err)
	case err := <-closed:
		stop()
		<-ended // what Run says after stop is only that it was stopped
		return err
	}
}
