package backup

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"
)

// Recipients reads age recipients: given ones, and a file with one a line ("" none).
func Recipients(given []string, file string) ([]age.Recipient, error) {
	var out []age.Recipient
	for _, s := range given {
		r, err := age.ParseRecipients(strings.NewReader(s))
		if err != nil {
			return nil, fmt.Errorf("--recipient %q is no age recipient; it begins with age1, age-keygen prints it", s)
		}
		out = append(out, r...)
	}
	if file == "" {
		return out, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--recipients-file: %w", err)
	}
	defer f.Close()
	r, err := age.ParseRecipients(f)
	if err != nil {
		return nil, fmt.Errorf("--recipients-file %s: a line of it is no age recipient (age1…)", file)
	}
	return append(out, r...), nil
}

// Identities reads the secret age identities in a file; "" none.
func Identities(file string) ([]age.Identity, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--identity: %w", err)
	}
	defer f.Close()
	ids, err := age.ParseIdentities(f)
	if err != nil { // the cause may quote the secret
		return nil, fmt.Errorf("--identity %s: %w", file, errors.New("it holds no age identity; age-keygen makes one"))
	}
	return ids, nil
}
