package phonesim

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// job is a webhook that has to be delivered. It stays in the state until it is
// answered or given up, so that a restart of the simulator loses none.
type job struct {
	ID             string
	Kind           jobKind
	SID            string // the call, message or recording it is about
	Gen            int    `json:",omitempty"` // of the call: a late TwiML answer is dropped
	URL, Method    string
	Fallback       string `json:",omitempty"`
	Params         map[string]string
	Token          string // I-Twilio-Idempotency-Token
	WrongSignature bool   `json:",omitempty"`
	Twice          bool   `json:",omitempty"`
	Held           bool   `json:",omitempty"` // waits for its timer
	Hops           int    `json:",omitempty"` // <Redirect>s before it, for texts
	phone          string // for faults
	running        bool
}

type jobKind string

const (
	jobVoice  jobKind = "voice"  // the answer is TwiML for a call
	jobText   jobKind = "text"   // the answer is TwiML for a text
	jobStatus jobKind = "status" // the answer is ignored
	jobLast   jobKind = "last"   // after a hang-up: the answer is ignored
)

func (j job) form() url.Values {
	v := url.Values{}
	for k, x := range j.Params {
		v.Set(k, x)
	}
	return v
}

// enqueue takes a webhook in, with the faults that are switched on for it.
func (s *Simulator) enqueue(j job) {
	if j.URL == "" {
		return
	}
	if j.Method != http.MethodGet {
		j.Method = http.MethodPost
	}
	s.st.Seq++
	j.ID, j.Token, j.running, j.Held = "J"+itoa(s.st.Seq), s.token(), false, false
	subject := "POST " + j.URL
	if j.Kind == jobStatus && s.take(FaultStatusDrop, j.phone, subject) != nil {
		s.record(&entry{Kind: logWebhook, Method: j.Method, URL: j.URL, SID: j.SID, Params: j.Params,
			Summary: "dropped by a fault: never sent"})
		return
	}
	if s.take(FaultWebhookDrop, j.phone, subject) != nil {
		s.record(&entry{Kind: logWebhook, Method: j.Method, URL: j.URL, SID: j.SID, Params: j.Params,
			Summary: "dropped by a fault: never sent"})
		if j.Kind == jobVoice {
			s.voiceFailed(j, answer{url: j.URL, code: codeHTTP})
		}
		return
	}
	j.WrongSignature = s.take(FaultWebhookWrongToken, j.phone, subject) != nil
	j.Twice = s.take(FaultWebhookTwice, j.phone, subject) != nil
	if f := s.take(FaultWebhookDelay, j.phone, subject); f != nil {
		j.Held = true
		s.after(f.Seconds.Duration(), timer{Kind: timerJob, SID: j.ID})
	}
	if j.Kind == jobStatus && !j.Held {
		if f := s.take(FaultStatusReorder, j.phone, subject); f != nil && f.Used%2 == 1 {
			j.Held = true
			s.after(f.Seconds.Duration(), timer{Kind: timerJob, SID: j.ID})
		}
	}
	s.st.Jobs = append(s.st.Jobs, &j)
	s.touch()
}

func (s *Simulator) releaseJob(id string) {
	for _, j := range s.st.Jobs {
		if j.ID == id {
			j.Held = false
			s.touch()
		}
	}
}

// startJobs sends what may be sent: everything at once, but the status callbacks
// of one call or message in their order.
func (s *Simulator) startJobs() {
	if s.closed {
		return
	}
	earlier := map[string]bool{}
	for _, j := range s.st.Jobs {
		if j.Held {
			continue
		}
		blocked := j.Kind == jobStatus && earlier[j.SID]
		if j.Kind == jobStatus {
			earlier[j.SID] = true
		}
		if blocked || j.running {
			continue
		}
		j.running = true
		s.running++
		s.wg.Add(1)
		go s.deliver(j, *j)
	}
}

// deliver runs one job to its end; it takes the lock itself.
func (s *Simulator) deliver(own *job, j job) {
	defer s.wg.Done()
	authToken := s.opt.AuthToken
	if j.WrongSignature {
		authToken = "wrong" + authToken
	}
	var results []answer
	for range 1 + b2i(j.Twice) {
		results = append(results, s.send(s.ctx, j, authToken))
	}
	first := results[0]
	if !first.ok() && j.Fallback != "" && s.ctx.Err() == nil {
		second := j
		second.URL, second.Fallback = j.Fallback, ""
		second.Params = withParams(j.Params, "ErrorCode", itoa(uint64(first.code)), "ErrorUrl", first.url)
		fallback := s.send(s.ctx, second, authToken)
		results = append(results, fallback)
		first = fallback
	}
	if j.Kind == jobVoice && first.ok() {
		first.sounds, first.silent = s.fetchSounds(s.ctx, first)
	}
	s.lock()
	defer s.unlock()
	s.running--
	if s.ctx.Err() != nil { // stopped: the job stays and is sent after the next start
		own.running = false
		return
	}
	s.touch()
	s.st.Jobs = slices.DeleteFunc(s.st.Jobs, func(x *job) bool { return x == own })
	for _, a := range results {
		s.recordWebhook(j, a)
	}
	switch {
	case j.Kind == jobVoice && first.ok():
		s.gotVoice(j, first)
	case j.Kind == jobVoice:
		s.voiceFailed(j, first)
	case j.Kind == jobText && first.ok():
		s.gotText(j, first)
	}
}

// recordWebhook writes a delivered webhook to the log.
func (s *Simulator) recordWebhook(j job, a answer) {
	s.timed(j.Kind, a)
	e := &entry{Kind: logWebhook, Method: j.Method, URL: a.url, Status: a.status, SID: j.SID, Params: j.Params,
		Response: clip(a.body), Millis: int(a.took / time.Millisecond)}
	if a.err != nil {
		e.Code, e.Summary = a.code, a.err.Error()
		s.opt.Logger.Warn("webhook failed", "sid", j.SID, "code", a.code, "status", a.status)
	}
	if j.WrongSignature {
		e.Summary = joinNotes("signed with a wrong token by a fault", e.Summary)
	}
	if j.Twice {
		e.Summary = joinNotes("sent twice by a fault", e.Summary)
	}
	s.record(e)
}
