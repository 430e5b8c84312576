package phonesim

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's scheme
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// Sign makes the X-Twilio-Signature of a webhook: base64(HMAC-SHA1(token, URL
// and then every parameter's key and value, keys in byte order)). Values of a
// repeated key are sorted and taken once each, as Twilio's own Node library does.
// The URL's fragment (connection overrides) is never signed; a GET request and a
// JSON body sign the URL alone, so pass nil. Source: twilio.com/docs/usage/security.
func Sign(token, rawURL string, params url.Values) string {
	rawURL, _, _ = strings.Cut(rawURL, "#")
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(rawURL))
	keys := make([]string, 0, len(params))
	for k := range params {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		values := slices.Clone(params[k])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			mac.Write([]byte(k))
			mac.Write([]byte(v))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
