package phonesim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
)

// magicCallTo and magicCallFrom are the numbers of Twilio's test credentials.
var (
	magicCallTo = map[string]int{"+15005550001": 21217, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}
)

// maxInline is the most an inline Twiml parameter may hold.
const maxInline = 4000

// createCall is POST /Calls.json.
func (s *Simulator) createCall(r *http.Request) (int, any, *apiError) {
	c, err := s.newCall(r.PostForm)
	if err != nil {
		return 0, nil, err
	}
	s.dialOut(c)
	s.opt.Logger.Info("call accepted", "sid", c.SID)
	return http.StatusCreated, s.showCall(c), nil
}

func (s *Simulator) newCall(f url.Values) (*call, *apiError) {
	switch {
	case f.Get("To") == "":
		return nil, refuse(21201)
	case f.Get("From") == "":
		return nil, refuse(21213)
	case f.Get("ApplicationSid") != "":
		return nil, refuse(21218)
	}
	c := &call{Direction: directionAPI, URL: f.Get("Url"), Method: f.Get("Method"), Fallback: f.Get("FallbackUrl"),
		Inline: f.Get("Twiml"), StatusCallback: f.Get("StatusCallback"), StatusMethod: f.Get("StatusCallbackMethod"),
		Detect: f.Get("MachineDetection")}
	if c.Inline != "" {
		c.URL = "" // Twilio uses Twiml when both are given
	}
	if err := checkSource(c.URL, c.Inline); err != nil {
		return nil, err
	}
	var ok bool
	if c.To, ok = e164(f.Get("To")); !ok {
		return nil, refuse(21211)
	}
	if code := magicCallTo[c.To]; code != 0 {
		return nil, refuse(code)
	}
	if c.From, ok = e164(f.Get("From")); !ok || c.From == "+15005550001" {
		return nil, refuse(21212)
	}
	if s.own(c.From) == nil && c.From != goodMagic {
		return nil, refuse(21210)
	}
	return c, s.callSettings(c, f)
}

// checkSource wants a document: an absolute URL or inline TwiML.
func checkSource(target, inline string) *apiError {
	switch {
	case target == "" && inline == "", target != "" && !absoluteURL(target):
		return refuse(21205)
	case len(inline) > maxInline:
		return refuseAs(http.StatusBadRequest, 21205, "Twiml has more than 4000 characters")
	}
	return nil
}

// callSettings reads the optional parameters of a new call.
func (s *Simulator) callSettings(c *call, f url.Values) *apiError {
	for _, m := range []string{c.Method, c.StatusMethod, f.Get("FallbackMethod"), f.Get("AsyncAmdStatusCallbackMethod")} {
		if m != "" && !method(m) {
			return refuse(21209)
		}
	}
	for name, target := range map[string]string{"FallbackUrl": c.Fallback, "StatusCallback": c.StatusCallback} {
		if target != "" && !absoluteURL(target) {
			return refuseAs(http.StatusBadRequest, 21205, name+" is not an absolute http URL")
		}
	}
	for _, v := range f["StatusCallbackEvent"] {
		for e := range strings.FieldsSeq(v) {
			if !slices.Contains(callEvents, e) {
				return refuse(21626)
			}
			c.Events = append(c.Events, e)
		}
	}
	for name, into := range map[string]*Seconds{"Timeout": &c.Timeout, "TimeLimit": &c.TimeLimit} {
		v := f.Get(name)
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || name == "Timeout" && n > 600 {
			return refuseAs(http.StatusBadRequest, 21208, name+" is not an allowed number of seconds")
		}
		*into = Seconds(n)
	}
	switch {
	case c.Detect != "" && c.Detect != "Enable" && c.Detect != "DetectMessageEnd":
		return refuse(21234)
	case f.Get("SendDigits") != "": // Twilio switches detection off then
		c.Detect = ""
	case f.Get("AsyncAmd") == "true" && c.Detect != "":
		if c.AsyncAMD = f.Get("AsyncAmdStatusCallback"); c.AsyncAMD == "" {
			return refuseAs(http.StatusBadRequest, 21262, "AsyncAmd needs an AsyncAmdStatusCallback")
		}
	}
	return nil
}

func (s *Simulator) callOf(r *http.Request) (*call, *apiError) {
	if c := s.calls[mux.Vars(r)["sid"]]; c != nil {
		return c, nil
	}
	return nil, refuseAs(http.StatusNotFound, 20404, errorWords(20404))
}

// fetchCall is GET /Calls/{sid}.json.
func (s *Simulator) fetchCall(r *http.Request) (int, any, *apiError) {
	c, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.showCall(c), nil
}

// updateCall is POST /Calls/{sid}.json: Status ends the call, Url or Twiml sends
// it to another document.
func (s *Simulator) updateCall(r *http.Request) (int, any, *apiError) {
	c, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	f := r.PostForm
	if !c.live() {
		return 0, nil, refuse(21220)
	}
	switch status := f.Get("Status"); {
	case status == statusCompleted && c.Status == statusInProgress:
		s.note(c, lineInfo, "The application hung up.")
		s.finish(c, statusCompleted)
	case status == statusCanceled && c.Status == statusInProgress:
		return 0, nil, refuse(21220)
	case status == statusCanceled, status == statusCompleted:
		s.finish(c, statusCanceled)
	case status != "":
		return 0, nil, refuseAs(http.StatusBadRequest, 21218, "Status must be canceled or completed")
	case f.Get("Url") == "" && f.Get("Twiml") == "":
		return http.StatusOK, s.showCall(c), nil
	case c.Status != statusInProgress:
		return 0, nil, refuse(21220)
	default:
		if err := checkSource(f.Get("Url"), f.Get("Twiml")); err != nil {
			return 0, nil, err
		}
		s.dropLegs(c)
		c.Wait = nil
		if inline := f.Get("Twiml"); inline != "" {
			s.playInline(c, inline)
		} else {
			s.fetch(c, f.Get("Url"), f.Get("Method"), f.Get("FallbackUrl"))
		}
	}
	return http.StatusOK, s.showCall(c), nil
}

// dropLegs ends the phones of a <Dial> that is left.
func (s *Simulator) dropLegs(c *call) {
	if c.Wait == nil || c.Wait.Kind != waitDial {
		return
	}
	legs := c.Wait.Legs
	c.Wait = nil
	for _, sid := range legs {
		if leg := s.calls[sid]; leg != nil && leg.live() {
			s.endLeg(leg)
		}
	}
}

// deleteCall is DELETE /Calls/{sid}.json.
func (s *Simulator) deleteCall(r *http.Request) (int, any, *apiError) {
	c, err := s.callOf(r)
	if err != nil {
		return 0, nil, err
	}
	if c.live() {
		return 0, nil, refuseAs(http.StatusConflict, 20009, "The call is not over")
	}
	delete(s.calls, c.SID)
	s.st.Calls = slices.DeleteFunc(s.st.Calls, func(x *call) bool { return x == c })
	s.touch()
	return http.StatusNoContent, nil, nil
}

// listCalls is GET /Calls.json: newest first.
func (s *Simulator) listCalls(r *http.Request) (int, any, *apiError) {
	q := r.URL.Query()
	started, err := timeFilter(q, "StartTime")
	if err != nil {
		return 0, nil, err
	}
	ended, err := timeFilter(q, "EndTime")
	if err != nil {
		return 0, nil, err
	}
	to, from := plain(q.Get("To")), plain(q.Get("From"))
	status, parent := q.Get("Status"), q.Get("ParentCallSid")
	var found []*call
	for _, c := range slices.Backward(s.st.Calls) {
		begun := c.Answered
		if begun.IsZero() {
			begun = c.Created
		}
		if (to == "" || c.To == to) && (from == "" || c.From == from) && (status == "" || c.Status == status) &&
			(parent == "" || c.Parent == parent) && started(begun) && ended(c.Ended) {
			found = append(found, c)
		}
	}
	out, err := page(r, "calls", found, func(c *call) string { return c.SID }, func(c *call) any { return s.showCall(c) })
	return http.StatusOK, out, err
}

// callJSON is a Call resource. Durations are strings of seconds, or null.
type callJSON struct {
	AccountSID      string            `json:"account_sid"`
	AnsweredBy      *string           `json:"answered_by"`
	APIVersion      string            `json:"api_version"`
	CallerName      *string           `json:"caller_name"`
	DateCreated     *string           `json:"date_created"`
	DateUpdated     *string           `json:"date_updated"`
	Direction       string            `json:"direction"`
	Duration        *string           `json:"duration"`
	EndTime         *string           `json:"end_time"`
	ForwardedFrom   *string           `json:"forwarded_from"`
	From            string            `json:"from"`
	FromFormatted   string            `json:"from_formatted"`
	GroupSID        *string           `json:"group_sid"`
	ParentCallSID   *string           `json:"parent_call_sid"`
	PhoneNumberSID  *string           `json:"phone_number_sid"`
	Price           *string           `json:"price"`
	PriceUnit       string            `json:"price_unit"`
	QueueTime       string            `json:"queue_time"`
	SID             string            `json:"sid"`
	StartTime       *string           `json:"start_time"`
	Status          string            `json:"status"`
	SubresourceURIs map[string]string `json:"subresource_uris"`
	To              string            `json:"to"`
	ToFormatted     string            `json:"to_formatted"`
	TrunkSID        *string           `json:"trunk_sid"`
	URI             string            `json:"uri"`
}

func (s *Simulator) showCall(c *call) callJSON {
	uri := s.uri("/Calls/" + c.SID)
	out := callJSON{
		AccountSID: s.opt.AccountSID, AnsweredBy: orNull(c.AnsweredBy), APIVersion: apiVersion,
		DateCreated: twilioTime(c.Created), DateUpdated: twilioTime(c.Updated), Direction: c.Direction,
		StartTime: twilioTime(c.Answered), EndTime: twilioTime(c.Ended),
		From: c.From, FromFormatted: national(c.From), To: c.To, ToFormatted: national(c.To),
		ParentCallSID: orNull(c.Parent), PriceUnit: "USD", QueueTime: "0", SID: c.SID, Status: c.Status, URI: uri + ".json",
		SubresourceURIs: map[string]string{"recordings": uri + "/Recordings.json"},
	}
	if !c.live() {
		d := strconv.Itoa(c.seconds())
		out.Duration = &d
	}
	own := c.From
	if c.Direction == directionInbound {
		own = c.To
	}
	if s.own(own) != nil {
		sid := numberSID(own)
		out.PhoneNumberSID = &sid
	}
	return out
}
