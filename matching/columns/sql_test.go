package columns_test

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/columns"
	"github.com/muster-health/muster/matching/eval"
)

//go:embed testdata/oracle.sql
var oracleSQL string

// What happens to what was found about a criterion, x being a row of it.
const judgedSQL = `coalesce(
	(SELECT o.met FROM override o WHERE o.person = x.person AND o.study = x.own AND o.criterion = x.id AND x.id <> '' ORDER BY o.n DESC LIMIT 1),
	nullif(CASE
		WHEN x.applies <> '' AND x.known_sex NOT IN ('', x.applies) THEN 1
		WHEN x.applies <> '' AND x.known_sex = '' AND x.kind <> 'pregnancy' THEN max(x.t * (1 - 2 * x.exclude), 0)
		ELSE x.t * (1 - 2 * x.exclude) END, 0),
	CASE x.missing WHEN 'fail' THEN -1 WHEN 'pass' THEN 1 ELSE 0 END)`

const combinedSQL = `CASE r.kind
	WHEN 'any' THEN coalesce(max(m.t), -1)
	WHEN 'all' THEN coalesce(min(m.t), 1)
	ELSE CASE WHEN count(*) FILTER (WHERE m.t = 1) >= r.need THEN 1 WHEN count(*) FILTER (WHERE m.t >= 0) < r.need THEN -1 ELSE 0 END END`

const tablesSQL = `
CREATE TABLE study (id, asof);
CREATE TABLE criterion (n, parent, item, depth, id, kind, exclude, missing, applies, lo REAL, hi REAL, above, below, unit, descendants,
	within_months, within_days, ago_months, ago_days, ever, active, pick, site, need);
CREATE TABLE criterion_code (criterion, code);
CREATE TABLE criterion_in (criterion, word);
CREATE TABLE person (id, waiver, settled);
CREATE TABLE own (person, study, birth, sex, gender, language, interpreter, dead, died, mobile, phone, web,
	conditions, medications, allergies, procedures, trials, asked, visit, says_when);
CREATE TABLE available (person, study, slot);
CREATE TABLE fact (person, study, n, kind, code, number REAL, comparator, unit, text, yes, valuecode, date, noted, back_months, back_days, over, status, recorded);
CREATE TABLE stretch (person, study, trial, since, until);
CREATE TABLE busy (person, trial, since, until);
CREATE TABLE override (person, study, n, criterion, met);
CREATE TABLE distance (person, site, metres);
CREATE TABLE conversion (code, was, wanted, factor REAL, shift REAL, digits);
INSERT INTO conversion VALUES
	('loinc|4548-4', 'mmol/mol', '%', 1 / 10.929, 2.15, 1), ('loinc|4548-4', '%', 'mmol/mol', 10.929, -2.15 * 10.929, 0),
	('loinc|29463-7', 'g', 'kg', 0.001, 0, 9), ('loinc|29463-7', 'kg', 'g', 1000, 0, 9);
CREATE TABLE smoking_word (said, means);
INSERT INTO smoking_word VALUES ('current', 'current'), ('former', 'former'), ('never', 'never'), ('unknown', NULL),
	('loinc|LA18976-3', 'current'), ('loinc|LA18977-1', 'current'), ('loinc|LA15920-4', 'former'), ('loinc|LA18978-9', 'never'),
	('snomed|449868002', 'current'), ('snomed|8517006', 'former'), ('snomed|266919005', 'never'), ('snomed|266927001', NULL);`

// verdicts are the truths of the items and the class of everybody who is counted, by id.
type verdicts struct {
	columns.Answer
	truths map[string][]eval.Truth
	class  map[string]eval.Class
}

// oracle answers queries with one statement of SQL.
type oracle struct{ db *sql.DB }

func newOracle(t *testing.T) oracle {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(tablesSQL); err != nil {
		t.Fatal(err)
	}
	return oracle{db}
}

// judge fills the tables and asks. Nothing of it stays.
func (o oracle) judge(q columns.Query, rows []columns.Row) (verdicts, error) {
	tx, err := o.db.BeginTx(context.Background(), nil)
	if err != nil {
		return verdicts{}, err
	}
	defer tx.Rollback()
	f := filler{tx: tx, statements: map[string]*sql.Stmt{}}
	f.put("study", q.Study, q.AsOf)
	for i := range q.Items {
		f.criterion(&q.Items[i], nil, i, 0)
	}
	for i := range rows {
		f.row(&q, &rows[i])
	}
	if f.err != nil {
		return verdicts{}, f.err
	}
	return read(tx, len(q.Items))
}

func read(tx *sql.Tx, items int) (verdicts, error) {
	v := verdicts{Answer: columns.Answer{Costs: make([]columns.Cost, items)}, truths: map[string][]eval.Truth{}, class: map[string]eval.Class{}}
	query := strings.NewReplacer("{judged}", judgedSQL, "{combined}", combinedSQL).Replace(oracleSQL)
	found, err := tx.Query(query)
	if err != nil {
		return v, fmt.Errorf("ask: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var what, id string
		var item, a int
		var c columns.Cost
		if err := found.Scan(&what, &id, &item, &a, &c.Only, &c.Unknown, &c.Left, &c.Dropped.Eligible, &c.Dropped.Possible, &c.Dropped.Excluded); err != nil {
			return v, fmt.Errorf("read: %w", err)
		}
		switch what {
		case "person":
			switch a {
			case 1:
				v.class[id] = eval.Eligible
				v.Eligible++
			case 0:
				v.class[id] = eval.Possible
				v.Possible++
			default:
				v.class[id] = eval.Excluded
				v.Excluded++
			}
		case "truth":
			if v.truths[id] == nil {
				v.truths[id] = make([]eval.Truth, items)
			}
			v.truths[id][item] = eval.Truth(a)
		default:
			c.Excluded = a
			v.Costs[item] = c
		}
	}
	return v, found.Err()
}

// filler puts rows into tables until something goes wrong.
type filler struct {
	tx         *sql.Tx
	statements map[string]*sql.Stmt
	criteria   int
	err        error
}

func (f *filler) put(table string, values ...any) {
	if f.err != nil {
		return
	}
	s := f.statements[table]
	if s == nil {
		marks := strings.Repeat(", ?", len(values))[2:]
		if s, f.err = f.tx.Prepare("INSERT INTO " + table + " VALUES (" + marks + ")"); f.err != nil {
			return
		}
		f.statements[table] = s
	}
	for i, v := range values { // named strings are no driver values
		switch v := v.(type) {
		case eval.Date:
			values[i] = string(v)
		case eval.Code:
			values[i] = string(v)
		case eval.Truth:
			values[i] = int(v)
		}
	}
	if _, err := s.Exec(values...); err != nil {
		f.err = fmt.Errorf("%s: %w", table, err)
	}
}

func (f *filler) criterion(c *eval.Criterion, parent any, item, depth int) {
	n := f.criteria
	f.criteria++
	f.put("criterion", n, parent, item, depth, c.ID, string(c.Kind), c.Exclude, string(c.Missing), c.AppliesTo, orNull(c.Range.Min), orNull(c.Range.Max),
		c.Range.Above, c.Range.Below, c.Unit, c.Descendants, months(c.Within), c.Within.Days, months(c.AtLeastAgo), c.AtLeastAgo.Days,
		c.Ever, c.Active, string(c.Pick), c.Site, c.N)
	for _, code := range c.Codes {
		f.put("criterion_code", n, code)
	}
	for _, word := range c.In {
		f.put("criterion_in", n, word)
	}
	for i := range c.Of {
		f.criterion(&c.Of[i], n, item, depth+1)
	}
}

func (f *filler) row(q *columns.Query, r *columns.Row) {
	f.put("person", r.ID, r.Waiver, q.Settled[r.ID])
	f.own(r.ID, "", &r.Own)
	for _, study := range slices.Sorted(maps.Keys(r.Studies)) {
		own := r.Studies[study]
		f.own(r.ID, study, &own)
	}
	for _, s := range q.Sites {
		if r.Home.Located() {
			f.put("distance", r.ID, s.ID, geo.Distance(r.Home, s.At))
		}
	}
	for _, b := range q.Busy[r.ID] {
		f.put("busy", r.ID, b.Study, b.From, b.To)
	}
}

func (f *filler) own(id, study string, o *columns.Own) {
	p := &o.Person
	f.put("own", id, study, p.BirthDate, p.Sex, p.Gender, p.Language, p.Interpreter, p.Dead, p.Died, p.Devices.Mobile, p.Devices.Phone, p.Devices.Web,
		p.Lists.Conditions, p.Lists.Medications, p.Lists.Allergies, p.Lists.Procedures, p.Lists.Trials, o.Asked, p.LastVisit, p.Available != nil)
	for _, slot := range p.Available {
		f.put("available", id, study, slot)
	}
	for i, x := range p.Facts {
		f.put("fact", id, study, i, x.Kind, x.Code, orNull(x.Number), x.Comparator, x.Unit, x.Text, orNull(x.Bool), x.ValueCode, x.Date, x.Noted,
			months(x.Back), x.Back.Days, x.End, x.Status, unix(x.Recorded))
	}
	for _, x := range p.Participations {
		f.put("stretch", id, study, x.Study, x.From, x.To)
	}
	for i, x := range p.Overrides {
		met := -1
		if x.Met {
			met = 1
		}
		f.put("override", id, study, i, x.Criterion, met)
	}
}

func months(p eval.Period) int { return p.Years*12 + p.Months }

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func orNull[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
