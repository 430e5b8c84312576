package phonesim

import "net/http"

// accountJSON is an Account resource, with what says whether it can be used.
type accountJSON struct {
	SID             string  `json:"sid"`
	FriendlyName    string  `json:"friendly_name"`
	Status          string  `json:"status"`
	Type            string  `json:"type"`
	OwnerAccountSID string  `json:"owner_account_sid"`
	DateCreated     *string `json:"date_created"`
	DateUpdated     *string `json:"date_updated"`
	URI             string  `json:"uri"`
}

// fetchAccount is GET /Accounts/{sid}.json. The account's token is not in the answer.
func (s *Simulator) fetchAccount(*http.Request) (int, any, *apiError) {
	return http.StatusOK, accountJSON{SID: s.opt.AccountSID, FriendlyName: "Phone simulator", Status: "active", Type: "Full", OwnerAccountSID: s.opt.AccountSID, URI: s.uri("") + ".json"}, nil
}
