package eval

import (
	_ "embed"
	"sync"
)

//go:embed spanish.txt
var spanish string

var spanishTexts = sync.OnceValue(func() Lookup { return Catalogue(spanish) })

// Spanish returns the Spanish catalogue of reasons and descriptions. It is a draft until a native
// speaker has reviewed it, as its first lines say: for staff to read, not to be sent.
func Spanish() Lookup { return spanishTexts() }
