package txproxy_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/muster-health/muster/internal/docstore/docstoretest"
	"github.com/muster-health/muster/internal/mongotest/txproxy"
)

func connect(t *testing.T, uri string) *mongo.Database {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Disconnect(context.Background()) })
	return client.Database("rooms")
}

// begin starts a transaction.
func begin(t *testing.T, db *mongo.Database) (context.Context, *mongo.Session) {
	t.Helper()
	session, err := db.Client().StartSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.StartTransaction(); err != nil {
		t.Fatal(err)
	}
	return mongo.NewSessionContext(t.Context(), session), session
}

// contents is every document of a collection, by id.
func contents(t *testing.T, c *mongo.Collection) map[string]int32 {
	t.Helper()
	found, err := c.Find(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var docs []struct {
		ID string `bson:"_id"`
		N  int32  `bson:"n"`
	}
	if err := found.All(t.Context(), &docs); err != nil {
		t.Fatal(err)
	}
	out := map[string]int32{}
	for _, d := range docs {
		out[d.ID] = d.N
	}
	return out
}

func doc(id string, n int32) bson.D { return bson.D{{Key: "_id", Value: id}, {Key: "n", Value: n}} }

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

func add(n int32) bson.D { return bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: n}}}} }

func wantCode(t *testing.T, what string, err error, code int, label string) {
	t.Helper()
	var answer mongo.ServerError
	if !errors.As(err, &answer) || !answer.HasErrorCode(code) || label != "" && !answer.HasErrorLabel(label) {
		t.Errorf("%s: error %v, want code %d, label %q", what, err, code, label)
	}
}

// everyWrite does each kind of write once, on a, b and c with n = 1, 2, 3.
func everyWrite(t *testing.T, ctx context.Context, c *mongo.Collection) {
	t.Helper()
	upsert := options.UpdateOne().SetUpsert(true)
	_, err1 := c.InsertMany(ctx, []any{doc("d", 4), doc("e", 5)})
	_, err2 := c.UpdateMany(ctx, bson.D{{Key: "n", Value: bson.D{{Key: "$gte", Value: 2}}}}, add(10))
	_, err3 := c.ReplaceOne(ctx, byID("a"), bson.D{{Key: "n", Value: int32(100)}})
	_, err4 := c.UpdateOne(ctx, byID("f"), add(6), upsert)
	_, err5 := c.DeleteOne(ctx, byID("b"))
	err6 := c.FindOneAndUpdate(ctx, byID("c"), add(100)).Err()
	_, err7 := c.UpdateOne(ctx, byID("c"), add(1000)) // twice: the first image counts
	err8 := c.FindOneAndDelete(ctx, byID("d")).Err()
	_, err9 := c.DeleteMany(ctx, bson.D{{Key: "n", Value: int32(100)}})
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
		t.Fatal(err)
	}
}

func TestTransactions(t *testing.T) {
	server := docstoretest.StartFerretDB(t)
	fresh := func(t *testing.T, o txproxy.Options) (string, *mongo.Collection, *txproxy.Proxy) {
		uri, p := docstoretest.WithTransactions(t, server, o)
		c := connect(t, uri).Collection(rand.Text())
		if _, err := c.InsertMany(t.Context(), []any{doc("a", 1), doc("b", 2), doc("c", 3)}); err != nil {
			t.Fatal(err)
		}
		return uri, c, p
	}
	before := map[string]int32{"a": 1, "b": 2, "c": 3}
	after := map[string]int32{"c": 1113, "e": 15, "f": 6}
	same := func(t *testing.T, what string, want, got map[string]int32) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	t.Run("a commit keeps everything", func(t *testing.T) {
		_, c, _ := fresh(t, txproxy.Options{})
		tx, session := begin(t, c.Database())
		everyWrite(t, tx, c)
		if err := session.CommitTransaction(tx); err != nil {
			t.Fatal(err)
		}
		same(t, "after the commit", after, contents(t, c))
	})
	t.Run("an abort leaves nothing, and others wait for it", func(t *testing.T) {
		uri, c, _ := fresh(t, txproxy.Options{})
		tx, session := begin(t, c.Database())
		everyWrite(t, tx, c)
		seen := make(chan map[string]int32)
		go func() { seen <- contents(t, connect(t, uri).Collection(c.Name())) }()
		select {
		case <-seen:
			t.Error("another client read while the transaction was open")
		case <-time.After(100 * time.Millisecond):
		}
		if err := session.AbortTransaction(tx); err != nil {
			t.Fatal(err)
		}
		same(t, "what the other reads", before, <-seen)
		same(t, "after the abort", before, contents(t, c))
	})
	t.Run("of two that change one document the second fails", func(t *testing.T) {
		_, c, _ := fresh(t, txproxy.Options{})
		first, one := begin(t, c.Database())
		second, two := begin(t, c.Database())
		third, three := begin(t, c.Database())
		for _, tx := range []context.Context{first, second, third} { // the snapshots
			if err := c.FindOne(tx, byID("c")).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.UpdateOne(first, byID("a"), add(1)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.UpdateOne(third, byID("b"), add(1)); err != nil { // another document
			t.Fatal(err)
		}
		_, err := c.UpdateOne(second, byID("a"), add(1))
		wantCode(t, "while the first is open", err, 112, "TransientTransactionError")
		wantCode(t, "its commit", two.CommitTransaction(second), 251, "TransientTransactionError")
		if err := one.CommitTransaction(first); err != nil {
			t.Fatal(err)
		}
		_, err = c.DeleteOne(third, byID("a"))
		wantCode(t, "after the first was committed", err, 112, "TransientTransactionError")
		three.EndSession(t.Context())
		same(t, "afterwards", map[string]int32{"a": 2, "b": 2, "c": 3}, contents(t, c))
	})
	t.Run("nothing that is under way is seen by id", func(t *testing.T) {
		uri, c, _ := fresh(t, txproxy.Options{})
		other := connect(t, uri).Collection(c.Name())
		tx, session := begin(t, c.Database())
		overlapping, late := begin(t, c.Database())
		if err := c.FindOne(overlapping, byID("c")).Err(); err != nil {
			t.Fatal(err)
		}
		_, err1 := c.UpdateOne(tx, byID("a"), add(1))
		_, err2 := c.DeleteOne(tx, byID("b"))
		_, err3 := c.InsertOne(tx, doc("z", 26))
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		for _, ctx := range []context.Context{t.Context(), overlapping} {
			from := other
			if ctx == overlapping {
				from = c
			}
			for id, want := range map[string]int32{"a": 1, "b": 2, "z": 0} {
				var got struct {
					N int32 `bson:"n"`
				}
				if err := from.FindOne(ctx, byID(id)).Decode(&got); want == 0 && !errors.Is(err, mongo.ErrNoDocuments) || got.N != want {
					t.Errorf("%s: %d, %v; want %d", id, got.N, err, want)
				}
			}
		}
		if err := session.CommitTransaction(tx); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "what has changed since", c.FindOne(overlapping, byID("a")).Err(), 246, "TransientTransactionError")
		late.EndSession(t.Context())
		same(t, "afterwards", map[string]int32{"a": 2, "c": 3, "z": 26}, contents(t, c))
	})
	t.Run("a failed statement ends it", func(t *testing.T) {
		_, c, p := fresh(t, txproxy.Options{})
		tx, session := begin(t, c.Database())
		everyWrite(t, tx, c)
		if _, err := c.InsertOne(tx, doc("a", 9)); err != nil { // free again, since deleted
			t.Fatal(err)
		}
		_, err := c.InsertOne(tx, doc("a", 9))
		wantCode(t, "insert of an id twice", err, 11000, "")
		_, err = c.InsertOne(tx, doc("z", 9))
		wantCode(t, "what follows", err, 251, "TransientTransactionError")
		wantCode(t, "the commit", session.CommitTransaction(tx), 251, "TransientTransactionError")
		same(t, "afterwards", before, contents(t, c))
		if s := p.Stats(); s.Committed != 0 || s.RolledBack != 1 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("a client that vanishes", func(t *testing.T) {
		uri, c, _ := fresh(t, txproxy.Options{})
		other := connect(t, uri)
		tx, _ := begin(t, other)
		everyWrite(t, tx, other.Collection(c.Name()))
		if err := other.Client().Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		same(t, "afterwards", before, contents(t, c)) // waits
	})
	t.Run("one that stays open too long", func(t *testing.T) {
		_, c, _ := fresh(t, txproxy.Options{Lifetime: 200 * time.Millisecond})
		tx, session := begin(t, c.Database())
		if _, err := c.DeleteOne(tx, byID("a")); err != nil {
			t.Fatal(err)
		}
		same(t, "afterwards", before, contents(t, c)) // waits
		wantCode(t, "the commit", session.CommitTransaction(tx), 251, "TransientTransactionError")
	})
	t.Run("what no transaction may do", func(t *testing.T) {
		_, c, _ := fresh(t, txproxy.Options{})
		tx, _ := begin(t, c.Database())
		if _, err := c.DeleteOne(tx, byID("a")); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "drop", c.Drop(tx), 263, "")
		same(t, "afterwards", before, contents(t, c))
	})
	t.Run("a write that is sent again happens once", func(t *testing.T) {
		_, c, _ := fresh(t, txproxy.Options{})
		id := bson.Binary{Subtype: 4, Data: []byte(rand.Text())[:16]}
		send := func(number int64) (matched int32) {
			answer, err := c.Database().RunCommand(t.Context(), bson.D{
				{Key: "update", Value: c.Name()},
				{Key: "updates", Value: bson.A{bson.D{{Key: "q", Value: byID("a")}, {Key: "u", Value: add(1)}}}},
				{Key: "lsid", Value: bson.D{{Key: "id", Value: id}}}, {Key: "txnNumber", Value: number},
			}).Raw()
			if err != nil {
				t.Fatal(err)
			}
			return answer.Lookup("n").Int32()
		}
		if a, b, c := send(1), send(1), send(2); a != 1 || b != 1 || c != 1 {
			t.Errorf("answers %d, %d, %d, want 1 each", a, b, c)
		}
		same(t, "afterwards", map[string]int32{"a": 3, "b": 2, "c": 3}, contents(t, c))
	})
	t.Run("ignored", func(t *testing.T) {
		_, c, _ := fresh(t, txproxy.Options{Mode: txproxy.Ignore})
		tx, session := begin(t, c.Database())
		everyWrite(t, tx, c)
		if err := session.AbortTransaction(tx); err != nil {
			t.Fatal(err)
		}
		same(t, "after the abort", after, contents(t, c))
	})
	t.Run("refused", func(t *testing.T) {
		_, c, _ := fresh(t, txproxy.Options{Mode: txproxy.Refuse})
		tx, _ := begin(t, c.Database())
		_, err := c.InsertOne(tx, doc("z", 9))
		wantCode(t, "insert", err, 20, "")
		same(t, "afterwards", before, contents(t, c))
	})
}
