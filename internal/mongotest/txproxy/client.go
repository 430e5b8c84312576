package txproxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// client is one connection to the proxy, with one of its own to the server.
type client struct {
	p      *Proxy
	conn   net.Conn
	server *upstream
}

// errDrop ends a connection on purpose.
var errDrop = errors.New("dropped")

// serve answers until the connection ends.
func (c *client) serve() {
	defer c.conn.Close()
	var err error
	if c.server, err = dial(c.p.server); err != nil {
		return
	}
	defer c.server.Close()
	ctx, gone := context.WithCancel(context.Background())
	incoming := make(chan message)
	// Reads ahead, so that what waits learns that its client is gone.
	c.p.serving.Go(func() {
		defer close(incoming)
		defer gone()
		read := bufio.NewReader(c.conn)
		for {
			m, err := readMessage(read)
			if err != nil {
				return
			}
			select {
			case incoming <- m:
			case <-ctx.Done():
				return
			}
		}
	})
	defer gone()
	for m := range incoming {
		answer, err := c.answer(ctx, m)
		if err == nil {
			_, err = c.conn.Write(answer)
		}
		if err != nil {
			break
		}
	}
	c.p.left(c)
}

// answer is the message that answers m, header included. Any error drops the connection.
func (c *client) answer(ctx context.Context, m message) ([]byte, error) {
	if m.kind != wiremessage.OpMsg {
		answer, err := c.server.pass(m)
		//lint:ignore SA1019 the driver still greets with it
		if err != nil || m.kind != wiremessage.OpQuery {
			return answer.raw, err
		}
		return c.p.introduce(m, answer)
	}
	cmd, err := parse(m)
	if err != nil {
		return nil, err
	}
	body, err := c.run(ctx, cmd)
	if err != nil {
		return nil, err
	}
	return command{body: body}.frame(0, m.id), nil
}

// talk are commands that read and write no documents; they wait for nobody.
var talk = []string{"hello", "isMaster", "ismaster", "ping", "buildInfo", "buildinfo", "saslStart", "saslContinue", "getParameter", "whatsmyuri"}

// sessionFields are what the server behind does not know or must not see.
var sessionFields = []string{"lsid", "txnNumber", "startTransaction", "autocommit", "$clusterTime"}

func (c *client) run(ctx context.Context, cmd command) (bson.Raw, error) {
	name := cmd.name()
	id := sessionOf(cmd)
	_, inTransaction := cmd.body.Lookup("autocommit").BooleanOK()
	plain := command{body: without(cmd.body, sessionFields...), lists: cmd.lists}
	switch {
	case name == "endSessions" || name == "killSessions":
		return document(bson.D{{Key: "ok", Value: 1.0}}), nil
	case slices.Contains(talk, name):
		answer, err := c.server.ask(plain)
		if err == nil && slices.Contains(talk[:3], name) {
			answer = c.p.asMember(answer)
		}
		return answer, err
	case inTransaction && c.p.options.Mode == Refuse:
		return refusal(20, "IllegalOperation", "Transaction numbers are only allowed on a replica set member or mongos"), nil
	case inTransaction && c.p.options.Mode == Ignore:
		if name == "commitTransaction" || name == "abortTransaction" {
			return document(bson.D{{Key: "ok", Value: 1.0}}), nil
		}
		plain.body = without(plain.body, "readConcern")
		return c.alone(ctx, func() (bson.Raw, error) { return c.server.ask(plain) })
	case inTransaction:
		plain.body = without(plain.body, "readConcern", "writeConcern")
		return c.transact(ctx, cmd, plain)
	}
	if at, ids, exact := cmd.targets(); exact && name == "find" {
		return c.look(plain, at, ids[0])
	}
	number, repeatable := cmd.body.Lookup("txnNumber").Int64OK()
	return c.alone(ctx, func() (bson.Raw, error) {
		if repeatable && c.p.options.Mode == Atomic {
			if answer := c.p.written(id, number); answer != nil {
				return answer, nil
			}
		}
		answer, err := c.plain(name, plain)
		if err == nil && repeatable {
			c.p.keep(id, &transaction{number: number, state: committed, write: answer})
		}
		return answer, err
	})
}

// plain runs a command that is in no transaction.
func (c *client) plain(name string, cmd command) (bson.Raw, error) {
	switch name {
	case "createIndexes":
		return c.p.createIndexes(c.server, cmd)
	case "listIndexes":
		return c.p.listIndexes(c.server, cmd)
	case "dropIndexes":
		return c.p.dropIndexes(c.server, cmd)
	}
	return c.server.ask(cmd)
}

// alone does something while no transaction is open.
func (c *client) alone(ctx context.Context, do func() (bson.Raw, error)) (bson.Raw, error) {
	if err := c.p.enter(ctx, true); err != nil {
		return nil, err
	}
	defer c.p.gate.leave(true)
	c.p.step.Lock()
	defer c.p.step.Unlock()
	return do()
}

// look reads one document by its id, as it was before any transaction that is open.
func (c *client) look(cmd command, at namespace, id bson.RawValue) (bson.Raw, error) {
	c.p.step.Lock()
	defer c.p.step.Unlock()
	if t := c.p.isolation.held[idOf(at, id)]; t != nil {
		return t.was(at, id), nil
	}
	return c.server.ask(cmd)
}

// enter waits at the gate until the client is gone or the proxy closes.
func (p *Proxy) enter(ctx context.Context, alone bool) error {
	if err := p.gate.enter(ctx, alone); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		p.gate.leave(alone)
	}
	return p.broken
}

// breaks makes the proxy refuse what follows: what it would answer is wrong.
func (p *Proxy) breaks(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = errors.Join(p.broken, err)
}

// sessionOf is the id of the session a command belongs to, "" for none.
func sessionOf(cmd command) string {
	_, id, _ := cmd.body.Lookup("lsid", "id").BinaryOK()
	return string(id)
}

// refusal is an answer that says no.
func refusal(code int, name, text string, labels ...string) bson.Raw {
	d := bson.D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: text}, {Key: "code", Value: int32(code)}, {Key: "codeName", Value: name}}
	if len(labels) > 0 {
		d = append(d, bson.E{Key: "errorLabels", Value: labels})
	}
	return document(d)
}

// asMember makes the answer to hello that of the primary of a replica set, whose only member is
// this proxy. A client speaks of transactions and repeats writes only with such a server.
func (p *Proxy) asMember(hello bson.Raw) bson.Raw {
	if p.options.Mode == Refuse || failed(hello) {
		return hello
	}
	return with(without(hello, "compression", "topologyVersion"), bson.D{
		{Key: "setName", Value: SetName},
		{Key: "setVersion", Value: int32(1)},
		{Key: "hosts", Value: bson.A{p.Addr()}},
		{Key: "me", Value: p.Addr()},
		{Key: "primary", Value: p.Addr()},
		{Key: "secondary", Value: false},
		{Key: "logicalSessionTimeoutMinutes", Value: int32(30)},
	})
}

// introduce does that for the greeting in the protocol of old, OP_QUERY and OP_REPLY.
func (p *Proxy) introduce(query, answer message) ([]byte, error) {
	const fixed = headerSize + 20 // flags, cursor, first, count
	if answer.kind != wiremessage.OpReply || len(answer.raw) < fixed {
		return nil, fmt.Errorf("answer to OP_QUERY is %s", answer.kind)
	}
	doc, rest, ok := bsoncore.ReadDocument(answer.raw[fixed:])
	if !ok || len(rest) != 0 {
		return nil, fmt.Errorf("answer to OP_QUERY is not one document")
	}
	body := append(slices.Clone(answer.raw[headerSize:fixed]), p.asMember(bson.Raw(doc))...)
	return frame(0, query.id, wiremessage.OpReply, body), nil
}
