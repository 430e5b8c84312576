package mongodoc

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/drivertest"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/xoptions"

	"github.com/muster-health/muster/internal/docstore"
)

// What a server answers, one after another, to the commands of a test.
var (
	ok         = bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}, {Key: "nModified", Value: 1}}
	matchedNil = bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "nModified", Value: 0}}
	duplicate  = bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "writeErrors", Value: bson.A{
		bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 duplicate key"}},
	}}}
)

func failure(code int, labels ...string) bson.D {
	return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "errmsg", Value: "no"}, {Key: "errorLabels", Value: labels}}
}

// concern is a success of which a majority does not know.
func concern(code int, reply bson.D) bson.D {
	return append(reply[:len(reply):len(reply)], bson.E{Key: "writeConcernError", Value: bson.D{{Key: "code", Value: code}, {Key: "errmsg", Value: "waited in vain"}}})
}

func found(docs ...bson.D) bson.D {
	batch := bson.A{}
	for _, d := range docs {
		batch = append(batch, d)
	}
	return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{
		{Key: "id", Value: int64(0)}, {Key: "ns", Value: "muster.c"}, {Key: "firstBatch", Value: batch},
	}}}
}

// script is a driver whose server gives the replies in turn.
type script struct {
	*Driver
	mu       sync.Mutex
	commands []string        // "insert c", "commitTransaction", ...
	outside  []string        // those that carried no transaction
	left     []time.Duration // how long each might take
}

func play(t *testing.T, replies ...bson.D) *script {
	t.Helper()
	deployment := drivertest.NewMockDeployment()
	deployment.AddResponses(replies...)
	s := &script{}
	settings := options.Client().SetMonitor(&event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			s.mu.Lock()
			defer s.mu.Unlock()
			what := e.CommandName
			if c, ok := e.Command.Lookup(e.CommandName).StringValueOK(); ok {
				what += " " + c
			}
			s.commands = append(s.commands, what)
			if end, limited := ctx.Deadline(); limited {
				s.left = append(s.left, time.Until(end))
			}
			if _, err := e.Command.LookupErr("txnNumber"); err != nil {
				s.outside = append(s.outside, what)
			}
		},
	}).SetRetryWrites(false).SetRetryReads(false)
	if err := xoptions.SetInternalClientOptions(settings, "deployment", deployment); err != nil {
		t.Fatal(err)
	}
	client, err := mongo.Connect(settings)
	if err != nil {
		t.Fatal(err)
	}
	s.Driver = &Driver{client: client, db: client.Database("muster"), wall: time.Now,
		log: slog.New(slog.DiscardHandler), indexes: map[string][]docstore.Index{}}
	return s
}

func op(t *testing.T, kind docstore.OpKind, rev int64) docstore.Op {
	t.Helper()
	o := docstore.Op{Kind: kind, Collection: "c", ID: "x", Rev: rev}
	if kind == docstore.Check || kind == docstore.Delete {
		return o
	}
	body, err := bson.Marshal(bson.D{{Key: "_id", Value: "x"}, {Key: "rev", Value: rev + 1}})
	if err != nil {
		t.Fatal(err)
	}
	o.Body = body
	return o
}

func TestWriteIsOneTransaction(t *testing.T) {
	const (
		insert, update, remove, find = "insert c", "update c", "delete c", "find c"
		marker                       = "insert _batches"
		tomb                         = "update _gone"
		commit, abort                = "commitTransaction", "abortTransaction"
	)
	transient := failure(112, labelTransient)
	lost := failure(91, labelUnknown)
	tests := []struct {
		name    string
		op      docstore.Op
		replies []bson.D
		want    error
		done    []string
	}{
		{"insert", op(t, docstore.Insert, 0), []bson.D{ok, ok, ok}, nil, []string{insert, marker, commit}},
		{"insert of an id that exists", op(t, docstore.Insert, 0), []bson.D{duplicate, ok}, docstore.ErrExists, []string{insert, abort}},
		{"ensure", op(t, docstore.Ensure, 0), []bson.D{found(), ok, ok, ok}, nil, []string{find, insert, marker, commit}},
		{"ensure of an id that exists", op(t, docstore.Ensure, 0), []bson.D{found(bson.D{{Key: "_id", Value: "x"}}), ok, ok}, nil, []string{find, marker, commit}},
		{"ensure beaten by another", op(t, docstore.Ensure, 0),
			[]bson.D{found(), duplicate, ok, found(bson.D{{Key: "_id", Value: "x"}}), ok, ok}, nil,
			[]string{find, insert, abort, find, marker, commit}},
		{"replace", op(t, docstore.Replace, 1), []bson.D{ok, ok, ok}, nil, []string{update, marker, commit}},
		{"replace of another revision", op(t, docstore.Replace, 1), []bson.D{matchedNil, ok}, docstore.ErrConflict, []string{update, abort}},
		{"delete", op(t, docstore.Delete, 1), []bson.D{ok, ok, ok, ok}, nil, []string{remove, tomb, marker, commit}},
		{"delete of another revision", op(t, docstore.Delete, 1), []bson.D{matchedNil, ok}, docstore.ErrConflict, []string{remove, abort}},
		{"check holds the document", op(t, docstore.Check, 1), []bson.D{ok, ok, ok, ok}, nil, []string{update, update, marker, commit}},
		{"check of another revision", op(t, docstore.Check, 1), []bson.D{matchedNil, ok}, docstore.ErrConflict, []string{update, abort}},
		{"check of absence holds the id", op(t, docstore.Check, 0), []bson.D{ok, ok, ok, ok}, nil, []string{insert, remove, marker, commit}},
		{"check of absence fails", op(t, docstore.Check, 0), []bson.D{duplicate, ok}, docstore.ErrConflict, []string{insert, abort}},

		{"transient failure of an operation", op(t, docstore.Insert, 0), []bson.D{transient, ok, ok, ok, ok}, nil,
			[]string{insert, abort, insert, marker, commit}},
		{"transient failure of the marker", op(t, docstore.Insert, 0), []bson.D{ok, transient, ok, ok, ok, ok}, nil,
			[]string{insert, marker, abort, insert, marker, commit}},
		{"transient failure of the commit", op(t, docstore.Insert, 0), []bson.D{ok, ok, transient, ok, ok, ok}, nil,
			[]string{insert, marker, commit, insert, marker, commit}},
		{"lost commit that had happened", op(t, docstore.Insert, 0), []bson.D{ok, ok, lost, duplicate}, nil,
			[]string{insert, marker, commit, marker}},
		{"lost commit that had not happened", op(t, docstore.Insert, 0), []bson.D{ok, ok, lost, ok, ok, ok, ok}, nil,
			[]string{insert, marker, commit, marker, insert, marker, commit}},
		{"lost commit that cannot be settled", op(t, docstore.Insert, 0), []bson.D{ok, ok, lost, failure(91)}, errUnknown,
			[]string{insert, marker, commit, marker}},

		// The codes MongoDB's manual names, with the labels the server or the driver gives them.
		{"112 WriteConflict of the second statement", op(t, docstore.Check, 1), []bson.D{ok, transient, ok, ok, ok, ok, ok}, nil,
			[]string{update, update, abort, update, update, marker, commit}},
		{"251 NoSuchTransaction in a statement", op(t, docstore.Replace, 1), []bson.D{failure(251, labelTransient), ok, ok, ok, ok}, nil,
			[]string{update, abort, update, marker, commit}},
		{"251 NoSuchTransaction at the commit", op(t, docstore.Insert, 0), []bson.D{ok, ok, failure(251, labelTransient), ok, ok, ok}, nil,
			[]string{insert, marker, commit, insert, marker, commit}},
		{"11000 DuplicateKey of the marker is not the caller's", op(t, docstore.Insert, 0), []bson.D{ok, duplicate, ok}, errAny,
			[]string{insert, marker, abort}},
		{"11000 DuplicateKey after a conflict", op(t, docstore.Insert, 0), []bson.D{transient, ok, duplicate, ok}, docstore.ErrExists,
			[]string{insert, abort, insert, abort}},
		{"50 MaxTimeMSExpired in a statement", op(t, docstore.Insert, 0), []bson.D{failure(50), ok, ok, ok, ok}, nil,
			[]string{insert, abort, insert, marker, commit}},
		{"50 MaxTimeMSExpired at the commit", op(t, docstore.Insert, 0), []bson.D{ok, ok, failure(50), ok, duplicate}, nil,
			[]string{insert, marker, commit, abort, marker}},
		{"10107 NotWritablePrimary in a statement", op(t, docstore.Insert, 0), []bson.D{failure(10107, labelTransient), ok, ok, ok, ok}, nil,
			[]string{insert, abort, insert, marker, commit}},
		{"10107 NotWritablePrimary at the commit is asked again by the driver", op(t, docstore.Insert, 0), []bson.D{ok, ok, failure(10107, "RetryableWriteError"), ok}, nil,
			[]string{insert, marker, commit, commit}},
		{"64 WriteConcernTimeout, and a majority has it later", op(t, docstore.Insert, 0), []bson.D{ok, ok, concern(64, ok), duplicate}, nil,
			[]string{insert, marker, commit, marker}},
		{"64 WriteConcernTimeout for good", op(t, docstore.Insert, 0), []bson.D{ok, ok, concern(64, ok), concern(64, duplicate)}, errUnknown,
			[]string{insert, marker, commit, marker}},
		{"100 UnsatisfiableWriteConcern has happened all the same", op(t, docstore.Insert, 0), []bson.D{ok, ok, concern(100, ok), concern(100, duplicate)}, errUnknown,
			[]string{insert, marker, commit, marker}},

		{"commit refused", op(t, docstore.Insert, 0), []bson.D{ok, ok, failure(263)}, errAny,
			[]string{insert, marker, commit}},
		{"operation refused", op(t, docstore.Insert, 0), []bson.D{failure(13), ok}, errAny, []string{insert, abort}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := play(t, test.replies...)
			err := s.Write(t.Context(), []docstore.Op{test.op})
			if test.want == errAny {
				if err == nil || errors.Is(err, docstore.ErrConflict) || errors.Is(err, docstore.ErrExists) {
					t.Errorf("error %v, want the server's", err)
				}
			} else if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if diff := cmp.Diff(test.done, s.commands); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
			for _, what := range s.outside { // the only write outside a transaction settles a commit
				if what != marker {
					t.Errorf("%s was outside the transaction", what)
				}
			}
		})
	}
}

// errAny stands for an error of the server's own.
var errAny = errors.New("any")

// A transaction holds what it has touched, so it is given five seconds, and its caller fifteen.
func TestTransactionsAreShort(t *testing.T) {
	s := play(t, ok, failure(112, labelTransient), ok, ok, ok, ok)
	if err := s.Write(t.Context(), []docstore.Op{op(t, docstore.Insert, 0)}); err != nil {
		t.Fatal(err)
	}
	if len(s.left) != 6 {
		t.Fatalf("%d commands, want 6", len(s.left))
	}
	for i, left := range s.left {
		if left <= 0 || left > transactionLimit {
			t.Errorf("%s may take %s, want at most %s", s.commands[i], left, transactionLimit)
		}
	}
	if transactionLimit != 5*time.Second || writeLimit+maxSkew >= overlap {
		t.Errorf("a transaction may take %s and a write %s; with clocks %s apart the feed, which looks back %s, would miss some",
			transactionLimit, writeLimit, maxSkew, overlap)
	}
}

func TestWriteGivesUpWithItsContext(t *testing.T) {
	replies := []bson.D{}
	for range 200 {
		replies = append(replies, failure(112, labelTransient), ok)
	}
	s := play(t, replies...)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Write(ctx, []docstore.Op{op(t, docstore.Insert, 0)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the end of the context", err)
	}
}

func TestTransactionsAreProved(t *testing.T) {
	none := found()
	for _, test := range []struct {
		name    string
		replies []bson.D
		why     string // part of the reason; "" = kept
		fails   bool
	}{
		{"kept", []bson.D{ok, ok, none}, "", false},
		{"accepted and ignored", []bson.D{ok, ok, found(bson.D{{Key: "_id", Value: "probe"}}), ok}, "is there", false},
		{"accepted, ignored, and abort unknown", []bson.D{ok, failure(59), found(bson.D{{Key: "_id", Value: "probe"}}), ok}, "is there", false},
		{"refused", []bson.D{failure(20), ok}, "refuses", false},
		{"unknown field", []bson.D{failure(40415), ok}, "refuses", false},
		{"not allowed to write", []bson.D{failure(13), ok}, "", true},
		{"busy", []bson.D{failure(112, labelTransient), ok}, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := play(t, test.replies...)
			why, err := s.proveTransactions(t.Context())
			if (err != nil) != test.fails {
				t.Fatalf("error %v", err)
			}
			if (why == "") != (test.why == "") || !strings.Contains(why, test.why) {
				t.Errorf("reason %q, want one with %q", why, test.why)
			}
		})
	}
}

func TestOptionIsTakenOutOfTheURL(t *testing.T) {
	for _, test := range []struct {
		uri, rest string
		on, fails bool
	}{
		{"mongodb://h/db", "mongodb://h/db", false, false},
		{"mongodb://h/db?musterAllowNoTransactions=true", "mongodb://h/db", true, false},
		{"mongodb://a:1,b:2/db?maxPoolSize=1&musterallownotransactions=true&tls=true", "mongodb://a:1,b:2/db?maxPoolSize=1&tls=true", true, false},
		{"mongodb://h/?musterAllowNoTransactions=false", "mongodb://h/", false, false},
		{"mongodb://h/?musterAllowNoTransactions=perhaps", "", false, true},
	} {
		rest, on, err := takeOption(test.uri, "musterAllowNoTransactions")
		if rest != test.rest || on != test.on || (err != nil) != test.fails {
			t.Errorf("%s: %q, %t, %v", test.uri, rest, on, err)
		}
	}
}

func TestErrorsDoNotShowThePassword(t *testing.T) {
	for _, uri := range []string{
		"mongodb://user:hunter2@h:bad/db",
		"mongodb://user:hunter2@",
		"postgres://user:hunter2@h/db",
		"mongodb://user:hunter2@h/db?w=x&authMechanism=nonsense",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		d, err := Open(ctx, uri, Options{})
		cancel()
		if err == nil {
			d.Close()
			t.Errorf("opened %s", uri)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestOrderOfOperations(t *testing.T) {
	make := func(kind docstore.OpKind, id string) docstore.Op {
		return docstore.Op{Kind: kind, Collection: "c", ID: id}
	}
	ids := func(ops []docstore.Op) (s string) {
		for _, op := range ops {
			s += op.ID
		}
		return s
	}
	for _, test := range []struct {
		name            string
		ops             []docstore.Op
		safe, contested string
	}{
		{"each document once", []docstore.Op{make(docstore.Delete, "a"), make(docstore.Replace, "b"), make(docstore.Ensure, "c"),
			make(docstore.Insert, "d"), make(docstore.Check, "e"), make(docstore.Replace, "f")}, "cdebfa", "abefdc"},
		{"a document touched twice", []docstore.Op{make(docstore.Delete, "a"), make(docstore.Insert, "a"), make(docstore.Insert, "b")}, "aab", "aab"},
	} {
		if got := ids(safeOrder(test.ops)); got != test.safe {
			t.Errorf("%s: safe %s, want %s", test.name, got, test.safe)
		}
		if got := ids(contestedFirst(test.ops)); got != test.contested {
			t.Errorf("%s: contested first %s, want %s", test.name, got, test.contested)
		}
	}
}

func TestAfterPrefix(t *testing.T) {
	for _, test := range []struct {
		prefix, end string
		bounded     bool
	}{
		{"a", "b", true},
		{"az", "a{", true},
		{"\ud7ff", "\ue000", true},
		{"x\U0010ffff", "y", true},
		{"\U0010ffff", "", false},
		{"", "", false},
	} {
		if end, bounded := afterPrefix(test.prefix); end != test.end || bounded != test.bounded {
			t.Errorf("%q: %q, %t; want %q, %t", test.prefix, end, bounded, test.end, test.bounded)
		}
	}
}
