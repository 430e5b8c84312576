package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/muster-health/muster/ivr/phonesim"
)

// bare is how many texts a second the network takes, delivers and reports to an application that
// keeps nothing: what is left of the machine when only the network works. It is reset afterwards.
func (x *exchange) bare(n int) (perSecond float64) {
	x.t.Helper()
	var left sync.WaitGroup
	left.Add(2 * n) // sent, delivered
	hooks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { left.Done() }))
	defer hooks.Close()
	work := make(chan string)
	began := time.Now()
	for range 16 {
		go func() {
			for number := range work {
				form := url.Values{"To": {number}, "From": {office}, "Body": {"Your visit is tomorrow."}, "StatusCallback": {hooks.URL}}
				req, _ := http.NewRequest("POST", "http://"+x.sim+"/2010-04-01/Accounts/"+phonesim.DemoAccountSID+"/Messages.json", strings.NewReader(form.Encode()))
				req.SetBasicAuth(phonesim.DemoAccountSID, phonesim.DemoAuthToken)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				resp, err := http.DefaultClient.Do(req)
				if err != nil || resp.StatusCode != http.StatusCreated {
					x.t.Errorf("the bare application could not send: %v", err)
					return
				}
				resp.Body.Close()
			}
		}()
	}
	for i := range n {
		work <- numbered(i)
	}
	close(work)
	left.Wait()
	perSecond = float64(n) / time.Since(began).Seconds()
	x.phone(x.t, office).ask("POST", "/sim/reset", nil, nil)
	return perSecond
}
