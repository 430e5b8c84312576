// Package txproxy makes a replica set of a server that speaks MongoDB's protocol and has no
// transactions, for tests. It stands before that server and reads the messages that pass:
//
//	Atomic  keeps transactions. They run side by side and see what was committed when they
//	        began; of two that change one document the second fails. What a transaction is
//	        about to change is read before, and put back when it is aborted, fails, or loses
//	        its client. Reads by id see nothing of what is under way; other commands wait
//	        until no transaction is open.
//	Ignore  takes the fields of a transaction and does nothing about them: what an aborted
//	        one wrote is there.
//	Refuse  answers as a server that is no member of a replica set.
//
// Options.Statement and Options.Commit add what a server does on a bad day: conflicts, statements
// without an answer, commits whose answer is lost.
//
// So it shows that a batch is whole, that each error is answered rightly, and that what overlaps
// loses nothing. It is not MongoDB: nothing is replicated, nothing elected, nothing flushed.
package txproxy

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"time"
)

// Mode is how the proxy treats transactions.
type Mode uint8

// See the package comment.
const (
	Atomic Mode = iota
	Ignore
	Refuse
)

// SetName is the replica set the proxy claims to be.
const SetName = "rs0"

// Options say how a proxy behaves; the zero value keeps transactions.
type Options struct {
	Mode Mode
	// Statement is what befalls the nth transaction before its commit, Commit what befalls the
	// nth transaction that comes to its commit, both counted from 0; nil: nothing.
	Statement, Commit func(n int) Fault
	// Lifetime is how long a transaction may stay open; 0 = a minute, as with MongoDB.
	Lifetime time.Duration
}

// Stats counts what a proxy has done with transactions.
type Stats struct {
	Started, Committed, RolledBack int
	Faults                         map[FaultKind]int // those that have happened
}

// Proxy is a running proxy. Close ends it.
type Proxy struct {
	server   string
	options  Options
	listener net.Listener
	closed   chan struct{}
	serving  sync.WaitGroup

	gate      gate       // open transactions together, or one other command alone
	step      sync.Mutex // one thing is asked of the server at a time, which loses updates otherwise
	own       *upstream  // reads and puts back what was before
	isolation isolation

	mu       sync.Mutex
	clients  map[*client]bool
	sessions map[string]*transaction // the last of each session
	indexes  map[namespace]map[string]indexOptions
	stats    Stats
	commits  int   // transactions that came to their commit
	broken   error // what was before could not be put back
}

// Start listens on a free port of the loopback address, before the server at address.
func Start(address string, o Options) (*Proxy, error) {
	if o.Lifetime == 0 {
		o.Lifetime = time.Minute
	}
	p := &Proxy{
		server: address, options: o, closed: make(chan struct{}),
		isolation: isolation{changed: map[docID]int64{}, held: map[docID]*transaction{}},
		clients:   map[*client]bool{}, sessions: map[string]*transaction{}, indexes: map[namespace]map[string]indexOptions{},
		stats: Stats{Faults: map[FaultKind]int{}},
	}
	var err error
	if p.own, err = dial(address); err != nil {
		return nil, fmt.Errorf("start proxy: %w", err)
	}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(fmt.Errorf("start proxy: %w", err), p.own.Close())
	}
	p.serving.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Stats tells what has happened so far.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Faults = maps.Clone(s.Faults)
	return s
}

func (p *Proxy) count(add func(*Stats)) {
	p.mu.Lock()
	add(&p.stats)
	p.mu.Unlock()
}

// Close ends all connections. Its error says whether a transaction could not be undone.
func (p *Proxy) Close() error {
	close(p.closed)
	p.listener.Close()
	p.mu.Lock()
	for c := range p.clients {
		c.conn.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.broken, p.own.Close())
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		c := &client{p: p, conn: conn}
		p.mu.Lock()
		p.clients[c] = true
		p.mu.Unlock()
		select {
		case <-p.closed: // Close has not seen this one
			conn.Close()
		default:
		}
		p.serving.Go(func() {
			c.serve()
			p.mu.Lock()
			delete(p.clients, c)
			p.mu.Unlock()
		})
	}
}
