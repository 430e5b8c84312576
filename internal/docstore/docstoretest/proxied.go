package docstoretest

import (
	"net/url"
	"testing"

	"github.com/muster-health/muster/internal/mongotest/txproxy"
)

// WithTransactions starts a proxy before the server at uri, which StartFerretDB gave, and returns
// the URL that leads through it: with o's zero value to a replica set that keeps transactions.
// The proxy ends with the test, which fails if a transaction could not be undone.
func WithTransactions(t *testing.T, uri string, o txproxy.Options) (through string, p *txproxy.Proxy) {
	t.Helper()
	server, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	p, err = txproxy.Start(server.Host, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close the proxy: %v", err)
		}
	})
	options := "replicaSet=" + txproxy.SetName
	if o.Mode == txproxy.Refuse {
		options = "directConnection=true"
	}
	// Whoever waits for a transaction to end holds a connection meanwhile, and the transaction
	// needs one as well: the pool must not be what they wait for.
	return "mongodb://" + p.Addr() + server.Path + "?maxPoolSize=0&" + options, p
}
