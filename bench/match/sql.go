package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/muster-health/muster/internal/geo"
	"github.com/muster-health/muster/matching/eval"
)

// The peers that speak SQL hold the same normalised tables: what somebody has one of stands in
// person, measurements and listed codes in tables of their own, by kind or code and then by person,
// so that a question reads only the kinds and codes it asks for. Days and values are whole numbers.

// table is one of them with its rows in the order of its key.
type table struct {
	name    string
	columns []string
	key     string // columns of the primary key
	rows    func(emit func(values ...int) error) error
}

// null marks no value.
const null = -1 << 40

func orNull(v, none int) int {
	if v == none {
		return null
	}
	return v
}

func tables(people []person) []table {
	return []table{
		{"person", []string{"id", "birth", "place", "sex", "gender", "language", "smoking", "pregnancy", "interpreter", "mobile", "web", "swallow", "alcohol",
			"available", "trial", "conditions_known", "medications_known"}, "id", func(emit func(...int) error) error {
			values := make([]int, 0, 20)
			for i := range people {
				p := &people[i]
				values = append(values[:0], i, orNull(int(p.birth), unknown), orNull(int(p.place), -1))
				for _, v := range p.attribute {
					values = append(values, orNull(int(v), 0))
				}
				values = append(values, orNull(int(p.available), 0), orNull(int(p.trial), unknown), btoi(p.conditionsKnown), btoi(p.medicationsKnown))
				if err := emit(values...); err != nil {
					return err
				}
			}
			return nil
		}},
		{"lab", []string{"kind", "person", "value", "day"}, "kind, person", func(emit func(...int) error) error {
			for k := range measurements {
				for i := range people {
					if p := &people[i]; p.number[k] != unknown {
						if err := emit(k, i, int(p.number[k]), orNull(int(p.measured[k]), unknown)); err != nil {
							return err
						}
					}
				}
			}
			return nil
		}},
		{"condition", []string{"code", "person", "day"}, "code, person", byCode(people, conditionCodes, func(p *person) []event { return p.condition[:p.conditions] })},
		{"medication", []string{"code", "person", "day"}, "code, person", byCode(people, medicationCodes, func(p *person) []event { return p.medication[:p.medications] })},
	}
}

// byCode gives the events of a list by code, then by person.
func byCode(people []person, codes int, list func(*person) []event) func(func(...int) error) error {
	return func(emit func(...int) error) error {
		type entry struct {
			person int32
			day    day
		}
		start := make([]int, codes+1)
		for i := range people {
			for _, e := range list(&people[i]) {
				start[e.code+1]++
			}
		}
		for c := range codes {
			start[c+1] += start[c]
		}
		sorted, next := make([]entry, start[codes]), append([]int(nil), start...)
		for i := range people {
			for _, e := range list(&people[i]) {
				sorted[next[e.code]] = entry{int32(i), e.day}
				next[e.code]++
			}
		}
		for c := range codes {
			for _, e := range sorted[start[c]:start[c+1]] {
				if err := emit(c, int(e.person), orNull(int(e.day), unknown)); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// writeCSV puts the tables into files of their names; no value is an empty field.
func writeCSV(dir string, people []person, places []geo.Point) error {
	for _, t := range tables(people) {
		if err := writeFile(filepath.Join(dir, t.name+".csv"), func(w *bufio.Writer) error {
			var line []byte
			return t.rows(func(values ...int) error {
				line = line[:0]
				for i, v := range values {
					if i > 0 {
						line = append(line, ',')
					}
					if v != null {
						line = strconv.AppendInt(line, int64(v), 10)
					}
				}
				_, err := w.Write(append(line, '\n'))
				return err
			})
		}); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(dir, "place.csv"), func(w *bufio.Writer) error {
		for i, p := range places {
			if _, err := fmt.Fprintf(w, "%d,%v,%v\n", i, p.Lat, p.Lon); err != nil {
				return err
			}
		}
		return nil
	})
}

func writeFile(name string, write func(*bufio.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// dialect is how a database wants the one question put.
type dialect struct {
	fence     string // at the end of the part to be worked out once
	joinLabs  bool   // a join for each measurement, rather than one pass that groups by person
	inOrder   bool   // these say that they come in the order of the key, which they are in
	integer   string // type of the masks
	histogram bool   // rows of the same mask are counted first
}

// countSQL is the study in SQL: one row of three counts, then alone, only and unknown of every
// criterion. Each person gets a mask: bit j if criterion j fails, bit 20+j if it is unknown.
func (d dialect) countSQL() string {
	start := func(p eval.Period) int { return int(dayOf(p.Before(asOf))) }
	codes := func(s ...span) string {
		var all []string
		for _, s := range s {
			all = append(all, fmt.Sprintf("code BETWEEN %d AND %d", s.from, s.to-1))
		}
		return "(" + strings.Join(all, " OR ") + ")"
	}
	spans := func(categories []string) (all []span) {
		for _, c := range categories {
			all = append(all, under(c))
		}
		return all
	}
	step := func(k int, v float64) int { return int(v*scales[k].steps + 0.5) }
	// Found so: 2; found without the day that is asked for: 1; else nothing.
	found := func(which, inside string) string {
		return fmt.Sprintf("max(CASE WHEN %s THEN CASE WHEN day IS NULL THEN 1 WHEN %s THEN 2 ELSE 0 END END)", which, inside)
	}
	after := func(p eval.Period) string { return fmt.Sprintf("day >= %d", start(p)) }

	var labs, lab strings.Builder
	value := map[int]string{alt: "alt", bmi: "bmi", hba1c: "hba1c", egfr: "egfr", systolic: "systolic"}
	if d.joinLabs {
		for _, k := range []int{alt, bmi, hba1c, egfr, systolic} {
			if d.inOrder {
				fmt.Fprintf(&lab, "\n  LEFT JOIN (SELECT person, value, day FROM lab WHERE kind = %d ORDER BY person) l%d ON l%d.person = p.id", k, k, k)
			} else {
				fmt.Fprintf(&lab, "\n  LEFT JOIN lab l%d ON l%d.kind = %d AND l%d.person = p.id", k, k, k, k)
			}
			value[k] = fmt.Sprintf("l%d.value", k)
		}
		value[-1] = fmt.Sprintf("l%d.day", hba1c)
	} else {
		fmt.Fprintf(&labs, "labs AS (SELECT person")
		for _, k := range []int{alt, bmi, hba1c, egfr, systolic} {
			fmt.Fprintf(&labs, ", max(CASE WHEN kind = %d THEN value END) AS %s", k, value[k])
		}
		fmt.Fprintf(&labs, ", max(CASE WHEN kind = %d THEN day END) AS hba1c_day FROM lab WHERE kind IN (%d, %d, %d, %d, %d) GROUP BY person),\n", hba1c, alt, bmi, hba1c, egfr, systolic)
		fmt.Fprintf(&lab, "\n  LEFT JOIN labs ON labs.person = p.id")
		value[-1] = "hba1c_day"
	}
	known := func(unknownIf, met string) string {
		return fmt.Sprintf("CASE WHEN %s THEN {u} WHEN %s THEN 0 ELSE {f} END", unknownIf, met)
	}
	between := func(k int, low, high string) string {
		v := value[k]
		switch {
		case low == "":
			return known(v+" IS NULL", v+" <= "+high)
		case high == "":
			return known(v+" IS NULL", v+" >= "+low)
		}
		return known(v+" IS NULL", fmt.Sprintf("%s BETWEEN %s AND %s", v, low, high))
	}
	listed := func(column, confirmed string, wanted bool) string {
		has, hasNot := "0", "{f}"
		if !wanted {
			has, hasNot = "{f}", "0"
		}
		return fmt.Sprintf("CASE WHEN %s = 2 THEN %s WHEN %s = 1 OR %s = 0 THEN {u} ELSE %s END", column, has, column, confirmed, hasNot)
	}
	criteria := [criteriaCount]string{
		known("birth IS NULL", fmt.Sprintf("birth BETWEEN %d AND %d", start(eval.Period{Years: maxAge + 1})+1, start(eval.Period{Years: minAge}))),
		between(alt, "", strconv.Itoa(maxALT)),
		known("place IS NULL", fmt.Sprintf("metres < %d.5", maxMetres)),
		between(bmi, strconv.Itoa(step(bmi, minBMI)), strconv.Itoa(step(bmi, maxBMI))),
		known(fmt.Sprintf("%s IS NULL OR %s IS NULL OR %s < %d", value[hba1c], value[-1], value[-1], start(halfYear)),
			fmt.Sprintf("%s BETWEEN %d AND %d", value[hba1c], step(hba1c, minHbA1c), step(hba1c, maxHbA1c))),
		between(egfr, strconv.Itoa(minEGFR), ""),
		between(systolic, strconv.Itoa(minSystolic), strconv.Itoa(maxSystolic)),
		listed("t2d", "conditions_known", true),
		listed("onset", "conditions_known", true),
		listed("t1d", "conditions_known", false),
		listed("vascular", "conditions_known", false),
		listed("cancer", "conditions_known", false),
		listed("metformin", "medications_known", true),
		listed("insulin", "medications_known", false),
		listed("glp1", "medications_known", false),
		fmt.Sprintf("CASE WHEN sex = %d OR pregnancy = %d THEN 0 WHEN pregnancy IS NULL THEN {u} ELSE {f} END", male, no),
		known("smoking IS NULL", fmt.Sprintf("smoking <> %d", smoker)),
		known("language IS NULL", fmt.Sprintf("language <= %d", spanish)),
		known("available IS NULL", fmt.Sprintf("available & %d <> 0", wanted)),
		known("trial IS NULL", fmt.Sprintf("trial < %d", start(ninetyDays))),
	}
	var mask []string
	for j, c := range criteria {
		bit := func(n int) string { return fmt.Sprintf("CAST(%d AS %s)", 1<<n, d.integer) }
		mask = append(mask, strings.NewReplacer("{f}", bit(j), "{u}", bit(criteriaCount+j)).Replace(c))
	}
	t2d, cancer := codes(diabetes2), codes(spans(cancers)...)
	vessel, t1d := codes(spans(vascular)...), codes(diabetes1)

	var q strings.Builder
	fmt.Fprintf(&q, "WITH %s", labs.String())
	fmt.Fprintf(&q, "conditions AS (SELECT person, max(CASE WHEN %s THEN 2 END) AS t2d, %s AS onset, max(CASE WHEN %s THEN 2 END) AS t1d, %s AS vascular, %s AS cancer\n  FROM condition WHERE %s GROUP BY person),\n",
		t2d, found(t2d, fmt.Sprintf("day <= %d", start(year))), t1d, found(vessel, after(halfYear)), found(cancer, after(fiveYears)),
		codes(append(append([]span{diabetes2, diabetes1}, spans(vascular)...), spans(cancers)...)...))
	one, in, gl := codes(span{metformin, metformin + 1}), codes(insulins), codes(glp1)
	fmt.Fprintf(&q, "medications AS (SELECT person, %s AS metformin, %s AS insulin, %s AS glp1\n  FROM medication WHERE %s GROUP BY person),\n",
		found(one, after(ninetyDays)), found(in, after(thirtyDays)), found(gl, after(ninetyDays)), codes(span{metformin, metformin + 1}, insulins, glp1))
	fmt.Fprintf(&q, "near AS MATERIALIZED (SELECT id, %s AS metres FROM place),\n", haversine)
	fmt.Fprintf(&q, "masks AS %s(SELECT %s AS m\n  FROM person p%s\n  LEFT JOIN conditions ON conditions.person = p.id\n  LEFT JOIN medications ON medications.person = p.id\n  LEFT JOIN near ON near.id = p.place%s),\n",
		"MATERIALIZED ", strings.Join(mask, "\n  + "), lab.String(), d.fence)
	const fails = 1<<criteriaCount - 1
	count := "count(*) FILTER (WHERE %s)"
	if d.histogram {
		count = "coalesce(sum(n) FILTER (WHERE %s), 0)"
		fmt.Fprintf(&q, "counted AS MATERIALIZED (SELECT m, count(*) AS n FROM (SELECT CASE WHEN m & %d = 0 THEN m ELSE m & %d END AS m FROM masks) x GROUP BY m)\n", fails, fails)
	} else {
		fmt.Fprintf(&q, "counted AS (SELECT m FROM masks)\n")
	}
	fmt.Fprintf(&q, "SELECT "+count+", "+count+", "+count, "m = 0", fmt.Sprintf("m & %d = 0 AND m > 0", fails), fmt.Sprintf("m & %d > 0", fails))
	for j := range criteriaCount {
		fmt.Fprintf(&q, ",\n  "+count+", "+count+", "+count, fmt.Sprintf("m & %d > 0", 1<<j),
			fmt.Sprintf("m & %d = %d", fails, 1<<j), fmt.Sprintf("m & %d > 0 AND m & %d = 0", 1<<(criteriaCount+j), fails))
	}
	q.WriteString("\nFROM counted")
	return q.String()
}

// haversine is the distance to the site, in metres.
var haversine = fmt.Sprintf("2 * 6371008.8 * asin(sqrt(power(sin(radians(lat - %v) / 2), 2) + cos(radians(lat)) * cos(radians(%v)) * power(sin(radians(lon - %v) / 2), 2)))",
	site.At.Lat, site.At.Lat, site.At.Lon)

// counts is how many numbers countSQL gives.
const counts = 3 + 3*criteriaCount

func answerFrom(n [counts]int) (a answer) {
	a.Eligible, a.Possible, a.Excluded = n[0], n[1], n[2]
	for j := range criteriaCount {
		a.Alone[j], a.Only[j], a.Unknown[j] = n[3+3*j], n[4+3*j], n[5+3*j]
	}
	return a
}

// placeTable is where people can live; writeCSV and openSQLite fill it.
var placeTable = table{name: "place", columns: []string{"id", "lat", "lon"}, key: "id"}

func (t *table) columnType(column string) string {
	if column == "lat" || column == "lon" {
		return "double precision"
	}
	return "integer"
}
