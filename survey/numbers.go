package survey

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A number has at most this many digits on each side of the point.
const maxDigitsAside = 15

// decimalParts takes a plain decimal apart; no exponent.
func decimalParts(s string) (sign, whole, frac string, ok bool) {
	if rest, minus := strings.CutPrefix(s, "-"); minus {
		sign, s = "-", rest
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	whole, frac, point := strings.Cut(s, ".")
	if !digits(whole) && (whole != "" || !point) || frac != "" && !digits(frac) || whole+frac == "" {
		return "", "", "", false
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if len(whole) > maxDigitsAside || len(frac) > maxDigitsAside {
		return "", "", "", false
	}
	if whole == "0" && strings.Trim(frac, "0") == "" {
		sign = ""
	}
	return sign, whole, frac, true
}

// normalDecimal spells a decimal in one way: no plus, no leading zeros, "0.5" for ".5".
// Trailing zeros stay: they say how exact a measurement is.
func normalDecimal(s string) (string, bool) {
	sign, whole, frac, ok := decimalParts(s)
	if !ok {
		return "", false
	}
	if frac != "" {
		frac = "." + frac
	}
	return sign + whole + frac, true
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// parseInt reads a whole number that FHIR's 32-bit integer can hold.
func parseInt(s string) (int64, *Problem) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, &Problem{Code: ProblemNumber}
	}
	return n, nil
}

// numberText is the number of a value as exact text, "" if it has none.
func numberText(v Value) string {
	if v.Int != nil {
		return strconv.FormatInt(*v.Int, 10)
	}
	return v.Decimal
}

// compareText orders two limits of one item type.
func compareText(kind, a, b string) int {
	switch kind {
	case typeDate, typeTime:
		return strings.Compare(a, b)
	case typeDateTime:
		return compareMoments(a, b)
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if !okX || !okY {
		return 0
	}
	return x.Cmp(y)
}

var (
	numberPattern = regexp.MustCompile(`^([+-]?)(\d*)(?:([.,])(\d*))?\s*([^\d\s.,].*)?$`)
	keyedPattern  = regexp.MustCompile(`^(\d*)(?:\*(\d*))?$`)
)

// readNumber reads an integer, decimal or quantity in a unit. By phone * is the decimal point; in
// writing point and comma both are, a unit may follow, and "seven" or "siete" will do.
func readNumber(it *item, in Input, lang string, unit Coding) ([]Value, *Problem) {
	sign, whole, _, frac, problem := splitNumber(it, in, lang, unit)
	if problem != nil {
		return nil, problem
	}
	if it.kind == typeInteger {
		if strings.Trim(frac, "0") != "" {
			return nil, &Problem{Code: ProblemWhole}
		}
		frac = ""
	}
	if len(strings.TrimLeft(whole, "0")) > maxDigitsAside {
		return nil, &Problem{Code: tooFar(sign), Min: it.min, Max: it.max}
	}
	most := maxDigitsAside
	if it.decimals >= 0 {
		most = min(most, it.decimals)
	}
	if len(frac) > most {
		if strings.Trim(frac[most:], "0") != "" {
			return nil, &Problem{Code: ProblemDecimals, Limit: most}
		}
		frac = frac[:most]
	}
	point := ""
	if frac != "" {
		point = "."
	}
	text, ok := normalDecimal(sign + whole + point + frac)
	if !ok {
		return nil, &Problem{Code: ProblemNumber}
	}
	if p := outside(it, text, unit.Code); p != nil {
		return nil, p
	}
	v := Value{Decimal: text, Unit: unit.Code}
	if it.kind == typeInteger {
		n, problem := parseInt(text)
		if problem != nil {
			return nil, &Problem{Code: tooFar(sign), Min: "-2147483648", Max: "2147483647"}
		}
		v = Value{Int: &n, Unit: unit.Code}
	}
	return []Value{v}, nil
}

func tooFar(sign string) ProblemCode {
	if sign == "-" {
		return ProblemTooLow
	}
	return ProblemTooHigh
}

// outside checks the range of an item; a number in unit is held against limits in theirs, which are
// told in unit.
func outside(it *item, text, unit string) *Problem {
	p := &Problem{Min: it.boundIn(it.min, it.minUnit, unit), Max: it.boundIn(it.max, it.maxUnit, unit)}
	if len(it.units) > 0 {
		p.Unit = it.unitOf(Value{Unit: unit}).Display
	}
	switch {
	case it.min != "" && compareText(it.kind, it.boundIn(text, unit, it.minUnit), it.min) < 0:
		p.Code = ProblemTooLow
	case it.max != "" && compareText(it.kind, it.boundIn(text, unit, it.maxUnit), it.max) > 0:
		p.Code = ProblemTooHigh
	default:
		return nil
	}
	return p
}

// splitNumber finds the parts of a number as it was keyed or written.
func splitNumber(it *item, in Input, lang string, named Coding) (sign, whole, point, frac string, problem *Problem) {
	bad := &Problem{Code: ProblemNumber, Min: it.min, Max: it.max}
	if in.Channel == Voice {
		m := keyedPattern.FindStringSubmatch(in.Raw)
		if m == nil || m[1]+m[2] == "" {
			return "", "", "", "", bad
		}
		return "", m[1], ".", m[2], nil
	}
	raw := plain(in.Raw)
	if n, ok := numberWord(fold(raw)); ok {
		return "", strconv.Itoa(n), "", "", nil
	}
	m := numberPattern.FindStringSubmatch(raw)
	if m == nil || m[2]+m[4] == "" {
		return "", "", "", "", bad
	}
	sign, whole, point, frac = m[1], m[2], m[3], m[4]
	if unit := m[5]; unit != "" && !sameUnit(named, unit) {
		if named.Display != "" && unitLike(unit) {
			return "", "", "", "", &Problem{Code: ProblemUnit, Unit: named.Display}
		}
		return "", "", "", "", bad
	}
	// "1,234" is a thousand and more to some and one and a bit to others.
	grouped := len(frac) == 3 && len(whole) <= 3 && strings.TrimLeft(whole, "0") != ""
	typed := in.Channel == Web || in.Channel == Staff // a number field writes a point in every language
	if grouped && (point == "," || it.kind == typeInteger || base(lang) == "es" && !typed) {
		return "", "", "", "", &Problem{Code: ProblemUnclear}
	}
	return sign, whole, point, frac, nil
}

// unitLike says whether trailing text could be a unit rather than a sentence.
func unitLike(s string) bool {
	f := fold(s)
	return f != "" && len(strings.Fields(f)) <= 2 && !strings.ContainsAny(f, "0123456789")
}

// sameUnit accepts the unit's code, its name, and everyday spellings of common ones.
func sameUnit(unit Coding, written string) bool {
	got := unitKey(written)
	if got == "" {
		return true // a lone degree sign or full stop
	}
	names := []string{unit.Code, unit.Display}
	switch unit.Code {
	case "Cel":
		names = append(names, "c", "celsius", "centigrade", "degrees", "degrees c", "grados", "grados c")
	case "[degF]":
		names = append(names, "f", "fahrenheit", "degrees", "degrees f", "grados", "grados f")
	case "mm[Hg]":
		names = append(names, "mmhg", "mm hg", "mm")
	case "kg":
		names = append(names, "kilo", "kilos", "kilogram", "kilograms", "kilogramos", "kgs")
	case "[lb_av]":
		names = append(names, "lb", "lbs", "pound", "pounds", "libra", "libras")
	case "cm":
		names = append(names, "centimeters", "centimetres", "centimetros")
	case "[in_i]":
		names = append(names, "in", "inch", "inches", "pulgadas")
	case "min":
		names = append(names, "mins", "minute", "minutes", "minuto", "minutos")
	case "h":
		names = append(names, "hr", "hrs", "hour", "hours", "hora", "horas")
	case "d":
		names = append(names, "day", "days", "dia", "dias")
	case "%":
		names = append(names, "percent", "por ciento")
	case "/min":
		names = append(names, "bpm", "beats", "latidos")
	case "{puff}":
		names = append(names, "puff", "puffs", "inhalacion", "inhalaciones")
	}
	for _, n := range names {
		if k := unitKey(n); k != "" && (k == got || k+"s" == got || k == got+"s") {
			return true
		}
	}
	return false
}

// unitKey is fold without degree signs, brackets and spaces; "%" stays.
func unitKey(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '°', 'º', '˚', ' ', '[', ']', '{', '}':
			return -1
		}
		return r
	}, fold(strings.ReplaceAll(s, "°", " ")))
}

// numberWords are zero to twenty in English and Spanish, folded. Spanish "once" is left out:
// in English it is one time.
func numberWords(n int) []string {
	table := [...][]string{
		{"zero", "cero", "none", "ninguno", "ninguna", "never", "nunca"}, {"one", "uno", "una", "un"}, {"two", "dos"},
		{"three", "tres"}, {"four", "cuatro"}, {"five", "cinco"}, {"six", "seis"}, {"seven", "siete"}, {"eight", "ocho"},
		{"nine", "nueve"}, {"ten", "diez"}, {"eleven"}, {"twelve", "doce"}, {"thirteen", "trece"},
		{"fourteen", "catorce"}, {"fifteen", "quince"}, {"sixteen", "dieciseis"}, {"seventeen", "diecisiete"},
		{"eighteen", "dieciocho"}, {"nineteen", "diecinueve"}, {"twenty", "veinte"},
	}
	if n < 0 || n >= len(table) {
		return nil
	}
	return table[n]
}

func numberWord(word string) (int, bool) {
	for n := range 21 {
		if slices.Contains(numberWords(n), word) {
			return n, true
		}
	}
	return 0, false
}
