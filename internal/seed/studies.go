package seed

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/muster-health/muster/internal/auth/staff"
	"github.com/muster-health/muster/trial"
)

//go:embed studies/*.yaml
var studyFiles embed.FS

// Studies returns the four studies of the demo by id, their days counted from now.
func Studies(now time.Time) ([]trial.Study, error) {
	files, err := studyFiles.ReadDir("studies")
	if err != nil {
		return nil, err
	}
	var out []trial.Study
	for _, f := range files {
		data, err := studyFiles.ReadFile("studies/" + f.Name())
		if err != nil {
			return nil, err
		}
		if data, err = resolveDays(data, now.In(pittsburgh())); err != nil {
			return nil, fmt.Errorf("study file %s: %w", f.Name(), err)
		}
		s, err := trial.ParseStudy(data)
		if err != nil {
			return nil, fmt.Errorf("study file %s: %w", f.Name(), err)
		}
		out = append(out, s)
	}
	return out, nil
}

// relative is a quoted value that begins with a plus, which nothing else in a study file does.
var relative = regexp.MustCompile(`"\+[^"]*"`)
var relativeDay = regexp.MustCompile(`^"\+(-?\d{1,4})d"$`)

// resolveDays replaces days such as "+21d" and "+-120d" (21 days after, 120 days before now) by
// dates on the local calendar of now.
func resolveDays(data []byte, now time.Time) ([]byte, error) {
	var wrong error
	out := relative.ReplaceAllFunc(data, func(v []byte) []byte {
		m := relativeDay.FindSubmatch(v)
		if m == nil {
			if wrong == nil {
				wrong = fmt.Errorf("%s is not a number of days: write \"+21d\" for after the start or \"+-21d\" for before it", v)
			}
			return v
		}
		n, _ := strconv.Atoi(string(m[1])) // four digits at most
		return strconv.AppendQuote(nil, now.AddDate(0, 0, n).Format(time.DateOnly))
	})
	return out, wrong
}

// Staff returns who works at the fictional hospital.
func Staff() []staff.Member {
	one := func(id, name string, role staff.Role, sites ...string) staff.Member {
		m := staff.Member{Name: name, Role: role, Sites: slices.Clone(sites)}
		m.ID = id
		return m
	}
	return []staff.Member{
		one("maria", "Maria Santos", staff.Coordinator),
		one("ben", "Ben Adeyemi", staff.Recruiter),
		one("ingrid", "Dr Ingrid Solberg", staff.Investigator),
		one("noor", "Noor Haddad", staff.OnCall),
		one("joan", "Joan Pell", staff.Director),
		one("carl", "Carl Weiss", staff.Monitor),
		one("dora", "Dora Lindgren", staff.DataManager),
		one("sam", "Sam Ortiz", staff.Administrator),
		one("lee", "Lee Park", staff.Coordinator, "mesa"),
	}
}
