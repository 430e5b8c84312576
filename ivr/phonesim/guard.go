package phonesim

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// contentPolicy lets pages use only this server's own files and show the pages of
// an application on the same computer in a frame; sounds may come from there too.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"media-src 'self' http://127.0.0.1:* http://localhost:*; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"

// guard answers this computer only: the peer must be loopback, and the Host too,
// so that a web page elsewhere cannot point a name of its own here. Changes from
// another site's page are refused.
func (s *Simulator) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", contentPolicy)
		if !loopbackPeer(r.RemoteAddr) || !loopbackHost(r.Host) {
			http.Error(w, "The simulated phone network answers only this computer.", http.StatusForbidden)
			return
		}
		if err := crossOrigin.Check(r); err != nil {
			http.Error(w, "This request came from another site.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopbackPeer(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
