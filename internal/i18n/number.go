package i18n

import (
	"strconv"
	"strings"
)

// Words returns a whole number in words for a voice to read back: "one hundred eighty-six",
// "ciento ochenta y seis". Beyond ±9999 it returns digits, which voices read well enough.
func Words(lang Lang, n int) string {
	switch {
	case n < -9999 || n > 9999:
		return strconv.Itoa(n)
	case n < 0 && lang == Es:
		return "menos " + spanish(-n)
	case n < 0:
		return "minus " + english(-n)
	case lang == Es:
		return spanish(n)
	}
	return english(n)
}

// DecimalWords returns a decimal number in words, the places one by one: "7.25" is "seven
// point two five", "siete punto dos cinco" as in the Americas. Other text comes back as it is.
func DecimalWords(lang Lang, number string) string {
	whole, places, decimal := strings.Cut(number, ".")
	n, err := strconv.Atoi(whole)
	if err != nil {
		return number
	}
	said := []string{Words(lang, n)}
	if n == 0 && strings.HasPrefix(whole, "-") {
		said = []string{Words(lang, -1), Words(lang, 0)}
		said[0], _, _ = strings.Cut(said[0], " ")
	}
	if decimal {
		point := "point"
		if lang == Es {
			point = "punto"
		}
		said = append(said, point)
		for _, d := range places {
			if d < '0' || d > '9' {
				return number
			}
			said = append(said, Words(lang, int(d-'0')))
		}
		if places == "" {
			return number
		}
	}
	return strings.Join(said, " ")
}

// Digits sets a code apart for a voice to read digit by digit: "1, 2, 3, 4".
func Digits(code string) string { return strings.Join(strings.Split(code, ""), ", ") }

func english(n int) string {
	small := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens := strings.Fields("_ _ twenty thirty forty fifty sixty seventy eighty ninety")
	switch {
	case n < 20:
		return small[n]
	case n < 100:
		return and(tens[n/10], "-", n%10, english)
	case n < 1000:
		return and(small[n/100]+" hundred", " ", n%100, english)
	}
	return and(english(n/1000)+" thousand", " ", n%1000, english)
}

func spanish(n int) string {
	small := strings.Fields("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve")
	tens := strings.Fields("_ _ _ treinta cuarenta cincuenta sesenta setenta ochenta noventa")
	hundreds := strings.Fields("_ ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos")
	switch {
	case n < 30:
		return small[n]
	case n < 100:
		return and(tens[n/10], " y ", n%10, spanish)
	case n == 100:
		return "cien"
	case n < 1000:
		return and(hundreds[n/100], " ", n%100, spanish)
	case n < 2000:
		return and("mil", " ", n%1000, spanish)
	}
	return and(spanish(n/1000)+" mil", " ", n%1000, spanish)
}

// and appends the rest of a number unless it is zero.
func and(head, joint string, rest int, words func(int) string) string {
	if rest == 0 {
		return head
	}
	return head + joint + words(rest)
}
