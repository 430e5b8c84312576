package phonesim

import (
	"net/http"

	"github.com/gorilla/mux"
)

// numberJSON is an IncomingPhoneNumber resource. The last block is what Twilio shows too and the
// simulator has no use for.
type numberJSON struct {
	AccountSID           string          `json:"account_sid"`
	APIVersion           string          `json:"api_version"`
	Capabilities         map[string]bool `json:"capabilities"`
	FriendlyName         string          `json:"friendly_name"`
	PhoneNumber          string          `json:"phone_number"`
	SID                  string          `json:"sid"`
	SMSURL               string          `json:"sms_url"`
	SMSMethod            string          `json:"sms_method"`
	SMSFallbackURL       string          `json:"sms_fallback_url"`
	VoiceURL             string          `json:"voice_url"`
	VoiceMethod          string          `json:"voice_method"`
	VoiceFallbackURL     string          `json:"voice_fallback_url"`
	StatusCallback       string          `json:"status_callback"`
	StatusCallbackMethod string          `json:"status_callback_method"`
	Status               string          `json:"status"`
	URI                  string          `json:"uri"`

	AddressRequirements    string  `json:"address_requirements"`
	AddressSID             *string `json:"address_sid"`
	Beta                   bool    `json:"beta"`
	BundleSID              *string `json:"bundle_sid"`
	DateCreated            *string `json:"date_created"`
	DateUpdated            *string `json:"date_updated"`
	EmergencyStatus        string  `json:"emergency_status"`
	EmergencyAddressSID    *string `json:"emergency_address_sid"`
	EmergencyAddressStatus string  `json:"emergency_address_status"`
	IdentitySID            *string `json:"identity_sid"`
	Origin                 string  `json:"origin"`
	SMSApplicationSID      string  `json:"sms_application_sid"`
	SMSFallbackMethod      string  `json:"sms_fallback_method"`
	TrunkSID               *string `json:"trunk_sid"`
	Type                   *string `json:"type"`
	VoiceApplicationSID    string  `json:"voice_application_sid"`
	VoiceCallerIDLookup    bool    `json:"voice_caller_id_lookup"`
	VoiceFallbackMethod    string  `json:"voice_fallback_method"`
	VoiceReceiveMode       string  `json:"voice_receive_mode"`
}

func (s *Simulator) showNumber(n *Number) numberJSON {
	sid := numberSID(n.Number)
	return numberJSON{
		AccountSID: s.opt.AccountSID, APIVersion: apiVersion, FriendlyName: orElse(n.Name, national(n.Number)),
		Capabilities: map[string]bool{"voice": true, "sms": true, "mms": false, "fax": false},
		PhoneNumber:  n.Number, SID: sid, SMSURL: n.SMSURL, SMSMethod: n.SMSMethod, SMSFallbackURL: n.SMSFallback,
		VoiceURL: n.VoiceURL, VoiceMethod: n.VoiceMethod, VoiceFallbackURL: n.VoiceFallback,
		StatusCallback: n.StatusCallback, StatusCallbackMethod: http.MethodPost, Status: "in-use",
		URI: s.uri("/IncomingPhoneNumbers/"+sid) + ".json",

		AddressRequirements: "none", DateCreated: twilioTime(s.began), DateUpdated: twilioTime(s.began), EmergencyStatus: "Inactive",
		EmergencyAddressStatus: "unregistered", Origin: "twilio", SMSFallbackMethod: http.MethodPost, VoiceFallbackMethod: http.MethodPost, VoiceReceiveMode: "voice",
	}
}

// listNumbers is GET /IncomingPhoneNumbers.json.
func (s *Simulator) listNumbers(r *http.Request) (int, any, *apiError) {
	q := r.URL.Query()
	want, name := plain(q.Get("PhoneNumber")), q.Get("FriendlyName")
	var found []*Number
	for _, n := range s.numbers {
		if (want == "" || n.Number == want) && (name == "" || n.Name == name) {
			found = append(found, n)
		}
	}
	out, err := page(r, "incoming_phone_numbers", found,
		func(n *Number) string { return numberSID(n.Number) }, func(n *Number) any { return s.showNumber(n) })
	return http.StatusOK, out, err
}

func (s *Simulator) numberOf(r *http.Request) (*Number, *apiError) {
	for _, n := range s.numbers {
		if numberSID(n.Number) == mux.Vars(r)["sid"] {
			return n, nil
		}
	}
	return nil, refuseAs(http.StatusNotFound, 20404, errorWords(20404))
}

// fetchNumber is GET /IncomingPhoneNumbers/{sid}.json.
func (s *Simulator) fetchNumber(r *http.Request) (int, any, *apiError) {
	n, err := s.numberOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.showNumber(n), nil
}

// updateNumber is POST /IncomingPhoneNumbers/{sid}.json: webhooks and name. It
// lasts until the simulator is started again with its own options.
func (s *Simulator) updateNumber(r *http.Request) (int, any, *apiError) {
	n, err := s.numberOf(r)
	if err != nil {
		return 0, nil, err
	}
	changed := *n
	urls := map[string]*string{"SmsUrl": &changed.SMSURL, "SmsFallbackUrl": &changed.SMSFallback, "VoiceUrl": &changed.VoiceURL,
		"VoiceFallbackUrl": &changed.VoiceFallback, "StatusCallback": &changed.StatusCallback}
	for name, into := range urls {
		if v, set := r.PostForm[name]; set {
			if v[0] != "" && !absoluteURL(v[0]) {
				return 0, nil, refuse(21402)
			}
			*into = v[0]
		}
	}
	for name, into := range map[string]*string{"SmsMethod": &changed.SMSMethod, "VoiceMethod": &changed.VoiceMethod} {
		if v := r.PostForm.Get(name); v != "" {
			if !method(v) {
				return 0, nil, refuseAs(http.StatusBadRequest, 21403, errorWords(21209))
			}
			*into = v
		}
	}
	if v := r.PostForm.Get("FriendlyName"); v != "" {
		changed.Name = v
	}
	*n = changed
	s.touch()
	return http.StatusOK, s.showNumber(n), nil
}
