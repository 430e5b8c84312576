package main

import (
	"slices"
	"time"
)

// measured is what one peer took for the whole answer.
type measured struct {
	name   string
	answer answer
	load   time.Duration
	times  []time.Duration // of warm runs
}

func (m *measured) min() time.Duration { return slices.Min(m.times) }

func (m *measured) median() time.Duration {
	sorted := slices.Sorted(slices.Values(m.times))
	return sorted[len(sorted)/2]
}

// warm runs the question once, then as often as asked.
func warm(name string, runs int, ask func() (answer, error)) (measured, error) {
	m := measured{name: name}
	for i := range runs + 1 {
		began := time.Now()
		a, err := ask()
		if err != nil {
			return m, err
		}
		if i > 0 {
			m.times = append(m.times, time.Since(began))
		}
		m.answer = a
	}
	return m, nil
}
