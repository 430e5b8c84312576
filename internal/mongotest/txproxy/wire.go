package txproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// maxMessage is the longest message MongoDB takes, in bytes.
const maxMessage = 48_000_000

const headerSize = 16

// message is one message of the wire protocol, header included.
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
type message struct {
	id   int32
	kind wiremessage.OpCode
	raw  []byte
}

func readMessage(r io.Reader) (m message, err error) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return m, err
	}
	length, id, _, kind, _, _ := wiremessage.ReadHeader(head)
	if length < headerSize || length > maxMessage {
		return m, fmt.Errorf("message of %d bytes", length)
	}
	m = message{id: id, kind: kind, raw: make([]byte, length)}
	copy(m.raw, head)
	_, err = io.ReadFull(r, m.raw[headerSize:])
	return m, err
}

// frame puts the header before a body.
func frame(id, to int32, kind wiremessage.OpCode, body []byte) []byte {
	return append(wiremessage.AppendHeader(nil, int32(headerSize+len(body)), id, to, kind), body...)
}

// command is an OP_MSG, request or answer: a document, and lists of documents that belong to it.
type command struct {
	body  bson.Raw
	lists []list
}

type list struct {
	name string
	docs []bson.Raw
}

// parse reads an OP_MSG. Flags and checksum are left behind: this proxy answers each message
// with one.
func parse(m message) (c command, err error) {
	flags, rest, ok := wiremessage.ReadMsgFlags(m.raw[headerSize:])
	if ok && flags&wiremessage.ChecksumPresent != 0 && len(rest) >= 4 {
		rest = rest[:len(rest)-4]
	}
	for ok && len(rest) > 0 {
		var kind wiremessage.SectionType
		if kind, rest, ok = wiremessage.ReadMsgSectionType(rest); !ok {
			break
		}
		switch kind {
		case wiremessage.SingleDocument:
			var doc bsoncore.Document
			doc, rest, ok = wiremessage.ReadMsgSectionSingleDocument(rest)
			c.body = bson.Raw(doc)
		case wiremessage.DocumentSequence:
			var l list
			var docs []bsoncore.Document
			l.name, docs, rest, ok = wiremessage.ReadMsgSectionDocumentSequence(rest)
			for _, d := range docs {
				l.docs = append(l.docs, bson.Raw(d))
			}
			c.lists = append(c.lists, l)
		default:
			ok = false
		}
	}
	if !ok || c.body.Validate() != nil {
		return c, fmt.Errorf("not an OP_MSG this proxy reads")
	}
	return c, nil
}

// frame makes the message.
func (c command) frame(id, to int32) []byte {
	out := wiremessage.AppendMsgFlags(nil, 0)
	out = append(wiremessage.AppendMsgSectionType(out, wiremessage.SingleDocument), c.body...)
	for _, l := range c.lists {
		out = wiremessage.AppendMsgSectionType(out, wiremessage.DocumentSequence)
		at := len(out)
		out = append(append(append(out, 0, 0, 0, 0), l.name...), 0)
		for _, d := range l.docs {
			out = append(out, d...)
		}
		out = bsoncore.UpdateLength(out, int32(at), int32(len(out)-at))
	}
	return frame(id, to, wiremessage.OpMsg, out)
}

// name is what the command does, "insert" for instance.
func (c command) name() string {
	first, err := c.body.IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}

// documents returns what the command lists under name, wherever it does.
func (c command) documents(name string) (docs []bson.Raw, err error) {
	for _, l := range c.lists {
		if l.name == name {
			return l.docs, nil
		}
	}
	array, ok := c.body.Lookup(name).ArrayOK()
	if !ok {
		return nil, fmt.Errorf("%s without %s", c.name(), name)
	}
	values, err := array.Values()
	for _, v := range values {
		doc, ok := v.DocumentOK()
		if !ok {
			return nil, fmt.Errorf("%s of %s: not documents", name, c.name())
		}
		docs = append(docs, doc)
	}
	return docs, err
}

// namespace is a collection of a database.
type namespace struct{ db, collection string }

func (c command) namespace() (n namespace) {
	n.db, _ = c.body.Lookup("$db").StringValueOK()
	n.collection, _ = c.body.Lookup(c.name()).StringValueOK()
	return n
}

// without leaves fields out of a document, top level only.
func without(doc bson.Raw, fields ...string) bson.Raw {
	drop := map[string]bool{}
	for _, f := range fields {
		drop[f] = true
	}
	at, out := bsoncore.AppendDocumentStart(nil)
	elements, _ := doc.Elements() // validated by parse
	for _, e := range elements {
		if !drop[e.Key()] {
			out = append(out, e...)
		}
	}
	out, _ = bsoncore.AppendDocumentEnd(out, at)
	return out
}

// with sets fields of a document.
func with(doc bson.Raw, fields bson.D) bson.Raw {
	var names []string
	for _, f := range fields {
		names = append(names, f.Key)
	}
	add := document(fields)
	at, out := bsoncore.AppendDocumentStart(nil)
	kept := without(doc, names...)
	out = append(out, kept[4:len(kept)-1]...)
	out = append(out, add[4:len(add)-1]...)
	out, _ = bsoncore.AppendDocumentEnd(out, at)
	return out
}

// document encodes what this package writes itself, which always can be.
func document(d bson.D) bson.Raw {
	raw, err := bson.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("encode %v: %v", d, err))
	}
	return raw
}

// upstream is a connection to the server behind. It asks one thing at a time.
type upstream struct {
	net.Conn
	read *bufio.Reader
	last int32
}

func dial(address string) (*upstream, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &upstream{Conn: conn, read: bufio.NewReader(conn)}, nil
}

// pass sends a message as it is and returns what is answered.
func (u *upstream) pass(m message) (message, error) {
	if _, err := u.Write(m.raw); err != nil {
		return message{}, err
	}
	return readMessage(u.read)
}

// ask sends a command and returns the answer, which may be an error of the server's.
func (u *upstream) ask(c command) (bson.Raw, error) {
	u.last++
	m, err := u.pass(message{raw: c.frame(u.last, 0)})
	if err != nil {
		return nil, err
	}
	answer, err := parse(m)
	return answer.body, err
}

// must asks and takes only success.
func (u *upstream) must(d bson.D) (bson.Raw, error) {
	answer, err := u.ask(command{body: document(d)})
	if err != nil {
		return nil, err
	}
	if failed(answer) {
		return nil, fmt.Errorf("%s: %s", d[0].Key, answer)
	}
	return answer, nil
}

// failed says that a command, or a write in it, was refused.
func failed(answer bson.Raw) bool {
	ok, number := answer.Lookup("ok").AsFloat64OK()
	if !number || ok != 1 {
		return true
	}
	_, err := answer.LookupErr("writeErrors")
	return err == nil
}
