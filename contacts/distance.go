package contacts

// distance is the number of letters to add, drop, change or swap with a neighbour to turn a into
// b (optimal string alignment), or limit+1 when it is more than limit. With prefix, b may go on
// after the match: the least over all beginnings of b.
func distance(a, b []rune, limit int, prefix bool) int {
	if len(a)-len(b) > limit || !prefix && len(b)-len(a) > limit {
		return limit + 1
	}
	if prefix && len(b) > len(a)+limit {
		b = b[:len(a)+limit]
	}
	var space [3][40]int
	if len(b) >= len(space[0]) {
		return limit + 1 // no name is that long
	}
	before, last, row := space[0][:len(b)+1], space[1][:len(b)+1], space[2][:len(b)+1]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	d := last[len(b)]
	if prefix {
		for _, x := range last {
			d = min(d, x)
		}
	}
	return min(d, limit+1)
}
