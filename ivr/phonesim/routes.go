package phonesim

import (
	"net/http"

	"github.com/gorilla/mux"
)

// routes is the map of everything the simulator serves.
func (s *Simulator) routes() http.Handler {
	r := mux.NewRouter()

	api := r.PathPrefix("/" + apiVersion + "/Accounts/{account}").Subrouter()
	for _, x := range []struct {
		method, path string
		f            restFunc
	}{
		{"POST", "/Messages.json", s.createMessage},
		{"GET", "/Messages.json", s.listMessages},
		{"GET", "/Messages/{sid}.json", s.fetchMessage},
		{"POST", "/Messages/{sid}.json", s.updateMessage},
		{"DELETE", "/Messages/{sid}.json", s.deleteMessage},
		{"POST", "/Calls.json", s.createCall},
		{"GET", "/Calls.json", s.listCalls},
		{"GET", "/Calls/{sid}.json", s.fetchCall},
		{"POST", "/Calls/{sid}.json", s.updateCall},
		{"DELETE", "/Calls/{sid}.json", s.deleteCall},
		{"GET", "/Calls/{call}/Recordings.json", s.listRecordings},
		{"GET", "/Recordings.json", s.listRecordings},
		{"GET", "/Recordings/{sid}.json", s.fetchRecording},
		{"DELETE", "/Recordings/{sid}.json", s.deleteRecording},
		{"GET", "/Recordings/{sid:RE[0-9a-f]{32}}.wav", s.recordingMedia},
		{"GET", "/Recordings/{sid:RE[0-9a-f]{32}}", s.recordingMedia},
		{"GET", "/IncomingPhoneNumbers.json", s.listNumbers},
		{"GET", "/IncomingPhoneNumbers/{sid}.json", s.fetchNumber},
		{"POST", "/IncomingPhoneNumbers/{sid}.json", s.updateNumber},
	} {
		api.Handle(x.path, s.rest(x.f)).Methods(x.method)
	}
	r.Handle("/"+apiVersion+"/Accounts/{account}.json", s.rest(s.fetchAccount)).Methods("GET")
	r.Handle(servicesPath+"{sid}", s.rest(s.fetchService)).Methods("GET")
	r.PathPrefix("/" + apiVersion + "/").Handler(s.rest(func(*http.Request) (int, any, *apiError) {
		return 0, nil, refuseAs(http.StatusNotFound, 20404, errorWords(20404))
	}))

	sim := r.PathPrefix("/sim").Subrouter()
	sim.Handle("/phones", manage(s.getPhones)).Methods("GET")
	sim.Handle("/phones/{number}", manage(s.getPhone)).Methods("GET")
	sim.Handle("/phones/{number}", manage(s.putPhone)).Methods("PUT")
	sim.Handle("/phones/{number}/sms", manage(s.postText)).Methods("POST")
	sim.Handle("/phones/{number}/calls", manage(s.postCall)).Methods("POST")
	sim.Handle("/calls/{sid}", manage(s.getCall)).Methods("GET")
	sim.Handle("/calls/{sid}/answer", manage(s.postAnswer)).Methods("POST")
	sim.Handle("/calls/{sid}/digits", manage(s.postDigits)).Methods("POST")
	sim.Handle("/calls/{sid}/speech", manage(s.postSpeech)).Methods("POST")
	sim.Handle("/calls/{sid}/hangup", manage(s.postHangup)).Methods("POST")
	sim.Handle("/log", manage(s.getLog)).Methods("GET")
	sim.Handle("/webhooks", manage(s.getWebhooks)).Methods("GET")
	sim.Handle("/faults", manage(s.getFaults)).Methods("GET")
	sim.Handle("/faults", manage(s.putFaults)).Methods("PUT")
	sim.Handle("/clock", manage(s.getClock)).Methods("GET")
	sim.Handle("/clock/advance", manage(s.postAdvance)).Methods("POST")
	sim.Handle("/reset", manage(s.postReset)).Methods("POST")
	sim.HandleFunc("/events", s.events).Methods("GET")

	r.HandleFunc("/", s.deskPage).Methods("GET")
	r.HandleFunc("/handset/{number}", s.handsetPage).Methods("GET")
	r.PathPrefix("/assets/").Handler(assetServer()).Methods("GET")
	return s.guard(r)
}
