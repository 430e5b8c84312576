package docscheck

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/auth/session"
	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/portal/web"
	"github.com/muster-health/muster/trial"
)

// stored says which type of which package the documents of a collection are.
var stored = map[string][2]string{
	"alerts":          {"trial", "Alert"},
	"audit":           {"internal/audit", "Entry"},
	"bounces":         {"contacts", "bounced"},
	"calls":           {"ivr", "call"},
	"carrierLogs":     {"ivr", "logMark"},
	"carrier_words":   {"trial", "carrierWord"},
	"challenges":      {"contacts", "challenge"},
	"charts":          {"contacts", "Chart"},
	"checkpoints":     {"internal/audit", "checkpoint"},
	"codeRates":       {"contacts", "codeRate"},
	"criteria":        {"trial", "CriteriaVersion"},
	"erasures":        {"contacts", "erasure"},
	"forms":           {"portal/web", "claim"},
	"keys":            {"internal/seal", "dataKey"},
	"matchProgress":   {"matching", "progress"},
	"matchStudies":    {"matching", "compared"},
	"matches":         {"matching", "Standing"},
	"meta":            {"internal/seal", "binding"},
	"narrations":      {"trial", "Narration"},
	"narrationSounds": {"trial", "narrationSound"},
	"outbox":          {"internal/outbox", "Message"},
	"outbox_sids":     {"internal/outbox", "sid"},
	"outbox_halts":    {"internal/outbox", "Halt"},
	"people":          {"contacts", "Person"},
	"plans":           {"ivr", "plan"},
	"prompts":         {"ivr", "Prompt"},
	"questionnaires":  {"trial", "QuestionnaireVersion"},
	"recordings":      {"trial", "Recording"},
	"texts":           {"trial", "TextApproval"},
	"repeats":         {"contacts", "repeat"},
	"replays":         {"ivr", "replay"},
	"responses":       {"trial", "Response"},
	"reviews":         {"contacts", "Review"},
	"rotas":           {"trial", "rota"},
	"schema":          {"internal/docstore", "SchemaVersion"},
	"sessions":        {"internal/auth/session", "record"},
	"shifts":          {"trial", "Shift"},
	"signups":         {"contacts", "signupClaim"},
	"sounds":          {"trial", "soundPart"},
	"staff":           {"internal/auth/staff", "Member"},
	"staffLinks":      {"internal/auth/staff", "link"},
	"studies":         {"trial", "Study"},
	"subjects":        {"trial", "Subject"},
	"suppressed":      {"contacts", "suppression"},
	"tasks":           {"trial", "Task"},
	"touches":         {"contacts", "Touch"},
	"visits":          {"trial", "Visit"},
}

// views are further types that collections are read as, and the one collection of the demo alone.
var views = []string{"internal/outbox.row", "internal/seed.filled"}

// everything opens every collection the program has and returns them as declared.
func everything(t *testing.T) (*rig.Rig, map[string]docstore.Spec) {
	t.Helper()
	r := rig.New(t, rig.Options{})
	if err := r.Ring.Bind(t.Context(), r.Store); err != nil {
		t.Fatal(err)
	}
	if _, err := staff.Open(t.Context(), r.Store, r.Audit, r.Clock); err != nil {
		t.Fatal(err)
	}
	if _, err := session.New(t.Context(), r.Store, r.Ring, r.Clock.Wall, session.Options{Name: "staff"}); err != nil {
		t.Fatal(err)
	}
	if _, err := web.OpenOnce(t.Context(), r.Store, r.Clock.Wall); err != nil {
		t.Fatal(err)
	}
	if _, err := matching.OpenMatches(t.Context(), r.Store, r.People, r.NewID, r.Clock, matching.Options{}); err != nil {
		t.Fatal(err)
	}
	return r, r.Store.Specs()
}

// Every type that is opened anywhere in the program is one of stored, so that none is forgotten here.
func TestEveryCollectionIsKnown(t *testing.T) {
	known := map[string]bool{}
	for _, v := range views {
		known[v] = true
	}
	for _, v := range stored {
		known[v[0]+"."+v[1]] = true
	}
	seen := 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && slices.Contains([]string{".git", "out", "node_modules", "mongotest", "docstoretest", "bench"}, d.Name()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return err
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			ix, ok := n.(*ast.IndexExpr)
			if !ok {
				return true
			}
			sel, ok := ix.X.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Open" {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "docstore" {
				return true
			}
			seen++
			typ, ok := ix.Index.(*ast.Ident)
			if !ok || !known[filepath.ToSlash(dir)+"."+typ.Name] {
				t.Errorf("%s opens a collection that docscheck does not know: add it to stored and to docs/data.md", name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < len(stored) {
		t.Errorf("%d places open a collection, fewer than the %d collections", seen, len(stored))
	}
}

// docs/data.md lists every collection with its version, indexes and fields, which of them are
// sealed, and whether changes are audited. What is sealed is tried: a document with words at
// every place goes through the collection's codec.
func TestData(t *testing.T) {
	r, specs := everything(t)
	audited := auditedNames(t, r, specs)
	src := &source{t, map[string]*pkg{}}
	want := map[string]string{}
	for name, spec := range specs {
		where, ok := stored[name]
		if !ok {
			t.Errorf("collection %s is not known to docscheck", name)
			continue
		}
		all := src.fields(where[0], where[1])
		sealed := ciphertexts(t, r, spec, all)
		if name == "outbox" {
			sealed = sealedInOutbox(t, r)
		}
		want[name] = describe(spec, audited[name], all, sealed)
	}
	for name := range stored {
		if _, ok := specs[name]; !ok {
			t.Errorf("collection %s is known to docscheck and not opened", name)
		}
	}
	read(t, "docs/data.md").keep(t, want)
}

func describe(spec docstore.Spec, audited bool, all []field, sealed map[string]bool) string {
	var b strings.Builder
	state := "not audited"
	if audited {
		state = "audited"
	}
	fmt.Fprintf(&b, "Version %d, %s.", spec.Version, state)
	indexes := slices.Clone(spec.Indexes)
	sort.Slice(indexes, func(i, j int) bool { return indexes[i].Name < indexes[j].Name })
	for i, ix := range indexes {
		if i == 0 {
			b.WriteString(" Indexes:")
		} else {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %s (`%s`)", ix.Name, strings.Join(ix.Fields, "`, `"))
	}
	if len(indexes) > 0 {
		b.WriteString(".")
	}
	b.WriteString("\n\n| field | type | | |\n|---|---|---|---|\n")
	for _, f := range all {
		s, comment := "", f.comment
		if sealed[f.path] {
			s, comment = "**sealed**", strings.TrimLeft(strings.TrimPrefix(comment, "sealed"), ";:, ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.path, cell(f.typ), s, cell(comment))
	}
	return b.String()
}

// auditedNames finds out which collections the guard asks an audit entry for.
func auditedNames(t *testing.T, r *rig.Rig, specs map[string]docstore.Spec) map[string]bool {
	t.Helper()
	guard := audit.Guard(slices.Concat(contacts.Unaudited(), matching.Unaudited(), trial.Unaudited(), ivr.Unaudited())...)
	out := map[string]bool{}
	for name := range specs {
		if name == audit.Collection {
			continue // it is the trail
		}
		b := r.Store.Batch()
		b.AddRaw(docstore.Op{Kind: docstore.Insert, Collection: name, ID: "x"})
		out[name] = guard(t.Context(), b) != nil
	}
	return out
}

// ciphertexts returns the places of a document that do not come out of the codec as they went in.
func ciphertexts(t *testing.T, r *rig.Rig, spec docstore.Spec, all []field) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	if spec.Codec == nil {
		return out
	}
	full := bson.M{"_id": "x"}
	for _, f := range all {
		if f.leaf {
			put(full, strings.Split(f.path, "."))
		}
	}
	if fact, ok := innermost(full["facts"]).(bson.M); ok {
		fact["scope"] = contacts.Registry // those of one study are sealed as a whole
	}
	plain, err := bson.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	coded, err := spec.Codec.Encode(t.Context(), r.Store.Batch(), plain, nil)
	if err != nil {
		t.Fatalf("%s: %v", spec.Name, err)
	}
	find(coded, "", out)
	return out
}

// sealedInOutbox tries it with a message: the outbox opens its collection twice, first without a
// codec, and the store remembers the first.
func sealedInOutbox(t *testing.T, r *rig.Rig) map[string]bool {
	t.Helper()
	b := r.Store.Batch()
	r.Box.Put(b, outbox.Message{Meta: docstore.Meta{ID: "x"}, Kind: outbox.SMS, Person: "per_x", To: "word", Point: "word", Purpose: "word", Study: "word",
		Visit: "word", Ref: "word", Template: "word", Version: "word", Lang: "word", Body: "word", Vars: map[string]string{"word": "word"}, Touch: "word", ReplyTo: "word"})
	if err := r.Store.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	raw, err := r.Store.Driver().Get(t.Context(), "outbox", "x")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	find(raw, "", out)
	return out
}

// put sets the place to a word, with arrays of one element on the way.
func put(doc bson.M, path []string) {
	name, deep := path[0], strings.Count(path[0], "[]")
	name = strings.TrimRight(name, "[]")
	var v any = "word"
	if len(path) > 1 {
		inner, ok := innermost(doc[name]).(bson.M)
		if !ok {
			inner = bson.M{}
		}
		put(inner, path[1:])
		v = inner
	}
	for range deep {
		v = bson.A{v}
	}
	doc[name] = v
}

func innermost(v any) any {
	for {
		a, ok := v.(bson.A)
		if !ok || len(a) == 0 {
			return v
		}
		v = a[0]
	}
}

func find(doc bson.Raw, prefix string, out map[string]bool) {
	elements, err := doc.Elements()
	if err != nil {
		return
	}
	for _, e := range elements {
		findIn(e.Value(), prefix+e.Key(), out)
	}
}

func findIn(v bson.RawValue, at string, out map[string]bool) {
	switch v.Type {
	case bson.TypeBinary:
		out[at] = true
	case bson.TypeEmbeddedDocument:
		find(v.Document(), at+".", out)
	case bson.TypeArray:
		values, err := v.Array().Values()
		if err == nil && len(values) > 0 {
			findIn(values[0], at+"[]", out)
		}
	}
}
