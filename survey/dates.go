package survey

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// validDate accepts a full calendar date, YYYY-MM-DD, from 1900 to 2199.
func validDate(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Year() >= 1900 && t.Year() < 2200
}

// validTime accepts HH:MM:SS.
func validTime(s string) bool {
	_, err := time.Parse(time.TimeOnly, s)
	return err == nil && len(s) == len(time.TimeOnly)
}

// readDate reads a date: by phone MMDDYYYY, or DDMMYYYY with Input.DayFirst; in writing ISO, month/day/year, day/month/year
// where that is the only reading, a named month, or today, yesterday and tomorrow.
func readDate(it *item, in Input, lang string) ([]Value, *Problem) {
	bad := &Problem{Code: ProblemDate, Min: it.min, Max: it.max}
	var text string
	if in.Channel == Voice {
		if len(in.Raw) != 8 || !digits(in.Raw) {
			return nil, bad
		}
		month, day := in.Raw[:2], in.Raw[2:4]
		if in.DayFirst {
			month, day = day, month
		}
		text = in.Raw[4:] + "-" + month + "-" + day
	} else {
		var problem *Problem
		if text, problem = writtenDate(in.Raw, lang, in.At); problem != nil {
			return nil, problem
		}
	}
	if !validDate(text) {
		return nil, bad
	}
	if p := outside(it, text, ""); p != nil {
		return nil, p
	}
	return []Value{{Date: text}}, nil
}

var (
	isoPattern  = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$`)
	slotPattern = regexp.MustCompile(`^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$`)
)

func writtenDate(raw, lang string, at time.Time) (string, *Problem) {
	bad := &Problem{Code: ProblemDate}
	s := strings.Trim(strings.ToLower(plain(raw)), " .,;!")
	switch fold(s) {
	case "today", "hoy":
		return at.Format(time.DateOnly), nil
	case "yesterday", "ayer":
		return at.AddDate(0, 0, -1).Format(time.DateOnly), nil
	case "tomorrow", "manana":
		return at.AddDate(0, 0, 1).Format(time.DateOnly), nil
	}
	if m := isoPattern.FindStringSubmatch(s); m != nil {
		return isoDate(m[1], m[2], m[3]), nil
	}
	if m := slotPattern.FindStringSubmatch(s); m != nil {
		first, _ := strconv.Atoi(m[1])
		second, _ := strconv.Atoi(m[2])
		switch {
		case first > 12:
			return isoDate(m[3], m[2], m[1]), nil
		case second > 12 || first == second || base(lang) == "en":
			return isoDate(m[3], m[1], m[2]), nil
		}
		// In the US both orders are written in Spanish; a guess would be a wrong record.
		return "", &Problem{Code: ProblemUnclear}
	}
	return namedDate(s, bad)
}

// namedDate reads "3 de mayo de 2025", "May 3, 2025" and the like.
func namedDate(s string, bad *Problem) (string, *Problem) {
	var month int
	var numbers []string
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,./-", r) }) {
		word = fold(word)
		for _, ending := range []string{"st", "nd", "rd", "th"} {
			if n := strings.TrimSuffix(word, ending); digits(n) {
				word = n
			}
		}
		switch {
		case word == "" || word == "de" || word == "del" || word == "of" || word == "the" || word == "el":
		case digits(word) && len(word) <= 4:
			numbers = append(numbers, word)
		case month == 0 && monthOf(word) > 0:
			month = monthOf(word)
		default:
			return "", bad
		}
	}
	if month == 0 || len(numbers) != 2 {
		return "", bad
	}
	day, year := numbers[0], numbers[1]
	if len(day) == 4 {
		day, year = year, day
	}
	if len(year) != 4 {
		return "", bad
	}
	return isoDate(year, strconv.Itoa(month), day), nil
}

// monthOf knows full names and three letters or more of them, in English and Spanish.
func monthOf(word string) int {
	if len(word) < 3 {
		return 0
	}
	for _, months := range [][]string{
		{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"},
		{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
	} {
		for i, m := range months {
			if strings.HasPrefix(m, word) {
				return i + 1
			}
		}
	}
	if word == "sept" || word == "setiembre" {
		return 9
	}
	return 0
}

func isoDate(year, month, day string) string {
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	return fmt.Sprintf("%s-%02d-%02d", year, m, d)
}

// duration is an ISO 8601 length of calendar time: "P6M", "P90D".
var duration = regexp.MustCompile(`^P(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,4}D)?$`)

var timePattern = regexp.MustCompile(`^(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2}))?\s*(am|pm)?$`)

// readTime reads a time of day: by phone HHMM and then 1 for a.m. or 2 for p.m. (left out
// from 13:00 on); in writing "2:30 pm", "14:30" or "noon".
func readTime(it *item, in Input) ([]Value, *Problem) {
	bad := &Problem{Code: ProblemTime, Min: it.min, Max: it.max}
	text, ok := "", false
	if in.Channel == Voice {
		text, ok = keyedTime(in.Raw)
	} else {
		text, ok = writtenTime(in.Raw)
	}
	if !ok || !validTime(text) {
		return nil, bad
	}
	if p := outside(it, text, ""); p != nil {
		return nil, p
	}
	return []Value{{Time: text}}, nil
}

func keyedTime(raw string) (string, bool) {
	if !digits(raw) || len(raw) < 4 || len(raw) > 5 {
		return "", false
	}
	half := ""
	if len(raw) == 5 {
		half = map[byte]string{'1': "am", '2': "pm"}[raw[4]]
		if half == "" {
			return "", false
		}
	} else if raw[:2] != "00" && raw[:2] < "13" {
		return "", false
	}
	return clock(raw[:2], raw[2:4], "00", half)
}

func writtenTime(raw string) (string, bool) {
	s := strings.ToLower(plain(raw))
	switch fold(s) {
	case "noon", "midday", "mediodia":
		return "12:00:00", true
	case "midnight", "medianoche":
		return "00:00:00", true
	}
	s = strings.NewReplacer("a.m.", "am", "p.m.", "pm", "a. m.", "am", "p. m.", "pm", "a m", "am", "p m", "pm").Replace(s)
	m := timePattern.FindStringSubmatch(s)
	if m == nil || m[2] == "" && m[4] == "" {
		return "", false
	}
	return clock(m[1], m[2], m[3], m[4])
}

// clock makes HH:MM:SS; half is am, pm or "".
func clock(hour, minute, second, half string) (string, bool) {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	s, _ := strconv.Atoi(second)
	if half != "" && (h < 1 || h > 12) {
		return "", false
	}
	switch {
	case half == "am" && h == 12:
		h = 0
	case half == "pm" && h != 12:
		h += 12
	}
	return fmt.Sprintf("%02d:%02d:%02d", h, m, s), h < 24 && m < 60 && s < 60
}
