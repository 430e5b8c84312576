package eval

import _ "embed"

//go:embed spanish.txt
var spanish string

// Spanish returns the Spanish catalogue of reasons and descriptions. It is a draft until a native
// speaker has reviewed it, as its first lines say: for staff to read, not to be sent.
func Spanish() Lookup { return Catalogue(spanish) }
