package eval

import (
	_ "embed"
	"sync"
)

//go:embed english.txt
var english string

var englishTexts = sync.OnceValue(func() Lookup { return Catalogue(english) })

// English returns the English catalogue of reasons and descriptions.
func English() Lookup { return englishTexts() }
