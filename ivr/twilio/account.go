package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
	messaging "github.com/twilio/twilio-go/rest/messaging/v1"
)

// ErrCredentials says that Twilio does not know the account with this token.
var ErrCredentials = errors.New("twilio does not take the account and its token")

// Account is what Twilio says of ours and of its number.
type Account struct {
	Status             string // active, suspended, closed
	Type               string // Full or Trial
	Number             bool   // the number belongs to it
	SMS, Voice         bool   // what the number can do
	SMSHook, VoiceHook string // where Twilio asks when it is texted or called
}

// Account asks Twilio about the account and the number. Nobody is texted or called. ErrCredentials.
func (c *Carrier) Account(ctx context.Context) (Account, error) {
	s, t := c.service(ctx)
	a, err := s.FetchAccount(c.o.AccountSID)
	if err != nil {
		return Account{}, t.why("fetch account", err)
	}
	out := Account{Status: value(a.Status), Type: value(a.Type)}
	from, one := c.o.From.E164(), 1
	numbers, err := s.ListIncomingPhoneNumber(&api.ListIncomingPhoneNumberParams{PhoneNumber: &from, Limit: &one})
	if err != nil {
		return out, t.why("list numbers", err)
	}
	if len(numbers) == 0 {
		return out, nil
	}
	n := numbers[0]
	out.Number, out.SMSHook, out.VoiceHook = true, value(n.SmsUrl), value(n.VoiceUrl)
	if n.Capabilities != nil {
		out.SMS, out.Voice = n.Capabilities.Sms, n.Capabilities.Voice
	}
	return out, nil
}

// Service is what Twilio says of the messaging service that texts go through.
type Service struct {
	OnNumber bool   // texts to one of its numbers go where the number says
	Inbound  string // else they go here
}

// Service asks Twilio about the messaging service. ErrCredentials.
func (c *Carrier) Service(ctx context.Context) (Service, error) {
	cl, t := c.client(ctx)
	s, err := messaging.NewApiServiceWithClient(cl).FetchService(c.o.Service)
	if err != nil {
		return Service{}, t.why("fetch messaging service", err)
	}
	return Service{OnNumber: s.UseInboundWebhookOnNumber != nil && *s.UseInboundWebhookOnNumber, Inbound: value(s.InboundRequestUrl)}, nil
}

// why is an error without the words of Twilio, which may hold numbers.
func (t *trip) why(what string, err error) error {
	var rest *client.TwilioRestError
	switch {
	case t.failed != nil:
		return fmt.Errorf("%s: no answer", what)
	case t.status == http.StatusUnauthorized:
		return fmt.Errorf("%s: %w", what, ErrCredentials)
	case errors.As(err, &rest):
		return fmt.Errorf("%s: answer %d, code %d", what, t.status, rest.Code)
	}
	return fmt.Errorf("%s: answer %d", what, t.status)
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
