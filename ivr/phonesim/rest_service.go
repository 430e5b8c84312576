package phonesim

import (
	"net/http"

	"github.com/gorilla/mux"
)

// servicesPath is where the messaging API has services; it names no account.
const servicesPath = "/v1/Services/"

// serviceJSON is a Service resource of the messaging API, with what the simulator uses. Every well-formed
// id is a service that has all our numbers, and leaves where texts go to each number.
type serviceJSON struct {
	SID                       string `json:"sid"`
	AccountSID                string `json:"account_sid"`
	FriendlyName              string `json:"friendly_name"`
	InboundRequestURL         string `json:"inbound_request_url"`
	InboundMethod             string `json:"inbound_method"`
	StickySender              bool   `json:"sticky_sender"`
	UseInboundWebhookOnNumber bool   `json:"use_inbound_webhook_on_number"`
}

// fetchService is GET /v1/Services/{sid} of messaging.twilio.com.
func (s *Simulator) fetchService(r *http.Request) (int, any, *apiError) {
	sid := mux.Vars(r)["sid"]
	if !serviceForm.MatchString(sid) {
		return 0, nil, refuseAs(http.StatusNotFound, 20404, errorWords(20404))
	}
	return http.StatusOK, serviceJSON{SID: sid, AccountSID: s.opt.AccountSID, FriendlyName: "Simulated service", InboundMethod: http.MethodPost, StickySender: true, UseInboundWebhookOnNumber: true}, nil
}
