package e2e

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	_ "modernc.org/sqlite" // the file is opened beside Muster, to harm it
)

// intact fails the test unless the audit trail verifies.
func (h *house) intact() {
	h.t.Helper()
	out, code := h.run("audit", "verify")
	if code != 0 || !strings.Contains(out, "Intact.") {
		h.t.Errorf("audit verify: exit %d\n%s", code, out)
	}
}

// tampered changes one byte of an audited document, then of an audit entry, in the database file
// of a house that is stopped; each time verify names what was changed and fails.
func (h *house) tampered() {
	h.t.Helper()
	for _, collection := range []string{"subjects", "audit"} {
		id, undo := h.flip(collection)
		out, code := h.run("audit", "verify")
		if code == 0 || strings.Contains(out, "Intact.") {
			h.t.Errorf("a changed byte in %s %s is not noticed: exit %d\n%s", collection, id, code, out)
		}
		has(h.t, "the report on a changed byte", out, id)
		undo()
	}
	h.intact()
}

// flip changes the last letter of the longest text in some document of a collection.
func (h *house) flip(collection string) (id string, undo func()) {
	h.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "muster.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	var body []byte
	if err := db.QueryRow(`SELECT id, body FROM doc WHERE c = ? ORDER BY id LIMIT 1`, collection).Scan(&id, &body); err != nil {
		h.t.Fatalf("a document of %s: %v", collection, err)
	}
	changed := bytes.Clone(body)
	at := lastOfText(changed)
	if at < 0 {
		h.t.Fatalf("%s %s holds no text", collection, id)
	}
	changed[at] ^= 1
	put := func(b []byte) {
		db, err := sql.Open("sqlite", filepath.Join(h.dir, "muster.db"))
		if err == nil {
			defer db.Close()
			_, err = db.Exec(`UPDATE doc SET body = ? WHERE c = ? AND id = ?`, b, collection, id)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	put(changed)
	return id, func() { put(body) }
}

// lastOfText is where the last letter of the longest top-level string of a BSON document stands.
func lastOfText(doc []byte) int {
	best, length := -1, 0
	for at := 4; at+6 < len(doc); at++ {
		n := int(int32(binary.LittleEndian.Uint32(doc[at:])))
		if n < 2 || n > 4096 || at+4+n > len(doc) || doc[at+4+n-1] != 0 || bytes.IndexByte(doc[at+4:at+4+n-1], 0) >= 0 {
			continue
		}
		text := doc[at+4 : at+4+n-1]
		if n > length && !bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			best, length = at+4+n-2, n
		}
	}
	return best
}

// leaksNothing searches the log, the database and its write-ahead log for what is known of people.
func (h *house) leaksNothing(words []string) {
	h.t.Helper()
	places := map[string][]byte{"the log": []byte(h.log.String())}
	files, err := filepath.Glob(filepath.Join(h.dir, "muster.db*"))
	if err != nil || len(files) == 0 {
		h.t.Fatalf("no database in %s: %v", h.dir, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			h.t.Fatal(err)
		}
		places[filepath.Base(f)] = data
	}
	for name, data := range places {
		for _, w := range words {
			pattern := `(?i)` + regexp.QuoteMeta(w)
			if len(w) < 6 { // random ids hold short names
				pattern = `(?i)\b` + regexp.QuoteMeta(w) + `\b`
			}
			if at := regexp.MustCompile(pattern).FindIndex(data); at != nil {
				h.t.Errorf("%s holds %q: %q", name, w, data[max(0, at[0]-80):min(len(data), at[1]+40)])
			}
		}
	}
}

// leaksNoDigits searches for short secrets: in the log as words of their own, in the database as
// whole values.
func (h *house) leaksNoDigits(secrets []string) {
	h.t.Helper()
	db, err := os.ReadFile(filepath.Join(h.dir, "muster.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, s := range secrets {
		if at := regexp.MustCompile(`["=: ]` + s + `["\s,}]`).FindStringIndex(h.log.String()); at != nil {
			h.t.Errorf("the log holds %s: %q", s, h.log.String()[max(0, at[0]-120):at[1]])
		}
		value := binary.LittleEndian.AppendUint32(nil, uint32(len(s)+1))
		value = append(append(value, s...), 0)
		if bytes.Contains(db, value) {
			h.t.Errorf("the database holds the value %s", s)
		}
	}
}
