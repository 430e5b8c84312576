package percolate_test

import (
	"slices"

	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/matching/percolate"
)

// The naive loop: study by study, criterion by criterion, until one fails. It works on compiled
// structs: dates and thresholds are day numbers, codes are numbers, distances a table.

type plainStudy struct{ items []plainCriterion }

// plainKind is a kind as a number.
type plainKind uint8

const (
	plainAge plainKind = iota
	plainDistance
	plainSex
	plainLanguage
	plainSpeaks // or has an interpreter
	plainSmoking
	plainPregnancy
	plainTrial
	plainLabs
	plainCondition
	plainMedication
)

// words are the answers of the crowd; the place of one is its number, 0 unknown.
var words = []string{"", "female", "male", "en", "es", "zh", "current", "former", "never", "pregnant", "not pregnant"}

func word(s string) uint8 { return uint8(slices.Index(words, s)) }

type plainCriterion struct {
	kind    plainKind
	exclude bool
	n       int32 // laboratory value, town
	lo, hi  int32
	start   int32 // of the window, unknownDay: none
	codes   []int32
	in      uint16 // a bit for each word
}

type plainPerson struct {
	birth                              int32
	home                               int
	sex, language                      uint8
	interpreter                        eval.Truth
	smokes, pregnant                   uint8
	labs                               [crowdLabs]plainLab
	conds, meds                        []plainCode
	condsKnown, medsKnown, trialsKnown bool
	trialEnd                           int32
}

type plainLab struct {
	has        bool
	value, day int32
}

type plainCode struct {
	code, day int32 // onset, or end
	on        bool
}

func (c *crowd) naive(p *plainPerson, out []percolate.Match) []percolate.Match {
next:
	for i := range c.plain {
		class := eval.Eligible
		for j := range c.plain[i].items {
			switch c.met(&c.plain[i].items[j], p) {
			case eval.False:
				continue next
			case eval.Unknown:
				class = eval.Possible
			}
		}
		out = append(out, percolate.Match{Study: c.studies[i].ID, Class: class})
	}
	return out
}

func (c *crowd) met(q *plainCriterion, p *plainPerson) eval.Truth {
	t := eval.Unknown
	switch q.kind {
	case plainAge:
		if p.birth != unknownDay {
			t = eval.Of(p.birth >= q.lo && p.birth <= q.hi)
		}
	case plainDistance:
		if p.home >= 0 {
			t = eval.Of(c.metres[p.home][q.n] <= q.hi)
		}
	case plainSex:
		t = q.among(p.sex)
	case plainLanguage:
		t = q.among(p.language)
	case plainSpeaks:
		t = max(q.among(p.language), p.interpreter)
	case plainSmoking:
		t = q.among(p.smokes)
	case plainPregnancy:
		if p.sex == 2 { // male
			return eval.True
		}
		t = q.among(p.pregnant)
	case plainTrial:
		switch {
		case p.trialEnd != unknownDay && p.trialEnd >= q.start:
			t = eval.True
		case p.trialsKnown:
			t = eval.False
		}
	case plainLabs:
		l := &p.labs[q.n]
		if l.has && (q.start == unknownDay || l.day != unknownDay && l.day >= q.start) {
			t = eval.Of(l.value >= q.lo && l.value <= q.hi)
		}
	case plainCondition:
		t = listed(q, p.conds, p.condsKnown, func(f *plainCode) eval.Truth {
			switch {
			case q.start == unknownDay:
				return eval.True
			case f.day == unknownDay:
				return eval.Unknown
			}
			return eval.Of(f.day >= q.start)
		})
	case plainMedication:
		t = listed(q, p.meds, p.medsKnown, func(f *plainCode) eval.Truth {
			return eval.Of(f.on || q.start != unknownDay && f.day >= q.start)
		})
	}
	if q.exclude {
		return t.Not()
	}
	return t
}

func (q *plainCriterion) among(w uint8) eval.Truth {
	if w == 0 {
		return eval.Unknown
	}
	return eval.Of(q.in>>w&1 == 1)
}

func listed(q *plainCriterion, have []plainCode, known bool, holds func(*plainCode) eval.Truth) eval.Truth {
	t := eval.False
	for i := range have {
		if slices.Contains(q.codes, have[i].code) {
			t = max(t, holds(&have[i]))
		}
	}
	if t == eval.False && !known {
		return eval.Unknown
	}
	return t
}
