package survey

import (
	"errors"
	"fmt"
)

// ParseFile is Parse of a file with a name, which stands before every fault: what file, which item,
// what is wrong and the mend, a line each.
func ParseFile(name string, data []byte) (*Questionnaire, error) {
	q, err := Parse(data)
	if err == nil {
		return q, nil
	}
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var all []error
	for _, fault := range many.Unwrap() {
		all = append(all, fmt.Errorf("%s: %w", name, fault))
	}
	return nil, errors.Join(all...)
}
