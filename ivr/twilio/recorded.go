package twilio

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-health/muster/internal/i18n"
)

// errUnannounced: a document would record somebody who was not told, or had no key to go on without.
var errUnannounced = errors.New("something is recorded without saying so first")

// verb is an element of a call's document, as far as announced looks at it.
type verb struct {
	XMLName xml.Name
	Input   string `xml:"input,attr"`  // of a Gather
	Record  string `xml:"record,attr"` // of a Dial
	Inside  []said `xml:",any"`
}

// said is what a voice says, at its usual pace or slowly; or what else is inside.
type said struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Slow    string `xml:"prosody"`
}

// announced checks the rule on recordings (F13) over a whole document: right before each Record and
// each Dial that records, a Gather takes a key while it ends with the words "This part is recorded.
// To go on without it, press 2." Every document of a call passes here on its way out.
func announced(doc []byte) error {
	d := xml.NewDecoder(bytes.NewReader(doc))
	inside, told := false, false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read TwiML: %w", err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if !inside { // Response itself
			inside = true
			continue
		}
		var v verb
		if err := d.DecodeElement(&v, &start); err != nil {
			return fmt.Errorf("read TwiML: %w", err)
		}
		if v.records() && !told {
			return fmt.Errorf("%w: <%s>", errUnannounced, v.XMLName.Local)
		}
		told = v.tells()
	}
}

func (v verb) records() bool {
	return v.XMLName.Local == "Record" || v.XMLName.Local == "Dial" && v.Record != "" && v.Record != "do-not-record"
}

// tells says whether v is the question that comes before a recording.
func (v verb) tells() bool {
	if v.XMLName.Local != "Gather" || !slices.Contains(strings.Fields(v.Input), "dtmf") || len(v.Inside) == 0 {
		return false
	}
	end := v.Inside[len(v.Inside)-1]
	last := strings.TrimSpace(end.Text + end.Slow)
	return end.XMLName.Local == "Say" && slices.ContainsFunc(i18n.Langs(), func(l i18n.Lang) bool { return last == i18n.T(l, "voice.recorded") })
}
