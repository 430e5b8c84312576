package txproxy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// grace is how long a transaction waits for its client after the connection it last used has
// ended: the session may go on over another.
const grace = 2 * time.Second

// late is when a commit happens whose connection was dropped meanwhile.
const late = 50 * time.Millisecond

// Labels of errors, as in the MongoDB manual.
const labelTransient = "TransientTransactionError"

type state uint8

const (
	open state = iota
	committed
	aborted
)

// transaction is the last one of a session. While open, it is inside the proxy's gate.
type transaction struct {
	number   int64
	snapshot int64    // commits there were when it began
	write    bson.Raw // no transaction but one write, which may be asked for again: its answer

	mu         sync.Mutex
	state      state
	statements int
	fault      Fault
	committing bool // its commit was asked for
	lost       int  // commits whose connection was dropped
	client     *client
	before     []image // what it has changed; others read it with Proxy.step
	age        *time.Timer
}

// image is a document as it was before the transaction; nil: there was none.
type image struct {
	at  namespace
	id  bson.RawValue
	doc bson.Raw
}

// written returns the answer to a write the session has already made.
func (p *Proxy) written(session string, number int64) bson.Raw {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.sessions[session]; t != nil && t.number == number {
		return t.write
	}
	return nil
}

func (p *Proxy) keep(session string, t *transaction) {
	p.mu.Lock()
	p.sessions[session] = t
	p.mu.Unlock()
}

// left gives a transaction up whose client does not come back.
func (p *Proxy) left(c *client) {
	p.mu.Lock()
	all := slices.Collect(maps.Values(p.sessions))
	p.mu.Unlock()
	for _, t := range all {
		t.mu.Lock()
		its := t.state == open && t.client == c
		t.mu.Unlock()
		if !its {
			continue
		}
		time.AfterFunc(grace, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			if t.client == c {
				p.undo(t)
			}
		})
	}
}

// supported are the commands MongoDB takes in a transaction, of those the server behind knows.
var supported = []string{"insert", "update", "delete", "findAndModify", "findandmodify", "find", "getMore", "killCursors", "aggregate", "distinct"}

// transact runs one command of a transaction. cmd has the fields of the transaction, plain has not.
func (c *client) transact(ctx context.Context, cmd, plain command) (bson.Raw, error) {
	id := sessionOf(cmd)
	number, _ := cmd.body.Lookup("txnNumber").Int64OK()
	starts, _ := cmd.body.Lookup("startTransaction").BooleanOK()
	c.p.mu.Lock()
	t := c.p.sessions[id]
	c.p.mu.Unlock()
	if starts {
		if t != nil && t.write == nil { // a session has one transaction at most
			t.mu.Lock()
			c.p.undo(t)
			t.mu.Unlock()
		}
		var err error
		if t, err = c.begin(ctx, id, number); err != nil {
			return nil, err
		}
	}
	if t == nil || t.number != number || t.write != nil {
		return noSuch(number), nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if cmd.name() == "commitTransaction" {
		return c.commit(t)
	}
	if t.state != open {
		return noSuch(number), nil
	}
	t.client = c
	if cmd.name() == "abortTransaction" {
		c.p.undo(t)
		return document(bson.D{{Key: "ok", Value: 1.0}}), nil
	}
	if !slices.Contains(supported, cmd.name()) {
		c.p.undo(t)
		return refusal(263, "OperationNotSupportedInTransaction", "Cannot run '"+cmd.name()+"' in a multi-document transaction."), nil
	}
	return c.statement(ctx, t, plain)
}

func noSuch(number int64) bson.Raw {
	return refusal(251, "NoSuchTransaction", fmt.Sprintf("Given transaction number %d does not match any in-progress transactions.", number), labelTransient)
}

func writeConflict() bson.Raw {
	return refusal(112, "WriteConflict", "Write conflict during plan execution and yielding is disabled.", labelTransient)
}

// begin opens a transaction, once no command runs alone.
func (c *client) begin(ctx context.Context, session string, number int64) (*transaction, error) {
	p := c.p
	if err := p.enter(ctx, false); err != nil {
		return nil, err
	}
	p.step.Lock()
	t := &transaction{number: number, client: c, snapshot: p.isolation.commits}
	p.step.Unlock()
	p.mu.Lock()
	if p.options.Statement != nil {
		t.fault = p.options.Statement(p.stats.Started)
	}
	p.stats.Started++
	p.sessions[session] = t
	p.mu.Unlock()
	t.age = time.AfterFunc(p.options.Lifetime, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		p.undo(t)
	})
	return t, nil
}

// statement runs one read or write, after it has kept what the write is about to change. An
// error of the server's ends the transaction, as MongoDB does.
func (c *client) statement(ctx context.Context, t *transaction, cmd command) (bson.Raw, error) {
	p, n := c.p, t.statements
	t.statements++
	happens := func() { p.count(func(s *Stats) { s.Faults[t.fault.Kind]++ }) }
	switch {
	case t.fault.befalls(Conflict, n):
		happens()
		p.undo(t)
		return writeConflict(), nil
	case t.fault.befalls(Hang, n):
		happens()
		select {
		case <-ctx.Done():
		case <-p.closed:
		}
		return nil, errDrop
	}
	answer, err := c.apply(t, cmd)
	if err != nil {
		return nil, err
	}
	if failed(answer) {
		p.undo(t)
	}
	if t.fault.befalls(Cut, n) {
		happens()
		return nil, errDrop
	}
	return answer, nil
}

// apply asks the server, if no other transaction is in the way.
func (c *client) apply(t *transaction, cmd command) (bson.Raw, error) {
	p := c.p
	p.step.Lock()
	defer p.step.Unlock()
	if answer := p.isolation.sees(t, cmd); answer != nil {
		return answer, nil
	}
	if err := p.remember(t, cmd); err != nil {
		return nil, fmt.Errorf("read what was before: %w", err)
	}
	answer, err := c.server.ask(cmd)
	if err == nil {
		p.rememberUpserts(t, cmd.namespace(), answer)
	}
	return answer, err
}

// commit ends a transaction, or says again that it has ended.
func (c *client) commit(t *transaction) (bson.Raw, error) {
	done := document(bson.D{{Key: "ok", Value: 1.0}})
	if !t.committing {
		t.committing, t.fault = true, c.p.commitFault()
	}
	due := t.lost < max(t.fault.Times, 1)
	switch f := t.fault.Kind; {
	case f == ConflictCommit && t.state == open:
		c.p.count(func(s *Stats) { s.Faults[f]++ })
		c.p.undo(t)
		return writeConflict(), nil
	case due && (f == LoseBefore || f == LoseAfter || f == LoseDuring):
		if t.lost++; t.lost == 1 {
			c.p.count(func(s *Stats) { s.Faults[f]++ })
		}
		switch f {
		case LoseBefore:
			c.p.undo(t)
		case LoseAfter:
			c.p.finish(t, committed)
		case LoseDuring:
			t.client = nil // nobody is waited for
			time.AfterFunc(late, func() {
				t.mu.Lock()
				defer t.mu.Unlock()
				c.p.finish(t, committed)
			})
		}
		return nil, errDrop
	}
	c.p.finish(t, committed)
	if t.state != committed {
		return noSuch(t.number), nil
	}
	return done, nil
}

func (p *Proxy) commitFault() (f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.options.Commit != nil {
		f = p.options.Commit(p.commits)
	}
	p.commits++
	return f
}

// finish ends an open transaction.
func (p *Proxy) finish(t *transaction, how state) {
	if t.state != open {
		return
	}
	p.step.Lock()
	if how == aborted {
		for _, i := range slices.Backward(t.before) { // the last first
			if err := i.restore(p.own); err != nil {
				p.breaks(fmt.Errorf("a transaction cannot be undone: %w", err))
				break
			}
		}
	}
	p.isolation.ends(t, how)
	t.before = nil
	p.step.Unlock()
	t.state = how
	t.age.Stop()
	p.count(func(s *Stats) {
		if how == committed {
			s.Committed++
		} else {
			s.RolledBack++
		}
	})
	p.gate.leave(false)
}

// undo puts back what an open transaction has changed.
func (p *Proxy) undo(t *transaction) { p.finish(t, aborted) }
