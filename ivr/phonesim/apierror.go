package phonesim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// apiVersion is the version in every path and payload.
const apiVersion = "2010-04-01"

// maxBody is the most characters a text may have (21617).
const maxBody = 1600

// apiError is an error answer of the REST API.
type apiError struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Message) }

// refuse makes the 400 answer for one of Twilio's codes.
func refuse(code int) *apiError { return refuseAs(http.StatusBadRequest, code, errorWords(code)) }

func refuseAs(status, code int, message string) *apiError {
	return &apiError{Code: code, Message: message, Status: status,
		MoreInfo: "https://www.twilio.com/docs/errors/" + strconv.Itoa(code)}
}

func (e *apiError) write(w http.ResponseWriter) {
	writeJSON(w, e.Status, e)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"the answer could not be written"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// errorWords says in our words what one of Twilio's codes means.
func errorWords(code int) string {
	switch code {
	case 20404:
		return "The requested resource was not found"
	case 21201:
		return "No 'To' number is specified"
	case 21205:
		return "A Url, Twiml or ApplicationSid parameter is required, and a Url must be an absolute http URL"
	case 21208:
		return "Timeout is not a number of seconds from 1 to 600"
	case 21209:
		return "A method must be GET or POST"
	case 21210:
		return "The 'From' number is not a number of this account"
	case 21211:
		return "The 'To' number is not a valid phone number"
	case 21212:
		return "The 'From' number is not a valid phone number"
	case 21213:
		return "A 'From' number is required"
	case 21214:
		return "The 'To' phone number cannot be reached"
	case 21215:
		return "The account's geographic permissions do not allow this call"
	case 21216:
		return "The call is blocked"
	case 21217:
		return "The phone number does not appear to be valid"
	case 21218:
		return "The simulator has no TwiML applications: use Url or Twiml"
	case 21220:
		return "The call is not in a state that allows this change"
	case 21234:
		return "MachineDetection must be Enable or DetectMessageEnd"
	case 21266:
		return "'To' and 'From' numbers cannot be the same"
	case 21402:
		return "The URL is not an absolute http URL"
	case 21408:
		return "Permission to send a message to this region is not enabled"
	case 21602:
		return "A message body is required"
	case 21603:
		return "A 'From' number or a MessagingServiceSid is required"
	case 21604:
		return "A 'To' number is required"
	case 21606:
		return "The 'From' number is not a text-capable number of this account"
	case 21609:
		return "The StatusCallback is not an absolute http URL"
	case 21610:
		return "The recipient has stopped texts from this number"
	case 21611:
		return "The 'From' number has too many queued messages"
	case 21612:
		return "This 'To' number cannot be reached from this 'From' number"
	case 21614:
		return "The 'To' number is not a valid mobile number"
	case 21617:
		return "The body has more than 1600 characters"
	case 21624:
		return "ValidityPeriod is not a number of seconds from 1 to 36000"
	case 21626:
		return "StatusCallbackEvent is not one of initiated, ringing, answered, completed"
	case 21701:
		return "The messaging service does not exist"
	case 35114:
		return "SendAt must be 5 minutes to 35 days from now"
	case 35118:
		return "A MessagingServiceSid is required to schedule a message"
	case codeUnreachable:
		return "The phone cannot be reached"
	case codeLandline:
		return "The phone is a landline and takes no texts"
	case 30005:
		return "Unknown phone"
	case 30007:
		return "The carrier filtered the message"
	case 30008:
		return "Delivery failed for an unknown reason"
	case codeValidityOver:
		return "The validity period was over before the message could be sent"
	}
	return "Error " + strconv.Itoa(code)
}
