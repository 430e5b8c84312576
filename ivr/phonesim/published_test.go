package phonesim

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"
)

// shown makes one of each resource and returns the answers of the API about them, by the request
// as Twilio's documentation writes it.
func (r *rig) shown() map[string]map[string]any {
	r.Helper()
	r.app.on("/voice", `<Response><Record/></Response>`)
	out := map[string]map[string]any{}
	ask := func(name, method, path string, form url.Values) map[string]any {
		r.Helper()
		status, v, _ := r.rest(method, path, form)
		if status/100 != 2 {
			r.Fatalf("%s: %d %v", name, status, v)
		}
		out[name] = v
		return v
	}
	const account = "/2010-04-01/Accounts/{AccountSid}"
	m := ask("POST "+account+"/Messages.json 201", "POST", "/Messages.json", url.Values{"To": {dana}, "From": {ours}, "Body": {"Hello"}})["sid"].(string)
	c := ask("POST "+account+"/Calls.json 201", "POST", "/Calls.json", url.Values{"To": {dana}, "From": {ours}, "Url": {r.app.server.URL + "/voice"}})["sid"].(string)
	r.advance(time.Second)
	r.must("POST", "/sim/calls/"+c+"/answer", nil, nil)
	r.must("POST", "/sim/calls/"+c+"/speech", map[string]string{"text": "this is what I say"}, nil)
	r.advance(time.Minute)
	for name, path := range map[string]string{"Messages": m, "Calls": c} {
		ask("GET "+account+"/"+name+"/{Sid}.json 200", "GET", "/"+name+"/"+path+".json", nil)
		ask("GET "+account+"/"+name+".json 200", "GET", "/"+name+".json", nil)
	}
	ask("POST "+account+"/Messages/{Sid}.json 200", "POST", "/Messages/"+m+".json", url.Values{"Body": {""}})
	numbers := ask("GET "+account+"/IncomingPhoneNumbers.json 200", "GET", "/IncomingPhoneNumbers.json", nil)
	out["number"] = numbers["incoming_phone_numbers"].([]any)[0].(map[string]any)
	recordings := ask("recordings", "GET", "/Recordings.json", nil)
	out["recording"] = recordings["recordings"].([]any)[0].(map[string]any)
	return out
}

// Each resource has the fields that Twilio's library for Go has, which is made from Twilio's own
// description of its API, and each field its type.
func TestAnswersAreThoseOfTwiliosLibrary(t *testing.T) {
	r := newRig(t)
	all := r.shown()
	for name, into := range map[string]any{
		"GET /2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json 200": &openapi.ApiV2010Message{},
		"GET /2010-04-01/Accounts/{AccountSid}/Calls/{Sid}.json 200":    &openapi.ApiV2010Call{},
		"number":    &openapi.ApiV2010IncomingPhoneNumber{},
		"recording": &openapi.ApiV2010Recording{},
	} {
		answer := all[name]
		body, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%s: %v in %s", name, err, body)
		}
		fields := reflect.TypeOf(into).Elem()
		for i := range fields.NumField() {
			field, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
			if _, ok := answer[field]; !ok && !slices.Contains([]string{"encryption_details", "error_code", "media_url"}, field) {
				t.Errorf("%s lacks %q", name, field)
			}
		}
	}
}

// Where Twilio's published examples are at hand, our answers have every field of theirs, of the same
// type, and dates written alike.
func TestAnswersAreThoseOfTwiliosExamples(t *testing.T) {
	dir := os.Getenv("MUSTER_REAL_DATA")
	if dir == "" {
		t.Skip("skipped: MUSTER_REAL_DATA not set")
	}
	packed, err := os.Open(filepath.Join(dir, "messaging", "twilio-rest-examples.json.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: no examples of the API in MUSTER_REAL_DATA")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	data, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	var examples map[string]map[string]map[string]any
	if err := json.NewDecoder(data).Decode(&examples); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	ours, compared := r.shown(), 0
	for request, cases := range examples {
		answer, ok := ours[request]
		if !ok {
			t.Logf("not asked for here: %s", request)
			continue
		}
		for name, example := range cases {
			compared++
			for _, difference := range unlike(example, answer) {
				t.Errorf("%s, %s: %s", request, name, difference)
			}
		}
	}
	if compared < 20 {
		t.Errorf("%d examples compared, which is too few", compared)
	}
	t.Logf("%d published examples compared", compared)
}

// unlike says what an answer lacks of an example, or has in another form. Of lists the first members
// are compared.
func unlike(example, answer map[string]any) (out []string) {
	for field, want := range example {
		got, ok := answer[field]
		switch {
		case !ok:
			out = append(out, "no "+field)
		case want == nil || got == nil:
		case reflect.TypeOf(want) != reflect.TypeOf(got):
			out = append(out, field+" is a "+reflect.TypeOf(got).String()+", theirs is a "+reflect.TypeOf(want).String())
		case strings.HasPrefix(field, "date_"):
			if _, err := time.Parse(time.RFC1123Z, got.(string)); err != nil {
				out = append(out, field+" is written "+got.(string))
			}
		}
		if list, ok := want.([]any); ok && len(list) > 0 {
			mine, _ := got.([]any)
			if len(mine) == 0 {
				out = append(out, field+" is empty")
				continue
			}
			if first, ok := list[0].(map[string]any); ok {
				out = append(out, unlike(first, mine[0].(map[string]any))...)
			}
		}
	}
	return out
}
