package seal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/docstore/sqlitedoc"
	"github.com/muster-health/muster/internal/seal"
)

type point struct {
	Kind  string `bson:"kind"`
	Value string `bson:"value"`
}

type person struct {
	docstore.Meta `bson:",inline"`
	Given         string            `bson:"given,omitempty"`
	Year          int               `bson:"year"`
	Born          time.Time         `bson:"born,omitempty"`
	Photo         []byte            `bson:"photo,omitempty"`
	Points        []point           `bson:"points,omitempty"`
	Needs         map[string]string `bson:"needs,omitempty"`
	Address       *address          `bson:"address,omitempty"`
}

type address struct {
	Street string `bson:"street"`
	ZIP3   string `bson:"zip3"`
}

type people = docstore.Collection[person, *person]

type world struct {
	path   string
	store  *docstore.Store
	ring   *seal.Ring
	keys   *seal.Keys
	people *people
}

func spec(keys *seal.Keys) docstore.Spec {
	return docstore.Spec{Name: "people", Version: 1,
		Codec: keys.Fields("people", seal.ByField("_id"), "given", "born", "photo", "points[].value", "needs", "address.street")}
}

func openStore(t *testing.T, path string) *docstore.Store {
	t.Helper()
	d, err := sqlitedoc.Open(t.Context(), path, sqlitedoc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return docstore.New(d, time.Now)
}

func newWorld(t *testing.T) world {
	t.Helper()
	dir := t.TempDir()
	w := world{path: filepath.Join(dir, "muster.db")}
	w.store = openStore(t, w.path)
	var err error
	if w.ring, err = seal.Open(filepath.Join(dir, "keys", "ring.json"), true); err != nil {
		t.Fatal(err)
	}
	if err := w.ring.Bind(t.Context(), w.store); err != nil {
		t.Fatal(err)
	}
	w.keys, w.people = w.open(t)
	return w
}

// open is what a second process does: the same database and ring, nothing in memory.
func (w world) open(t *testing.T) (*seal.Keys, *people) {
	t.Helper()
	keys, err := seal.OpenKeys(t.Context(), w.store, w.ring)
	if err != nil {
		t.Fatal(err)
	}
	c, err := docstore.Open[person](t.Context(), w.store, spec(keys))
	if err != nil {
		t.Fatal(err)
	}
	return keys, c
}

func (w world) insert(t *testing.T, p person) person {
	t.Helper()
	b := w.store.Batch()
	w.people.Insert(b, &p)
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return p
}

func (w world) stored(t *testing.T, id string) bson.Raw {
	t.Helper()
	raw, err := w.store.Driver().Get(t.Context(), "people", id)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func keisha() person {
	return person{
		Meta: docstore.Meta{ID: "per_1"}, Given: "Keisha Quillfeather", Year: 1961,
		Born: time.Date(1961, 4, 5, 0, 0, 0, 0, time.UTC), Photo: []byte("photo of Keisha"),
		Points:  []point{{"mobile", "+12155550123"}, {"email", "keisha@example.test"}},
		Needs:   map[string]string{"interpreter": "Quechua"},
		Address: &address{"12 Marmalade Row", "191"},
	}
}

var ignoreChanged = cmpopts.IgnoreFields(docstore.Meta{}, "Changed")

func TestSealedFieldsRoundTrip(t *testing.T) {
	w := newWorld(t)
	want := w.insert(t, keisha())
	_, again := w.open(t)
	for name, c := range map[string]*people{"same process": w.people, "fresh process": again} {
		got, err := c.Get(t.Context(), "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, ignoreChanged); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := w.stored(t, "per_1").Lookup("address", "zip3").StringValue(); got != "191" {
		t.Errorf("an undeclared field is stored as %q, want it in clear", got)
	}
}

// The database, its WAL and everything beside it hold none of what was declared secret.
func TestSealedFieldsNeverReachTheFile(t *testing.T) {
	w := newWorld(t)
	w.insert(t, keisha())
	_, err := w.people.Update(t.Context(), "per_1", func(p *person, _ *docstore.Batch) error {
		p.Given = "Keisha Thistlewood"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"Quillfeather", "Thistlewood", "5550123", "keisha@", "photo of", "Quechua", "interpreter", "Marmalade"}
	files, err := os.ReadDir(filepath.Dir(w.path))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(filepath.Dir(w.path), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		seen += bytes.Count(data, []byte("per_1"))
		for _, s := range secrets {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s contains %q", f.Name(), s)
			}
		}
	}
	if seen == 0 {
		t.Error("the files do not even hold the person's id: the search looked in the wrong place")
	}
}

func TestUnchangedValuesKeepTheirCiphertext(t *testing.T) {
	w := newWorld(t)
	w.insert(t, keisha())
	before := w.stored(t, "per_1")
	_, err := w.people.Update(t.Context(), "per_1", func(p *person, _ *docstore.Batch) error {
		p.Points = []point{p.Points[1], {"mobile", "+12155550199"}} // one moved, one new
		p.Year = 1962
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	after := w.stored(t, "per_1")
	for _, tc := range []struct {
		name     string
		from, to []string
		same     bool
	}{
		{"unchanged name", []string{"given"}, []string{"given"}, true},
		{"unchanged map", []string{"needs"}, []string{"needs"}, true},
		{"nested field", []string{"address", "street"}, []string{"address", "street"}, true},
		{"element that moved", []string{"points", "1", "value"}, []string{"points", "0", "value"}, true},
		{"new element", []string{"points", "0", "value"}, []string{"points", "1", "value"}, false},
	} {
		if got := before.Lookup(tc.from...).Equal(after.Lookup(tc.to...)); got != tc.same {
			t.Errorf("%s: same ciphertext %v, want %v", tc.name, got, tc.same)
		}
	}
}

func TestShreddedPersonReadsAsErased(t *testing.T) {
	w := newWorld(t)
	w.insert(t, keisha())
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return w.keys.Shred(t.Context(), b, "per_1") }); err != nil {
		t.Fatal(err)
	}
	want := person{Meta: docstore.Meta{ID: "per_1", Rev: 1}, Given: seal.Erased, Year: 1961,
		Points: []point{{"mobile", seal.Erased}, {"email", seal.Erased}}, Address: &address{seal.Erased, "191"}}
	_, fresh := w.open(t)
	for name, c := range map[string]*people{"same process": w.people, "fresh process": fresh} {
		got, err := c.Get(t.Context(), "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, ignoreChanged); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	if _, err := w.people.Update(t.Context(), "per_1", func(p *person, _ *docstore.Batch) error { p.Year = 0; return nil }); err != nil {
		t.Errorf("changing what is in clear: %v", err)
	}
	_, err := w.people.Update(t.Context(), "per_1", func(p *person, _ *docstore.Batch) error { p.Given = "Back"; return nil })
	if !errors.Is(err, seal.ErrErased) {
		t.Errorf("a new name for an erased person: %v, want ErrErased", err)
	}
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return w.keys.Shred(t.Context(), b, "per_1") }); err != nil {
		t.Errorf("shredding twice: %v", err)
	}
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return w.keys.Shred(t.Context(), b, "per_none") }); err != nil {
		t.Errorf("shredding somebody without a key: %v", err)
	}
}

func TestAnErasureElsewhereTakesEffectAfterForget(t *testing.T) {
	w := newWorld(t)
	w.insert(t, keisha())
	other, _ := w.open(t)
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return other.Shred(t.Context(), b, "per_1") }); err != nil {
		t.Fatal(err)
	}
	w.keys.Forget("per_1")
	got, err := w.people.Get(t.Context(), "per_1")
	if err != nil || got.Given != seal.Erased {
		t.Errorf("given %q, %v; want it erased", got.Given, err)
	}
}

// A key whose commit failed must not seal anything later: nobody could ever open it.
func TestKeyOfAFailedCommitIsForgotten(t *testing.T) {
	w := newWorld(t)
	p, q := keisha(), keisha()
	b := w.store.Batch()
	w.people.Insert(b, &p)
	w.people.Check(b, "per_other", 7) // fails
	if err := w.store.Commit(t.Context(), b); !errors.Is(err, docstore.ErrConflict) {
		t.Fatalf("commit: %v, want a conflict", err)
	}
	w.insert(t, q)
	_, fresh := w.open(t)
	got, err := fresh.Get(t.Context(), "per_1")
	if err != nil || got.Given != "Keisha Quillfeather" {
		t.Errorf("given %q, %v", got.Given, err)
	}
}

func TestCreateMakesOneKeyPerBatch(t *testing.T) {
	w := newWorld(t)
	b := w.store.Batch()
	w.keys.Create(b, "per_1")
	w.keys.Create(b, "per_1")
	p := keisha()
	w.people.Insert(b, &p)
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	fresh, people := w.open(t)
	if err := fresh.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := people.Get(t.Context(), "per_1"); err != nil || got.Given != p.Given {
		t.Errorf("given %q, %v", got.Given, err)
	}
}

// Eight first documents of one person at once: one key is made, and it opens all of them.
func TestFirstDocumentsAtOnce(t *testing.T) {
	w := newWorld(t)
	type text struct {
		docstore.Meta `bson:",inline"`
		Person        string `bson:"person"`
		Body          string `bson:"body"`
	}
	texts, err := docstore.Open[text](t.Context(), w.store, docstore.Spec{Name: "texts", Version: 1, Codec: w.keys.Fields("texts", seal.ByField("person"), "body")})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := w.store.Do(t.Context(), func(b *docstore.Batch) error {
				texts.Insert(b, &text{Meta: docstore.Meta{ID: fmt.Sprint("msg_", i)}, Person: "per_1", Body: "hello"})
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.keys.Forget("per_1")
	all, err := texts.List(t.Context(), docstore.Query{})
	if err != nil || len(all) != 8 {
		t.Fatalf("%d texts, %v", len(all), err)
	}
	for _, v := range all {
		if v.Body != "hello" {
			t.Errorf("%s reads %q", v.ID, v.Body)
		}
	}
}

func TestCiphertextOpensOnlyInItsPlace(t *testing.T) {
	w := newWorld(t)
	w.insert(t, keisha())
	other := keisha()
	other.ID = "per_2"
	w.insert(t, other)
	mine, theirs := w.stored(t, "per_1"), w.stored(t, "per_2")
	given, street := mine.Lookup("given"), mine.Lookup("address", "street")
	flipped := bson.RawValue{Type: given.Type, Value: bytes.Clone(given.Value)}
	flipped.Value[len(flipped.Value)-1] ^= 1
	retyped := bson.RawValue{Type: given.Type, Value: bytes.Clone(given.Value)}
	retyped.Value[5] = byte(bson.TypeBinary)
	for _, tc := range []struct {
		name string
		put  bson.RawValue
	}{
		{"another path", street},
		{"another person", theirs.Lookup("given")},
		{"a byte changed", flipped},
		{"another type", retyped},
		{"too short", bson.RawValue{Type: bson.TypeBinary, Value: []byte{1, 0, 0, 0, 0x80, 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			raw, err := bson.Marshal(bson.D{{Key: "_id", Value: "per_1"}, {Key: "rev", Value: int64(1)}, {Key: "given", Value: tc.put}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.people.Decode(t.Context(), raw); !errors.Is(err, seal.ErrBroken) {
				t.Errorf("opened with %v, want ErrBroken", err)
			}
		})
	}
}

func TestNoOwnerIsSealedByTheRing(t *testing.T) {
	w := newWorld(t)
	type text struct {
		docstore.Meta `bson:",inline"`
		Person        string `bson:"person,omitempty"`
		Body          string `bson:"body"`
	}
	texts, err := docstore.Open[text](t.Context(), w.store, docstore.Spec{Name: "texts", Version: 1, Codec: w.keys.Fields("texts", seal.ByField("person"), "body")})
	if err != nil {
		t.Fatal(err)
	}
	b := w.store.Batch()
	texts.Insert(b, &text{Meta: docstore.Meta{ID: "msg_1"}, Body: "who is this"})
	if err := w.store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	// Placed: from now on it is sealed with the person's key, and goes with it.
	if _, err := texts.Update(t.Context(), "msg_1", func(v *text, _ *docstore.Batch) error { v.Person = "per_1"; return nil }); err != nil {
		t.Fatal(err)
	}
	if got, err := texts.Get(t.Context(), "msg_1"); err != nil || got.Body != "who is this" {
		t.Fatalf("body %q, %v", got.Body, err)
	}
	if err := w.store.Do(t.Context(), func(b *docstore.Batch) error { return w.keys.Shred(t.Context(), b, "per_1") }); err != nil {
		t.Fatal(err)
	}
	if got, err := texts.Get(t.Context(), "msg_1"); err != nil || got.Body != seal.Erased {
		t.Errorf("body %q, %v; want it erased with its person", got.Body, err)
	}
}

func TestAPathThatDoesNotFitIsRefused(t *testing.T) {
	w := newWorld(t)
	c, err := docstore.Open[person](t.Context(), w.store, docstore.Spec{Name: "wrong", Version: 1, Codec: w.keys.Fields("wrong", seal.ByField("_id"), "points.value")})
	if err != nil {
		t.Fatal(err)
	}
	p := keisha()
	b := w.store.Batch()
	c.Insert(b, &p)
	if err := w.store.Commit(t.Context(), b); !errors.Is(err, docstore.ErrInvalid) {
		t.Errorf("commit: %v, want ErrInvalid", err)
	} else if strings.Contains(err.Error(), "5550123") {
		t.Errorf("the error gives the secret away: %v", err)
	}
}

func TestReveal(t *testing.T) {
	w := newWorld(t)
	w.insert(t, keisha())
	doc := w.stored(t, "per_1")
	for _, tc := range []struct{ path, want string }{
		{"given", `"Keisha Quillfeather"`},
		{"points[1].value", `"keisha@example.test"`},
		{"points[0]", `{"kind": "mobile","value": "+12155550123"}`},
		{"address", `{"street": "12 Marmalade Row","zip3": "191"}`},
	} {
		at := strings.FieldsFunc(tc.path, func(r rune) bool { return strings.ContainsRune(".[]", r) })
		got, err := w.keys.Reveal(t.Context(), "per_1", "people", "per_1", tc.path, doc.Lookup(at...))
		if err != nil || got.String() != tc.want {
			t.Errorf("%s: %s, %v; want %s", tc.path, got, err, tc.want)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	ring, err := seal.Open(filepath.Join(b.TempDir(), "ring"), true)
	if err != nil {
		b.Fatal(err)
	}
	d, err := sqlitedoc.Open(b.Context(), sqlitedoc.Memory, sqlitedoc.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	store := docstore.New(d, time.Now)
	keys, err := seal.OpenKeys(b.Context(), store, ring)
	if err != nil {
		b.Fatal(err)
	}
	c, err := docstore.Open[person](b.Context(), store, spec(keys))
	if err != nil {
		b.Fatal(err)
	}
	p := keisha()
	batch := store.Batch()
	c.Insert(batch, &p)
	if err := store.Commit(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	raw, err := d.Get(b.Context(), "people", "per_1")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.Decode(context.Background(), raw); err != nil {
			b.Fatal(err)
		}
	}
}
