package phonesim

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/mux"
)

// recordingJSON is a Recording resource.
type recordingJSON struct {
	AccountSID  string  `json:"account_sid"`
	APIVersion  string  `json:"api_version"`
	CallSID     string  `json:"call_sid"`
	Channels    int     `json:"channels"`
	DateCreated *string `json:"date_created"`
	DateUpdated *string `json:"date_updated"`
	StartTime   *string `json:"start_time"`
	Duration    string  `json:"duration"`
	ErrorCode   *int    `json:"error_code"`
	MediaURL    string  `json:"media_url"`
	Price       *string `json:"price"`
	PriceUnit   string  `json:"price_unit"`
	SID         string  `json:"sid"`
	Source      string  `json:"source"`
	Status      string  `json:"status"`
	URI         string  `json:"uri"`

	ConferenceSID   *string        `json:"conference_sid"`
	SubresourceURIs map[string]any `json:"subresource_uris"`
}

func (s *Simulator) showRecording(r *recording) recordingJSON {
	return recordingJSON{
		AccountSID: s.opt.AccountSID, APIVersion: apiVersion, CallSID: r.CallSID, Channels: 1,
		DateCreated: twilioTime(r.Created), DateUpdated: twilioTime(r.Created), StartTime: twilioTime(r.Started),
		Duration: strconv.Itoa(r.Seconds), MediaURL: s.recordingURL(r), PriceUnit: "USD", SID: r.SID, Source: r.Source,
		Status: "completed", URI: s.uri("/Recordings/"+r.SID) + ".json", SubresourceURIs: map[string]any{},
	}
}

// listRecordings is GET /Recordings.json and GET /Calls/{call}/Recordings.json.
func (s *Simulator) listRecordings(r *http.Request) (int, any, *apiError) {
	call := orElse(mux.Vars(r)["call"], r.URL.Query().Get("CallSid"))
	var found []*recording
	for _, rec := range slices.Backward(s.st.Recordings) {
		if call == "" || rec.CallSID == call {
			found = append(found, rec)
		}
	}
	out, err := page(r, "recordings", found, func(r *recording) string { return r.SID }, func(r *recording) any { return s.showRecording(r) })
	return http.StatusOK, out, err
}

func (s *Simulator) recordingOf(r *http.Request) (*recording, *apiError) {
	sid := mux.Vars(r)["sid"]
	i := slices.IndexFunc(s.st.Recordings, func(x *recording) bool { return x.SID == sid })
	if i < 0 {
		return nil, refuseAs(http.StatusNotFound, 20404, errorWords(20404))
	}
	return s.st.Recordings[i], nil
}

// fetchRecording is GET /Recordings/{sid}.json.
func (s *Simulator) fetchRecording(r *http.Request) (int, any, *apiError) {
	rec, err := s.recordingOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.showRecording(rec), nil
}

// deleteRecording is DELETE /Recordings/{sid}.json.
func (s *Simulator) deleteRecording(r *http.Request) (int, any, *apiError) {
	rec, err := s.recordingOf(r)
	if err != nil {
		return 0, nil, err
	}
	s.st.Recordings = slices.DeleteFunc(s.st.Recordings, func(x *recording) bool { return x == rec })
	s.touch()
	return http.StatusNoContent, nil, nil
}

// recordingMedia is GET /Recordings/{sid} and …/{sid}.wav. It wants the account's
// credentials, as Twilio does with "HTTP auth for media" switched on.
func (s *Simulator) recordingMedia(r *http.Request) (int, any, *apiError) {
	rec, err := s.recordingOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, rawBody{"audio/x-wav", toneWAV(min(rec.Seconds, 120))}, nil
}

// toneWAV is a quiet 440 Hz tone: 8 kHz, 16 bit, mono, as Twilio's recordings are.
func toneWAV(seconds int) []byte {
	const rate = 8000
	n := rate * seconds
	var b bytes.Buffer
	b.WriteString("RIFF")
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a Buffer never fails
	le(uint32(36 + 2*n))
	b.WriteString("WAVEfmt ")
	le(struct {
		Size             uint32
		Format, Channels uint16
		Rate, Bytes      uint32
		Align, Bits      uint16
	}{16, 1, 1, rate, rate * 2, 2, 16})
	b.WriteString("data")
	le(uint32(2 * n))
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = int16(1200 * math.Sin(2*math.Pi*440*float64(i)/rate))
	}
	le(samples)
	return b.Bytes()
}
