package criteria

// item is a criterion as written, before its meaning is checked. All forms read into it.
type item struct {
	line, column int
	fields       []field
	group        string // "any", "all", "atLeast" or "not" if it has members
	members      []item
	broken       bool // something in it could not be read; what is missing may be that
}

// field is one key with its values and where they stand.
type field struct {
	key          string
	line, column int
	values       []string // open[i] for a bound left open
	open         []bool
	list         bool // written as a list
	broken       bool // its values could not be read
}

func (it item) field(key string) *field {
	for i := range it.fields {
		if it.fields[i].key == key {
			return &it.fields[i]
		}
	}
	return nil
}
