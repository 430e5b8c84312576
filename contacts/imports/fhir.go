package imports

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/fhir"
	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/internal/i18n"
)

// Facts are gathered by person and written when this many wait, so that an export of any size
// fits into memory; and so many go into one batch.
const (
	maxWaiting = 100_000
	batchFacts = 2_000
)

// FHIR imports a folder of NDJSON files, plain or .gz, one resource type a file: Patient first,
// then Condition, MedicationRequest, Observation and AllergyIntolerance; other types are skipped.
// Numbers that cannot be dialled are kept as text; people who died are kept as such. The error is
// for a folder that cannot be read or a database that cannot be written; what was read by then is
// in the summary.
func FHIR(ctx context.Context, o Options) (Summary, error) {
	if o.Source == "" {
		o.Source = "fhir:" + filepath.Base(filepath.Clean(o.Path))
	}
	r, err := o.start()
	if err != nil {
		return Summary{}, err
	}
	f := &fhirRun{run: r, people: map[contacts.PersonID]presence{}, waiting: map[contacts.PersonID][]contacts.Fact{}}
	err = f.all(ctx)
	return f.sum, err
}

type fhirRun struct {
	*run
	people  map[contacts.PersonID]presence
	waiting map[contacts.PersonID][]contacts.Fact
	n       int // facts waiting
}

// presence is what this run knows of a person.
type presence int

const (
	unknown presence = iota
	bare             // here, chart not yet looked at in this run
	charted
	absent
)

func (f *fhirRun) all(ctx context.Context) error {
	patients, facts, err := sortFiles(f.Path)
	if err != nil {
		return err
	}
	f.flushed = func(_ context.Context, got []contacts.Imported) error {
		for _, p := range got {
			if p.Result != contacts.Rejected {
				f.people[p.ID] = bare
			}
		}
		return nil
	}
	for _, path := range patients {
		if err := f.each(ctx, path, f.patient, f.badPatient); err != nil {
			return err
		}
	}
	if err := f.flush(ctx); err != nil {
		return err
	}
	for _, path := range facts {
		if err := f.each(ctx, path, f.fact, f.badFact); err != nil {
			return err
		}
	}
	// Everybody gets a chart, if an empty one: it says that the source was read.
	for id, is := range f.people {
		if _, ok := f.waiting[id]; is == bare && !ok {
			f.waiting[id] = nil
		}
	}
	if err := f.write(ctx); err != nil {
		return err
	}
	f.progress()
	return nil
}

// sortFiles finds the files of a folder and what they hold, by the type of their first resource.
func sortFiles(dir string) (patients, facts []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read import folder: %w", err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".gz")
		if e.IsDir() || filepath.Ext(name) != ".ndjson" && filepath.Ext(name) != ".json" && filepath.Ext(name) != ".jsonl" {
			continue
		}
		path := filepath.Join(dir, e.Name())
		kind, err := firstType(path)
		if err != nil {
			return nil, nil, err
		}
		switch kind {
		case "Patient":
			patients = append(patients, path)
		case "Condition", "MedicationRequest", "Observation", "AllergyIntolerance":
			facts = append(facts, path)
		}
	}
	if len(patients)+len(facts) == 0 {
		return nil, nil, fmt.Errorf("read import folder: no NDJSON file of patients or their records in it")
	}
	return patients, facts, nil
}

func firstType(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	defer file.Close()
	for line, err := range fhir.Read(file) {
		if err == nil {
			return line.Type, nil
		}
		if _, one := errors.AsType[*fhir.LineError](err); !one {
			return "", fmt.Errorf("read %s: %w", filepath.Base(path), err)
		}
	}
	return "", nil
}

// each gives every line of a file to use; one that cannot be used goes to bad instead.
func (f *fhirRun) each(ctx context.Context, path string, use func(context.Context, fhir.Line, place) error, bad func(place, error)) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	defer file.Close()
	base := filepath.Base(path)
	for line, err := range fhir.Read(file) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = use(ctx, line, place{base, line.N})
		}
		if one, ok := errors.AsType[*fhir.LineError](err); ok {
			bad(place{base, one.N}, one.Err)
		} else if err != nil {
			return fmt.Errorf("import %s: %w", base, err)
		}
	}
	return nil
}

func (f *fhirRun) badPatient(at place, why error) {
	f.sum.Read++
	f.reject(at, why)
}

func (f *fhirRun) badFact(at place, why error) {
	f.sum.Facts.Read++
	f.sum.Facts.Rejected++
	f.problem(at, why)
}

func (f *fhirRun) patient(ctx context.Context, line fhir.Line, at place) error {
	if line.Type != "Patient" {
		return nil
	}
	in, err := line.Person()
	if err != nil {
		return err
	}
	if in.Inactive {
		return &fhir.LineError{N: line.N, Err: errors.New("the source has retired this record")}
	}
	p := fromFHIR(in)
	p.Source, p.SourceID, p.Basis, p.Home = f.personSource(), in.ID, f.Basis, f.Home
	f.sum.Read++
	return f.add(ctx, p, at)
}

func (f *fhirRun) personSource() string { return "import:" + f.Source }

// fromFHIR turns a patient into a person. What a form would refuse is left out or kept as text:
// the record was not written for us.
func fromFHIR(in fhir.Person) contacts.Person {
	p := contacts.Person{
		Given: in.Given, Family: in.Family, BirthDate: in.Birth, Sex: in.Sex, Deceased: in.Deceased,
		Address: contacts.Address{Line: in.Line, City: in.City, State: in.State},
	}
	if in.Dead && in.Deceased == "" {
		p.Deceased = contacts.DiedUnknown
	}
	if five, ok := geo.Normal(in.ZIP); ok {
		p.Address.ZIP = five
	}
	p.Language, p.ReachMe.Interpreter = languageOf(in.Language)
	for _, n := range in.Phones {
		kind := contacts.Landline
		if n.Use == "mobile" {
			kind = contacts.Mobile
		}
		p.Points = append(p.Points, point(n.Raw, kind))
	}
	for _, e := range in.Emails {
		p.Points = append(p.Points, point(e, contacts.Email))
	}
	return p
}

// point keeps a number or address as it was written when it cannot be used.
func point(raw string, kind contacts.PointKind) contacts.Point {
	found, value, err := contacts.ParsePoint(raw)
	if err != nil || (found == contacts.Email) != (kind == contacts.Email) {
		return contacts.Point{Kind: kind, Raw: raw, Status: contacts.StatusNoDial}
	}
	return contacts.Point{Kind: kind, Value: value}
}

// languageOf picks the language we write in, and an interpreter for one we do not.
func languageOf(tag string) (write, interpreter i18n.Lang) {
	base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	switch l := i18n.Lang(base); {
	case base == "":
		return i18n.En, ""
	case l.Known():
		return l, ""
	default:
		return i18n.En, l
	}
}

func (f *fhirRun) fact(ctx context.Context, line fhir.Line, _ place) error {
	in, err := line.Facts()
	if err != nil || len(in) == 0 {
		return err
	}
	id := f.Directory.ImportID(f.personSource(), in[0].Patient)
	if here, err := f.isHere(ctx, id); err != nil {
		return err
	} else if !here {
		return &fhir.LineError{N: line.N, Err: errors.New("it is about a patient who is not here")}
	}
	for _, x := range in {
		f.waiting[id] = append(f.waiting[id], contacts.Fact{
			ID: contacts.FactID(f.Source, x.SourceID), Kind: contacts.FactKind(x.Kind), Code: x.Code, Display: x.Display,
			Number: x.Number, Comparator: x.Comparator, Unit: x.Unit, Bool: x.Bool, Text: x.Text,
			ValueCode: x.ValueCode, ValueText: x.ValueDisplay,
			Date: x.Date, Noted: x.Noted, End: x.End, Status: x.Status, Source: "import:fhir", Scope: contacts.Registry,
		})
		f.n++
		if f.sum.Facts.Read++; f.sum.Facts.Read%10_000 == 0 {
			f.progress()
		}
	}
	if f.n >= maxWaiting {
		return f.write(ctx)
	}
	return nil
}

// isHere also finds a person who came with an earlier import of this source.
func (f *fhirRun) isHere(ctx context.Context, id contacts.PersonID) (bool, error) {
	if f.people[id] == unknown {
		switch _, err := f.Directory.Get(ctx, id); {
		case err == nil:
			f.people[id] = charted // and stays as it is if nothing is said about them
		case errors.Is(err, docstore.ErrNotFound):
			f.people[id] = absent
		default:
			return false, err
		}
	}
	return f.people[id] != absent, nil
}

// write stores the facts that wait, a few people a batch.
func (f *fhirRun) write(ctx context.Context) error {
	ids := make([]contacts.PersonID, 0, len(f.waiting))
	for id := range f.waiting {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var batch []contacts.PersonFacts
	n := 0
	flush := func() error {
		err := f.facts(ctx, batch)
		batch, n = batch[:0], 0
		return err
	}
	for _, id := range ids {
		batch = append(batch, contacts.PersonFacts{ID: id, Facts: f.waiting[id], Complete: f.whole()})
		f.people[id] = charted
		if n += len(f.waiting[id]); n >= batchFacts || len(batch) >= batchPeople {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	clear(f.waiting)
	f.n = 0
	if len(batch) == 0 {
		return nil
	}
	return flush()
}
