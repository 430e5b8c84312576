// Package mongodoc keeps documents in MongoDB: the production database.
//
// Documents are stored as they are, one MongoDB collection for each of ours. A batch is one
// transaction with majority writes. Collections that begin with "_" are the driver's own:
//
//	_state    the cursor key
//	_batches  one marker for each batch, to settle commits whose outcome was lost; kept a day
//	_gone     tombstones of deleted documents, for the change feed; kept thirty days
package mongodoc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"github.com/muster-health/muster/internal/docstore"
)

// The driver's own collections.
const (
	stateCollection   = "_state"
	batchesCollection = "_batches"
	goneCollection    = "_gone"
)

// defaultDatabase is used when the URL names none.
const defaultDatabase = "muster"

// Options tune a driver; the zero value is right for a server.
type Options struct {
	Wall func() time.Time // real time, stamps deletions; nil = time.Now
	Log  *slog.Logger     // nil = slog.Default()
}

// Driver is a docstore.Driver over one MongoDB database. It is safe for concurrent use, and
// several processes may share the database.
type Driver struct {
	docstore.Finder

	client *mongo.Client
	db     *mongo.Database
	wall   func() time.Time
	log    *slog.Logger

	// loose is set when the server keeps no transactions and the URL allows that. Writes of
	// this process then take turns under looseTurn.
	loose     bool
	looseTurn sync.Mutex

	mu      sync.RWMutex
	indexes map[string][]docstore.Index
}

var _ docstore.Driver = (*Driver)(nil)

// Open connects to the database of a mongodb:// or mongodb+srv:// URL ("muster" if it names
// none). It proves that the server keeps transactions, and refuses one that does not unless
// the URL says musterAllowNoTransactions=true; then every start logs what is not guaranteed.
// It also refuses when the clocks of this host and the server are too far apart for the
// change feed.
func Open(ctx context.Context, uri string, opts Options) (*Driver, error) {
	uri, allow, err := takeOption(uri, "musterAllowNoTransactions")
	if err != nil {
		return nil, fmt.Errorf("open mongodb: %w", err)
	}
	parsed, err := connstring.ParseAndValidate(uri)
	if err != nil {
		// The driver's message may quote the URL, password included.
		return nil, errors.New("open mongodb: the URL is not a valid MongoDB URL")
	}
	name := parsed.Database
	if name == "" {
		name = defaultDatabase
	}
	client := options.Client().ApplyURI(uri).SetAppName("muster")
	if !parsed.ServerSelectionTimeoutSet {
		client.SetServerSelectionTimeout(10 * time.Second)
	}
	return open(ctx, client, name, allow, opts)
}

func open(ctx context.Context, settings *options.ClientOptions, database string, allow bool, opts Options) (*Driver, error) {
	// What the contract promises does not depend on the URL.
	settings.SetWriteConcern(writeconcern.Majority()).
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary())
	client, err := mongo.Connect(settings)
	if err != nil {
		return nil, fmt.Errorf("open mongodb: %w", err)
	}
	d := &Driver{
		client: client, db: client.Database(database),
		wall: opts.Wall, log: opts.Log,
		indexes: map[string][]docstore.Index{},
	}
	if d.wall == nil {
		d.wall = time.Now
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	if err := d.prepare(ctx, allow); err != nil {
		return nil, errors.Join(fmt.Errorf("open mongodb: %w", err), d.Close())
	}
	return d, nil
}

func (d *Driver) prepare(ctx context.Context, allow bool) error {
	if err := d.Ping(ctx); err != nil {
		return err
	}
	if err := d.loadCursorKey(ctx); err != nil {
		return fmt.Errorf("cursor key: %w", err)
	}
	why, err := d.proveTransactions(ctx)
	for attempt := 0; hasLabel(err, labelTransient) && pause(ctx, attempt) == nil && attempt < 10; attempt++ {
		why, err = d.proveTransactions(ctx)
	}
	if err != nil {
		return fmt.Errorf("look whether the server keeps transactions: %w", err)
	}
	if why == "" {
		return d.prepareOwn(ctx)
	}
	if !allow {
		return fmt.Errorf("the server does not keep transactions (%s); use a replica set, one member will do, or add "+
			"musterAllowNoTransactions=true to the URL, which is not for production: without transactions %s",
			why, strings.Join(withoutTransactions(), "; "))
	}
	d.loose = true
	d.log.Warn("the database keeps no transactions; not for production", "because", why, "then", withoutTransactions())
	return nil
}

// withoutTransactions is what such a server does not guarantee.
func withoutTransactions() []string {
	return []string{
		"a crash between a change, its audit entry and its messages leaves a part of them",
		"two processes on this database can lose each other's changes",
		"a check of another document may no longer hold when the change is stored",
	}
}

// takeOption removes a Muster option from the URL, which the MongoDB driver would not know.
// A URL may list several hosts, which net/url does not read.
func takeOption(uri, name string) (rest string, on bool, err error) {
	base, query, found := strings.Cut(uri, "?")
	if !found {
		return uri, false, nil
	}
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(key, name) {
			kept = append(kept, pair)
			continue
		}
		switch value {
		case "true":
			on = true
		case "false":
			on = false
		default:
			return "", false, fmt.Errorf("%s must be true or false", name)
		}
	}
	if len(kept) == 0 {
		return base, on, nil
	}
	return base + "?" + strings.Join(kept, "&"), on, nil
}

// loadCursorKey reads the key all processes share, and makes it the first time.
func (d *Driver) loadCursorKey(ctx context.Context) error {
	fresh := make([]byte, docstore.CursorKeySize)
	rand.Read(fresh)
	state := d.db.Collection(stateCollection)
	_, err := state.InsertOne(ctx, bson.D{{Key: "_id", Value: "cursor"}, {Key: "key", Value: fresh}})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return err
	}
	var stored struct {
		Key []byte `bson:"key"`
	}
	if err := state.FindOne(ctx, bson.D{{Key: "_id", Value: "cursor"}}).Decode(&stored); err != nil {
		return err
	}
	cursors, err := docstore.NewCursors(stored.Key)
	d.Finder = docstore.NewFinder(cursors, d.declared, d.pages)
	return err
}

// Get returns the stored document, or ErrNotFound.
func (d *Driver) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	for n := 0; ; n++ {
		raw, err := d.db.Collection(collection).FindOne(ctx, byID(id)).Raw()
		if errors.Is(err, mongo.ErrNoDocuments) {
			return nil, docstore.ErrNotFound
		}
		if n == readTries-1 || !lostConnection(err) || ctx.Err() != nil {
			return raw, err
		}
		time.Sleep(50 * time.Millisecond << n)
	}
}

// readTries is how often one document is asked for where connections are lost. The client asks twice;
// on a bad day other people's lost commits close the connection under both.
const readTries = 3

// lostConnection says whether an operation ended with its connection, or with all connections, which
// another operation's failure closes.
func lostConnection(err error) bool {
	var closed interface{ Retryable() bool }
	return mongo.IsNetworkError(err) || errors.As(err, &closed) && closed.Retryable()
}

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

// maxSkew is how far this clock and the server's may be apart. The change feed looks back
// overlap; the skew and the longest Write together stay below that.
const maxSkew = 10 * time.Second

// ErrSkew says that this host's clock and the server's are too far apart for the change feed.
var ErrSkew = errors.New("clocks differ")

// Ping answers whether the server can be reached and agrees about the time: ErrSkew.
func (d *Driver) Ping(ctx context.Context) error {
	skew, took, err := d.skew(ctx)
	if err != nil {
		return err
	}
	if skew.Abs() > maxSkew+took {
		return fmt.Errorf("%w: this host's clock and the database server's are %s apart, more than %s", ErrSkew, skew.Abs().Round(time.Second), maxSkew)
	}
	return nil
}

// Skew is how far the server's clock is ahead of this host's, to within the time of a round trip.
func (d *Driver) Skew(ctx context.Context) (time.Duration, error) {
	skew, _, err := d.skew(ctx)
	return skew, err
}

// Transactions says whether batches are whole: see Open.
func (d *Driver) Transactions() bool { return !d.loose }

func (d *Driver) skew(ctx context.Context) (ahead, took time.Duration, err error) {
	var hello struct {
		LocalTime time.Time `bson:"localTime"`
	}
	before := d.wall()
	if err := d.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return 0, 0, err
	}
	took = d.wall().Sub(before)
	if hello.LocalTime.IsZero() {
		return 0, took, nil // not told
	}
	return hello.LocalTime.Sub(before), took, nil
}

// Close ends all connections.
func (d *Driver) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return d.client.Disconnect(ctx)
}

// Database is the name of the database in use.
func (d *Driver) Database() string { return d.db.Name() }
