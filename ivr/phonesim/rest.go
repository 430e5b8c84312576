package phonesim

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// restFunc is one operation of the REST API. It returns the status and the
// resource, or an error; it runs with the lock held.
type restFunc func(r *http.Request) (int, any, *apiError)

// rest wraps an operation with what all share: the account's credentials, the
// form, the faults, the log.
func (s *Simulator) rest(f restFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		r.Body = http.MaxBytesReader(w, r.Body, webhookBody)
		if err := s.authenticate(r); err != nil {
			w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
			err.write(w)
			s.logREST(r, err.Status, []byte(err.Message), err.Code, "", begin)
			return
		}
		if err := r.ParseForm(); err != nil {
			refuseAs(http.StatusBadRequest, 20001, "The form cannot be read").write(w)
			return
		}
		delay, fault := s.restFaults(r)
		if delay != nil && !delay.Performed && !s.sleep(delay.Seconds) {
			panic(http.ErrAbortHandler) // the network stops: the request never happened
		}
		var held []byte
		rec := httptest.NewRecorder()
		note := ""
		if fault == nil || fault.Performed {
			s.carryOut(f, r, rec)
			held = rec.Body.Bytes()
		}
		if fault != nil {
			rec = httptest.NewRecorder()
			s.breakAnswer(fault, r, rec)
			note = "refused by a fault"
			if fault.Performed {
				note = "carried out, but the answer was replaced by a fault"
			}
		}
		if delay != nil && delay.Performed {
			note = joinNotes("carried out before the delay", note)
			s.sleep(delay.Seconds)
		}
		if fault != nil && fault.Kind == FaultRESTDropped {
			s.logREST(r, 0, held, 0, joinNotes("connection broken", note), begin)
			panic(http.ErrAbortHandler) // the server closes the connection without an answer
		}
		w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
		if rec.Code == http.StatusNoContent {
			w.Header().Del("Content-Length")
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
		s.logREST(r, rec.Code, rec.Body.Bytes(), 0, note, begin)
	})
}

// carryOut carries one operation out.
func (s *Simulator) carryOut(f restFunc, r *http.Request, w http.ResponseWriter) {
	s.lock()
	status, v, apiErr := f(r)
	s.unlock()
	switch raw, isRaw := v.(rawBody); {
	case apiErr != nil:
		apiErr.write(w)
	case isRaw:
		w.Header().Set("Content-Type", raw.contentType)
		w.WriteHeader(status)
		_, _ = w.Write(raw.body)
	case status == http.StatusNoContent:
		w.WriteHeader(status)
	default:
		writeJSON(w, status, v)
	}
}

// rawBody is an answer that is not JSON.
type rawBody struct {
	contentType string
	body        []byte
}

// authenticate checks Basic credentials and that the path is the account's own.
func (s *Simulator) authenticate(r *http.Request) *apiError {
	user, pass, _ := r.BasicAuth()
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	if !same(user, s.opt.AccountSID) || !same(pass, s.opt.AuthToken) {
		return refuseAs(http.StatusUnauthorized, 20003, "Authenticate")
	}
	account := "/" + apiVersion + "/Accounts/" + s.opt.AccountSID
	if r.URL.Path != account+".json" && !strings.HasPrefix(r.URL.Path, account+"/") && !strings.HasPrefix(r.URL.Path, servicesPath) {
		return refuseAs(http.StatusNotFound, 20404, errorWords(20404))
	}
	return nil
}

// resource is the path below the account, such as /Messages.json.
func (s *Simulator) resource(r *http.Request) string {
	return strings.TrimPrefix(r.URL.Path, "/"+apiVersion+"/Accounts/"+s.opt.AccountSID)
}

// restFaults takes what goes wrong with a request: how late its answer is, and what breaks it.
func (s *Simulator) restFaults(r *http.Request) (delay, broken *Fault) {
	subject := r.Method + " " + s.resource(r)
	to, _ := e164(r.FormValue("To"))
	s.lock()
	defer s.unlock()
	delay = s.take(FaultRESTDelay, to, subject)
	for _, kind := range []FaultKind{FaultRESTDropped, FaultREST429, FaultREST500, FaultREST503, FaultRESTEmpty, FaultRESTMoved} {
		if broken = s.take(kind, to, subject); broken != nil {
			return delay, broken
		}
	}
	if creates(r, s.resource(r)) {
		broken = s.take(FaultRESTRefused, to, subject)
	}
	return delay, broken
}

// creates says whether a request asks for a text or a call.
func creates(r *http.Request, resource string) bool {
	return r.Method == http.MethodPost && (resource == "/Messages.json" || resource == "/Calls.json")
}

// sleep lets real time pass, also when the application has hung up meanwhile: what it sent is on
// its way. False: the simulator stopped.
func (s *Simulator) sleep(d Seconds) bool {
	select {
	case <-time.After(d.Duration()):
		return true
	case <-s.ctx.Done():
		return false
	}
}

// breakAnswer writes the answer of a fault.
func (s *Simulator) breakAnswer(f *Fault, r *http.Request, w http.ResponseWriter) {
	switch f.Kind {
	case FaultREST429:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.Seconds)))
		refuseAs(http.StatusTooManyRequests, 20429, "Too many requests").write(w)
	case FaultREST500:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("<html><body><h1>500 Internal Server Error</h1></body></html>\n"))
	case FaultRESTRefused:
		refuse(f.Code).write(w)
	case FaultREST503:
		refuseAs(http.StatusServiceUnavailable, 20503, "Service unavailable").write(w)
	case FaultRESTEmpty:
		writeJSON(w, http.StatusCreated, struct{}{})
	case FaultRESTMoved:
		w.Header().Set("Location", s.opt.BaseURL+r.URL.Path+"?moved")
		w.WriteHeader(http.StatusMovedPermanently)
	}
}

// logREST records a request of the application.
func (s *Simulator) logREST(r *http.Request, status int, body []byte, code int, note string, begin time.Time) {
	params := map[string]string{}
	source := r.PostForm
	if r.Method == http.MethodGet {
		source = r.URL.Query()
	}
	for k, v := range source {
		params[k] = strings.Join(v, " ")
	}
	s.lock()
	defer s.unlock()
	s.record(&entry{Kind: logREST, Method: r.Method, URL: s.resource(r), Status: status, Code: code, Params: params,
		Summary: note, Response: clip(body), Millis: int(time.Since(begin) / time.Millisecond)})
}

// absoluteURL reports whether v is an absolute http URL with a host.
func absoluteURL(v string) bool {
	u, err := url.Parse(v)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// twilioTime writes RFC 2822 with +0000, as the API does; null for no time.
func twilioTime(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	v := t.UTC().Format(time.RFC1123Z)
	return &v
}

// orNull is v, or null when it is empty.
func orNull(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// filterTime reads a time of a list filter: a date, RFC 3339, or date and time.
func filterTime(v string) (t time.Time, dateOnly bool, err error) {
	if t, err := time.Parse(time.DateOnly, v); err == nil {
		return t, true, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05.000", time.DateTime, time.RFC1123Z, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), false, nil
		}
	}
	return time.Time{}, false, errors.New("not a date")
}

// timeFilter is a list's filter on one time: Name=day, Name< and Name> (both inclusive).
func timeFilter(q url.Values, name string) (func(time.Time) bool, *apiError) {
	tests := []func(time.Time) bool{}
	for suffix, test := range map[string]func(t, limit time.Time, day bool) bool{
		"": func(t, limit time.Time, day bool) bool {
			return t.UTC().Truncate(24 * time.Hour).Equal(limit.UTC().Truncate(24 * time.Hour))
		},
		"<": func(t, limit time.Time, _ bool) bool { return !t.Truncate(time.Second).After(limit) },
		">": func(t, limit time.Time, _ bool) bool { return !t.Before(limit) },
	} {
		v := q.Get(name + suffix)
		if v == "" {
			continue
		}
		limit, day, err := filterTime(v)
		if err != nil {
			return nil, refuseAs(http.StatusBadRequest, 20001, "The filter "+name+suffix+" is not a date")
		}
		tests = append(tests, func(t time.Time) bool { return test(t, limit, day) })
	}
	return func(t time.Time) bool {
		for _, ok := range tests {
			if t.IsZero() || !ok(t) {
				return false
			}
		}
		return true
	}, nil
}
