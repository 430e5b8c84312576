package main

import "github.com/muster-health/muster/internal/geo"

func main() {}

func generate(n int, places []geo.Point) []person {
	g := newGenerator(places)
	people := make([]person, n)
	for i := range people {
		people[i] = g.person(i)
	}
	return people
}
