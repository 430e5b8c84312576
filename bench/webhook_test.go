// Package bench measures Muster beside its peers. Figures and the machine they come from are in
// RESULTS.md; `make bench` runs all of it.
package bench

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/rig"
	"github.com/muster-health/muster/ivr/phonesim"
	"github.com/muster-health/muster/ivr/twilio"
	"github.com/muster-health/muster/trial"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "0123456789abcdef0123456789abcdef"
)

const study = `
id: BENCH
title: {en: A study}
neutralName: {en: the research office}
keyword: OAK
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Board, number: B-1, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: consent
sites: [{id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0101}]
visits: [{code: V1, day: 30}]
diary:
  questionnaire: steady-evening
  from: "06:00"
  to: "23:00"
  days: daily
  channels: [voice]
  callAt: "09:30"
  redFlagApproval: LUH-1-RF
  redFlags: [{item: upper, op: ">=", value: "180", level: urgent}]
  safetyText: {en: Call 911 if you feel very unwell.}
onCall: [{name: Noor, phone: 412-555-0102, hours: always}]
outOfHours: Noor.
promise: {caller: Maria, number: 412-555-0100, hours: 8}
`

// BenchmarkWebhooks posts signed webhooks over loopback HTTP, each durable before it is answered:
// texts that get a reply, and calls of a check-in from the PIN to the last question. The p50 and
// p99 of one webhook are reported, load generator included.
func BenchmarkWebhooks(b *testing.B) {
	const people = 60
	r := rig.New(b, rig.Options{})
	ctx := b.Context()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	st, err := trial.ParseStudy([]byte(study))
	must(err)
	_, err = r.Trial.PutStudy(ctx, rig.Staff, st)
	must(err)
	for i := range people {
		out, err := r.Trial.Apply(ctx, rig.Staff, trial.Application{Study: "BENCH", Source: "web", NoCode: true, SignUp: contacts.SignUp{
			Consents: []contacts.Consent{{Purpose: contacts.StudyCare, Channel: contacts.Voice, Granted: true, Source: "web"}, {Purpose: contacts.StudyCare, Channel: contacts.SMS, Granted: true, Source: "web"}},
			Person:   contacts.Person{Given: fmt.Sprintf("P%d", i), Family: "X", BirthDate: "1960-01-02", Language: "en", Zone: "America/New_York", Points: []contacts.Point{{Kind: contacts.Mobile, Value: number(i)}}}}})
		must(err)
		must(r.People.SetPIN(ctx, rig.Staff, out.Person, "4471", "bench"))
		for _, to := range []trial.Status{trial.Contacting, trial.Considering, trial.Prescreened} {
			_, err = r.Trial.Move(ctx, rig.Staff, out.Subject, to, "", "", "")
			must(err)
		}
		_, err = r.Trial.RecordConsent(ctx, rig.Staff, out.Subject, trial.InformedConsent{FormVersion: "1", Signed: r.Clock.Now().Add(-time.Hour), ObtainedBy: "m"}, "")
		must(err)
	}
	var hooks http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { hooks.ServeHTTP(w, q) }))
	defer srv.Close()
	hooks = twilio.NewWebhooks(r.Operator, srv.URL, account, token, slog.New(slog.DiscardHandler))

	var took []time.Duration
	post := func(path string, form url.Values) string {
		form.Set("AccountSid", account)
		req, _ := http.NewRequest(http.MethodPost, srv.URL+path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Twilio-Signature", phonesim.Sign(token, srv.URL+path, form))
		began := time.Now()
		resp, err := http.DefaultClient.Do(req)
		must(err)
		body, err := io.ReadAll(resp.Body)
		must(err)
		resp.Body.Close()
		took = append(took, time.Since(began))
		if resp.StatusCode != http.StatusOK {
			b.Fatalf("%s answered %d: %s", path, resp.StatusCode, body)
		}
		return string(body)
	}
	for n := 0; b.Loop(); n++ {
		from := number(n % people)
		post(twilio.SMSPath, url.Values{"MessageSid": {fmt.Sprintf("SM%032x", n)}, "From": {from}, "To": {rig.Office}, "Body": {"hello"}})
		sid := fmt.Sprintf("CA%032x", n)
		call := url.Values{"CallSid": {sid}, "From": {from}, "To": {rig.Office}, "Direction": {"inbound"}, "CallStatus": {"in-progress"}}
		body := post(twilio.VoicePath, call)
		for _, keys := range []string{"4471", "1", "120", "1", "80", "1", "2", "2", "1"} {
			_, step, ok := strings.Cut(body, "step=")
			if !ok {
				break
			}
			step = step[:strings.IndexFunc(step, func(r rune) bool { return r < '0' || r > '9' })]
			call.Set("Digits", keys)
			body = post(twilio.VoicePath+"?step="+step, call)
		}
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(len(took))/float64(b.N), "webhooks/op")
	b.ReportMetric(float64(len(took))/sum(took).Seconds(), "webhooks/s")
}

func sum(d []time.Duration) (t time.Duration) {
	for _, x := range d {
		t += x
	}
	return t
}

// number is a fictional number: 555-0100 to 555-0199 in a few area codes.
func number(i int) string {
	areas := []string{"724", "878", "814", "740", "330"}
	return fmt.Sprintf("+1%s55501%02d", areas[i/100%len(areas)], i%100)
}
