package imports

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/sheet"
)

// CSV imports a table of people, one a row, with a header. Columns are found by their headers in
// the usual spellings, or as Options.Columns says. Each row needs a permission: its consent
// column, or the basis of the whole import. A row with anything wrong is rejected whole, with all
// that is wrong with it, so that it can be mended and the file run again. The error is for a file
// or header that cannot be read, or a database that cannot be written.
func CSV(ctx context.Context, o Options) (Summary, error) {
	if o.Source == "" {
		o.Source = "csv:" + filepath.Base(o.Path)
	}
	fallback := o.Basis
	if fallback.Kind == "" {
		o.Basis.Kind = contacts.ByConsent // each row's own, see permission
	}
	r, err := o.start()
	if err != nil {
		return Summary{}, err
	}
	headers, err := parseColumns(o.Columns)
	if err != nil {
		return Summary{}, err
	}
	file, err := os.Open(o.Path)
	if err != nil {
		return Summary{}, fmt.Errorf("read import: %w", err)
	}
	defer file.Close()
	table, err := sheet.Read(file, columns(fallback.Kind == ""), headers)
	if err != nil {
		return Summary{}, fmt.Errorf("read import: %w", err)
	}
	c := &csvRun{run: r, fallback: fallback, known: map[contacts.PersonID][]contacts.Fact{}}
	c.flushed = c.charts
	err = c.all(ctx, table)
	c.sum.Ignored = table.Unused
	return c.sum, err
}

type csvRun struct {
	*run
	fallback contacts.Basis
	known    map[contacts.PersonID][]contacts.Fact // of the people queued
}

// columns are what a table may tell, and the headers it may tell it under.
func columns(consentRequired bool) []sheet.Column {
	return []sheet.Column{
		{Name: "id", Headers: []string{"record id", "record number", "mrn", "patient id", "person id", "subject id", "external id"}},
		{Name: "given", Headers: []string{"first name", "firstname", "given name", "forename", "nombre"}},
		{Name: "family", Headers: []string{"last name", "lastname", "family name", "surname", "apellido", "apellidos"}},
		{Name: "birthDate", Headers: []string{"birth date", "birthdate", "date of birth", "dob", "born", "fecha de nacimiento"}},
		{Name: "sex", Headers: []string{"sex at birth", "birth sex", "gender", "sexo"}},
		{Name: "phone", Headers: []string{"phone number", "telephone", "tel", "contact number", "teléfono", "telefono"}},
		{Name: "mobile", Headers: []string{"mobile phone", "mobile number", "cell", "cell phone", "cellphone", "celular"}},
		{Name: "landline", Headers: []string{"home phone", "home telephone", "land line"}},
		{Name: "email", Headers: []string{"e-mail", "email address", "e-mail address", "mail", "correo"}},
		{Name: "language", Headers: []string{"preferred language", "lang", "idioma"}},
		{Name: "address", Headers: []string{"street", "street address", "address line 1", "address 1"}},
		{Name: "city", Headers: []string{"town", "ciudad"}},
		{Name: "state", Headers: []string{"estado"}},
		{Name: "zip", Headers: []string{"zip code", "zipcode", "postal code", "postcode"}},
		{Name: "textOnly", Headers: []string{"text only", "texts only"}},
		{Name: "conditions", Headers: []string{"condition codes", "diagnoses"}},
		{Name: "medications", Headers: []string{"medication codes"}},
		{Name: "consent", Headers: []string{"consent to contact", "permission", "may contact by"}, Required: consentRequired},
		{Name: "consentDate", Headers: []string{"consent date", "date of consent", "consented on"}},
	}
}

// parseColumns reads "First name=given,DOB=birthDate" as column to header.
func parseColumns(s string) (map[string]string, error) {
	out := map[string]string{}
	known := map[string]bool{}
	for _, c := range columns(false) {
		known[c.Name] = true
	}
	for part := range strings.SplitSeq(s, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		i := strings.LastIndex(part, "=")
		if i < 0 {
			return nil, fmt.Errorf("column map: %q is not like First name=given", strings.TrimSpace(part))
		}
		header, column := strings.TrimSpace(part[:i]), strings.TrimSpace(part[i+1:])
		if !known[column] || header == "" {
			return nil, fmt.Errorf("column map: there is no column %q", column)
		}
		out[column] = header
	}
	return out, nil
}

func (c *csvRun) all(ctx context.Context, table *sheet.Sheet) error {
	base := filepath.Base(c.Path)
	for row, err := range table.Rows() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if bad, ok := errors.AsType[*sheet.RowError](err); ok {
			c.sum.Read++
			c.reject(place{base, bad.N}, bad.Err)
			continue
		} else if err != nil {
			return fmt.Errorf("read import: %w", err)
		}
		c.sum.Read++
		p, facts, err := c.person(row)
		if err != nil {
			c.reject(place{base, row.N}, err)
			continue
		}
		c.known[c.Directory.ImportID(p.Source, p.SourceID)] = facts
		if err := c.add(ctx, p, place{base, row.N}); err != nil {
			return err
		}
	}
	if err := c.flush(ctx); err != nil {
		return err
	}
	c.progress()
	return nil
}

// charts stores what the rows of a written batch say about health.
func (c *csvRun) charts(ctx context.Context, got []contacts.Imported) error {
	var batch []contacts.PersonFacts
	for _, p := range got {
		if p.Result != contacts.Rejected {
			facts := c.known[p.ID]
			c.sum.Facts.Read += len(facts)
			batch = append(batch, contacts.PersonFacts{ID: p.ID, Facts: facts, Complete: c.whole()})
		}
	}
	clear(c.known)
	return c.facts(ctx, batch)
}

func (c *csvRun) person(row sheet.Row) (contacts.Person, []contacts.Fact, error) {
	var wrong contacts.Problems
	bad := func(field, text string) { wrong = append(wrong, contacts.Problem{Field: field, Text: text}) }
	p := contacts.Person{
		Given: row.Get("given"), Family: row.Get("family"), Home: c.Home, Source: "import:" + c.Source,
		Address: contacts.Address{Line: row.Get("address"), City: row.Get("city"), State: row.Get("state"), ZIP: row.Get("zip")},
	}
	var ok bool
	if p.BirthDate, ok = birthDate(row.Get("birthDate")); !ok {
		bad("birthDate", "Write the date of birth as 1952-05-03 or 5/3/1952.")
	}
	if p.Sex, ok = sexes[strings.ToLower(row.Get("sex"))]; !ok {
		bad("sex", "Sex is female, male or other.")
	}
	if p.Language, p.ReachMe.Interpreter, ok = language(row.Get("language")); !ok {
		bad("language", "Write the language as en, es or another two-letter code.")
	}
	if p.ReachMe.TextOnly, ok = yes(row.Get("textOnly")); !ok {
		bad("textOnly", "Write yes or no.")
	}
	for _, x := range []struct {
		column string
		kind   contacts.PointKind
	}{{"mobile", contacts.Mobile}, {"phone", contacts.Mobile}, {"landline", contacts.Landline}, {"email", contacts.Email}} {
		raw := row.Get(x.column)
		if raw == "" {
			continue
		}
		kind, value, err := contacts.ParsePoint(raw)
		if why, is := errors.AsType[contacts.Problems](err); is {
			bad(x.column, why[0].Text)
		} else if (kind == contacts.Email) != (x.kind == contacts.Email) {
			bad(x.column, "This is not a "+map[bool]string{true: "e-mail address", false: "phone number"}[x.kind == contacts.Email]+".")
		} else {
			p.Points = append(p.Points, contacts.Point{Kind: x.kind, Value: value})
		}
	}
	var err error
	if p.Basis, p.Consents, err = c.permission(row); err != nil {
		bad("consent", err.Error())
	}
	if p.SourceID = row.Get("id"); p.SourceID == "" {
		p.SourceID = rowIdentity(&p)
	}
	facts, err := c.codes(row, p.SourceID)
	if err != nil {
		bad("conditions", err.Error())
	}
	if len(wrong) > 0 {
		return p, nil, wrong
	}
	return p, facts, nil
}

// rowIdentity tells rows without an id apart, the same way each time.
func rowIdentity(p *contacts.Person) string {
	parts := []string{strings.ToLower(p.Given), strings.ToLower(p.Family), p.BirthDate}
	if len(p.Points) > 0 {
		parts = append(parts, p.Points[0].Value)
	}
	return strings.Join(parts, "|")
}

// ways a consent column may name. A yes alone is for a person to call or write.
var ways = map[string]contacts.Channel{
	"text": contacts.SMS, "texts": contacts.SMS, "sms": contacts.SMS,
	"voice": contacts.Voice, "automated call": contacts.Voice, "automated calls": contacts.Voice, "recorded call": contacts.Voice,
	"call": contacts.Call, "calls": contacts.Call, "phone": contacts.Call,
	"email": contacts.ByEmail, "e-mail": contacts.ByEmail, "letter": contacts.Letter, "letters": contacts.Letter,
}

// permission reads the consent column; where it is empty the basis of the import holds.
func (c *csvRun) permission(row sheet.Row) (contacts.Basis, []contacts.Consent, error) {
	said := strings.ToLower(row.Get("consent"))
	switch said {
	case "":
		if c.fallback.Kind == "" {
			return contacts.Basis{}, nil, sentence("No consent is noted and the import has no basis.")
		}
		return c.fallback, nil, nil
	case "no", "none", "false", "0", "n":
		if c.fallback.Kind == "" || c.fallback.Kind == contacts.ByConsent || c.fallback.Kind == contacts.ByReferral {
			return contacts.Basis{}, nil, sentence("This person has not agreed to be contacted.")
		}
		return c.fallback, nil, nil
	}
	basis := contacts.Basis{Kind: contacts.ByConsent}
	if day := row.Get("consentDate"); day != "" {
		date, ok := birthDate(day)
		at, err := time.Parse(time.DateOnly, date)
		if !ok || err != nil || at.After(c.Now()) {
			return basis, nil, sentence("Write the date of consent as 2026-05-03.")
		}
		basis.At = at
	}
	switch said {
	case "yes", "true", "1", "y", "x", "sí", "si":
		return basis, nil, nil
	}
	var entries []contacts.Consent
	for _, w := range strings.FieldsFunc(said, func(r rune) bool { return r == ',' || r == ';' || r == '/' || r == '+' || r == '|' }) {
		way, ok := ways[strings.TrimSpace(w)]
		if !ok {
			return basis, nil, sentence("Consent is yes, no, or a list of text, voice, call, email, letter.")
		}
		entries = append(entries, contacts.Consent{
			Purpose: contacts.Recruitment, Channel: way, Granted: true, At: basis.At, Source: "import", Evidence: "consent column of " + c.Source,
		})
	}
	return basis, entries, nil
}

// sentence is an error in words for whoever mends the file.
type sentence string

func (s sentence) Error() string { return string(s) }

// codes reads lists of codes such as "snomed|38341003; icd10|I10".
func (c *csvRun) codes(row sheet.Row, sourceID string) (out []contacts.Fact, err error) {
	for _, list := range []struct {
		column string
		kind   contacts.FactKind
	}{{"conditions", contacts.Condition}, {"medications", contacts.Medication}} {
		kind := list.kind
		for code := range strings.FieldsFuncSeq(row.Get(list.column), func(r rune) bool { return r == ';' || r == ',' }) {
			code = strings.TrimSpace(code)
			system, value, ok := strings.Cut(code, "|")
			if code == "" {
				continue
			}
			if !ok || system == "" || value == "" {
				return nil, sentence("Write codes as snomed|38341003, several with ; between.")
			}
			out = append(out, contacts.Fact{
				ID: contacts.FactID(c.Source, sourceID+"|"+string(kind)+"|"+code), Kind: kind, Code: code,
				Status: "active", Source: "import:csv", Scope: contacts.Registry,
			})
		}
	}
	return out, nil
}
