package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// signedBy says whether Twilio signed a form posted to address: HMAC-SHA1 of the address as it is
// configured, byte for byte, and each key and value in the order of the keys. Twilio may have
// signed the address with its port, without it, or with the usual one of the scheme added.
// Source: twilio.com/docs/usage/security, and the verdicts of its libraries for Go and node.
//
// The form must have no key twice: see Webhooks.
func signedBy(authToken, address string, form url.Values, signature string) bool {
	var params strings.Builder
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		params.WriteString(k + form.Get(k))
	}
	ok := 0
	for _, a := range withAndWithoutPort(address) {
		mac := hmac.New(sha1.New, []byte(authToken))
		mac.Write([]byte(a + params.String()))
		ok |= subtle.ConstantTimeCompare([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(signature))
	}
	return ok == 1
}

// withAndWithoutPort gives the two forms an address may have been signed in.
func withAndWithoutPort(address string) []string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return []string{address}
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	colon := strings.LastIndexByte(host, ':')
	if colon > strings.LastIndexByte(host, ']') && colon > strings.LastIndexByte(host, '@') {
		return []string{address, scheme + "://" + host[:colon] + path}
	}
	port := map[string]string{"https": ":443", "http": ":80"}[scheme]
	return []string{address, scheme + "://" + host + port + path}
}
