package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientIP is where a request came from. X-Forwarded-For is believed only as far as it was
// written by the site's own proxies: read from the right, the first address that is not one of
// them. The zero Addr means unknown.
func (s *Site) ClientIP(r *http.Request) netip.Addr {
	peer := address(r.RemoteAddr)
	if !s.trusts(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		ip := address(strings.TrimSpace(hops[i]))
		if !ip.IsValid() {
			return peer
		}
		if !s.trusts(ip) {
			return ip
		}
		peer = ip
	}
	return peer
}

func (s *Site) trusts(ip netip.Addr) bool {
	for _, p := range s.Proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func address(s string) netip.Addr {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	ip, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}
