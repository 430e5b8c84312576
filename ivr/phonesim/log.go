package phonesim

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// entry is one line of the simulator's log: what crossed the border between the
// application and the phone network, or what went wrong there.
type entry struct {
	ID       uint64            `json:"id"`
	At       time.Time         `json:"at"` // the simulator's clock
	Kind     logKind           `json:"kind"`
	Method   string            `json:"method,omitempty"`
	URL      string            `json:"url,omitempty"`
	Status   int               `json:"status,omitempty"`
	SID      string            `json:"sid,omitempty"`
	Code     int               `json:"code,omitempty"` // Twilio's error code
	Summary  string            `json:"summary,omitempty"`
	Params   map[string]string `json:"params,omitempty"`
	Response string            `json:"response,omitempty"`
	Millis   int               `json:"millis,omitempty"` // real time
}

type logKind string

const (
	logREST    logKind = "rest"    // the application called the API
	logWebhook logKind = "webhook" // the simulator called the application
	logError   logKind = "error"   // what Twilio's debugger would show
	logPhone   logKind = "phone"   // a person or a switch did something
)

// record appends to the log and drops what is too old.
func (s *Simulator) record(e *entry) {
	s.st.Seq++
	e.ID, e.At = s.st.Seq, s.now()
	s.st.Log = append(s.st.Log, e)
	if over := len(s.st.Log) - keepLog; over > 0 {
		s.st.Log = append([]*entry(nil), s.st.Log[over:]...)
	}
	s.touch()
}

// complain logs an error of the application's making.
func (s *Simulator) complain(sid string, code int, text string) {
	s.record(&entry{Kind: logError, SID: sid, Code: code, Summary: text})
	s.opt.Logger.Warn("phone simulator error", "sid", sid, "code", code)
}

// clip keeps the first 4 KB of a body for the log.
func clip(b []byte) string {
	const most = 4 << 10
	if len(b) > most {
		b = b[:most]
	}
	for len(b) > 0 && !utf8.Valid(b) {
		b = b[:len(b)-1]
	}
	return string(b)
}

func joinNotes(a, b string) string {
	if b == "" {
		return a
	}
	return a + "; " + b
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// withParams copies p and adds key, value pairs; an empty value is left out.
func withParams(p map[string]string, pairs ...string) map[string]string {
	out := make(map[string]string, len(p)+len(pairs)/2)
	for k, v := range p {
		out[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}
