package phonesim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

var serviceForm = regexp.MustCompile(`^MG[0-9a-f]{32}$`)

// magicTo and magicFrom are the numbers of Twilio's test credentials. Source:
// twilio.com/docs/iam/test-credentials.
var (
	magicTo = map[string]int{"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408,
		"+15005550004": 21610, "+15005550009": 21614}
	magicFrom = map[string]int{"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
)

// goodMagic is the test sender that always works.
const goodMagic = "+15005550006"

// createMessage is POST /Messages.json.
func (s *Simulator) createMessage(r *http.Request) (int, any, *apiError) {
	f := r.PostForm
	m, err := s.newMessage(f)
	if err != nil {
		return 0, nil, err
	}
	wait := time.Duration(0)
	if f.Get("ScheduleType") != "" || f.Get("SendAt") != "" {
		if m.MessagingServiceSID == "" {
			return 0, nil, refuse(35118)
		}
		at, _, parseErr := filterTime(f.Get("SendAt"))
		wait = at.Sub(s.now())
		if parseErr != nil || wait < 5*time.Minute || wait > 35*24*time.Hour {
			return 0, nil, refuse(35114)
		}
		m.Status, m.SendAt = messageScheduled, at
	}
	s.addMessage(m, wait)
	s.opt.Logger.Info("text accepted", "sid", m.SID, "segments", m.Segments)
	return http.StatusCreated, s.showMessage(m), nil
}

// newMessage checks a request in the order Twilio does: what is missing, then
// what is wrong, then what is not allowed.
func (s *Simulator) newMessage(f url.Values) (*message, *apiError) {
	m := &message{Body: f.Get("Body"), Direction: directionAPI, Status: messageQueued,
		MessagingServiceSID: f.Get("MessagingServiceSid"), StatusCallback: f.Get("StatusCallback"), Media: f["MediaUrl"]}
	switch {
	case f.Get("To") == "":
		return nil, refuse(21604)
	case f.Get("From") == "" && m.MessagingServiceSID == "":
		return nil, refuse(21603)
	case m.Body == "" && len(m.Media) == 0:
		return nil, refuse(21602)
	case len([]rune(m.Body)) > maxBody:
		return nil, refuse(21617)
	}
	var ok bool
	if m.To, ok = e164(f.Get("To")); !ok {
		return nil, refuse(21211)
	}
	if code := magicTo[m.To]; code != 0 {
		return nil, refuse(code)
	}
	if f.Get("From") != "" {
		if m.From, ok = e164(f.Get("From")); !ok {
			return nil, refuse(21212)
		}
		if code := magicFrom[m.From]; code != 0 {
			return nil, refuse(code)
		}
		if s.own(m.From) == nil && m.From != goodMagic {
			return nil, refuse(21606)
		}
	}
	if m.MessagingServiceSID != "" {
		if !serviceForm.MatchString(m.MessagingServiceSID) {
			return nil, refuse(21701)
		}
		m.Status = messageAccepted
	}
	if m.StatusCallback != "" && !absoluteURL(m.StatusCallback) {
		return nil, refuse(21609)
	}
	if v := f.Get("ValidityPeriod"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 36000 {
			return nil, refuse(21624)
		}
		m.Validity = Seconds(n)
	}
	switch {
	case m.To == m.From:
		return nil, refuse(21266)
	case s.blocked(m.To, m.From):
		return nil, refuse(21610)
	}
	return m, nil
}

// listMessages is GET /Messages.json: newest first. A text that was not sent yet
// is found by the time it was created.
func (s *Simulator) listMessages(r *http.Request) (int, any, *apiError) {
	q := r.URL.Query()
	when, err := timeFilter(q, "DateSent")
	if err != nil {
		return 0, nil, err
	}
	to, from := plain(q.Get("To")), plain(q.Get("From"))
	var found []*message
	for _, m := range slices.Backward(s.st.Messages) {
		sent := m.Sent
		if sent.IsZero() {
			sent = m.Created
		}
		if !m.Deleted && (to == "" || m.To == to) && (from == "" || m.From == from) && when(sent) {
			found = append(found, m)
		}
	}
	out, err := page(r, "messages", found, func(m *message) string { return m.SID }, func(m *message) any { return s.showMessage(m) })
	return http.StatusOK, out, err
}

// plain reads a number of a filter; what is no number matches nothing.
func plain(v string) string {
	if n, ok := e164(v); ok {
		return n
	}
	return v
}

func (s *Simulator) messageOf(r *http.Request) (*message, *apiError) {
	if m := s.messages[mux.Vars(r)["sid"]]; m != nil && !m.Deleted {
		return m, nil
	}
	return nil, refuseAs(http.StatusNotFound, 20404, errorWords(20404))
}

// fetchMessage is GET /Messages/{sid}.json.
func (s *Simulator) fetchMessage(r *http.Request) (int, any, *apiError) {
	m, err := s.messageOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.showMessage(m), nil
}

// updateMessage is POST /Messages/{sid}.json: an empty Body redacts a text that is
// over (the phone keeps what it received), Status=canceled takes back a scheduled one.
func (s *Simulator) updateMessage(r *http.Request) (int, any, *apiError) {
	m, err := s.messageOf(r)
	if err != nil {
		return 0, nil, err
	}
	body, redact := r.PostForm["Body"]
	switch status := r.PostForm.Get("Status"); {
	case status == messageCanceled && m.Status == messageScheduled:
		s.setStatus(m, messageCanceled, 0)
	case status != "":
		return 0, nil, refuseAs(http.StatusBadRequest, 20009, "Only a scheduled message can be canceled")
	case redact && strings.Join(body, "") != "":
		return 0, nil, refuseAs(http.StatusBadRequest, 20001, "Body can only be made empty")
	case redact && !m.over():
		return 0, nil, refuseAs(http.StatusConflict, 20009, "The message is still on its way")
	case redact:
		m.Redacted, m.Updated = true, s.now()
		s.touch()
	}
	return http.StatusOK, s.showMessage(m), nil
}

// deleteMessage is DELETE /Messages/{sid}.json. The phone keeps what it received.
func (s *Simulator) deleteMessage(r *http.Request) (int, any, *apiError) {
	m, err := s.messageOf(r)
	if err != nil {
		return 0, nil, err
	}
	if !m.over() {
		return 0, nil, refuseAs(http.StatusConflict, 20009, "The message is still on its way")
	}
	m.Deleted = true
	s.touch()
	return http.StatusNoContent, nil, nil
}

// messageJSON is a Message resource. Numbers of segments and media are strings.
type messageJSON struct {
	AccountSID          string            `json:"account_sid"`
	APIVersion          string            `json:"api_version"`
	Body                string            `json:"body"`
	DateCreated         *string           `json:"date_created"`
	DateSent            *string           `json:"date_sent"`
	DateUpdated         *string           `json:"date_updated"`
	Direction           string            `json:"direction"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	From                *string           `json:"from"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	NumMedia            string            `json:"num_media"`
	NumSegments         string            `json:"num_segments"`
	Price               *string           `json:"price"`
	PriceUnit           *string           `json:"price_unit"`
	SID                 string            `json:"sid"`
	Status              string            `json:"status"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`
	To                  string            `json:"to"`
	URI                 string            `json:"uri"`
}

func (s *Simulator) showMessage(m *message) messageJSON {
	uri := s.uri("/Messages/" + m.SID)
	unit := "USD"
	out := messageJSON{
		AccountSID: s.opt.AccountSID, APIVersion: apiVersion, Body: m.Body, Direction: m.Direction,
		DateCreated: twilioTime(m.Created), DateSent: twilioTime(m.Sent), DateUpdated: twilioTime(m.Updated),
		From: orNull(m.From), To: m.To, MessagingServiceSID: orNull(m.MessagingServiceSID),
		NumMedia: strconv.Itoa(len(m.Media)), NumSegments: strconv.Itoa(m.Segments), PriceUnit: &unit,
		SID: m.SID, Status: m.Status, URI: uri + ".json",
		SubresourceURIs: map[string]string{"media": uri + "/Media.json"},
	}
	if m.Redacted {
		out.Body = ""
	}
	if m.Code != 0 {
		words := errorWords(m.Code)
		out.ErrorCode, out.ErrorMessage = &m.Code, &words
	}
	return out
}

// uri is the path of a resource of the account, without .json.
func (s *Simulator) uri(path string) string {
	return "/" + apiVersion + "/Accounts/" + s.opt.AccountSID + path
}
