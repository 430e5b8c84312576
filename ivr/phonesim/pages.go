package phonesim

import (
	"embed"
	"html/template"
	"net/http"

	"github.com/gorilla/mux"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

var pages = template.Must(template.New("").ParseFS(pageFiles, "pages/*.html"))

// pageData is what the two pages need before their script runs.
type pageData struct {
	Title  string
	Number string // of the handset page
	Label  string
	Faults []faultGroup
}

type faultGroup struct {
	Name  string
	Kinds []faultWords
}

func assetServer() http.Handler { return http.FileServerFS(assetFiles) }

// deskPage shows every phone, two of them open side by side.
func (s *Simulator) deskPage(w http.ResponseWriter, r *http.Request) {
	data := pageData{Title: "Phones on this desk"}
	for _, f := range faultKinds() {
		if n := len(data.Faults); n == 0 || data.Faults[n-1].Name != f.Group {
			data.Faults = append(data.Faults, faultGroup{Name: f.Group})
		}
		last := &data.Faults[len(data.Faults)-1]
		last.Kinds = append(last.Kinds, f)
	}
	showPage(w, "desk.html", data)
}

// handsetPage shows one phone.
func (s *Simulator) handsetPage(w http.ResponseWriter, r *http.Request) {
	n, ok := e164(mux.Vars(r)["number"])
	s.lock()
	var h *handset
	if ok {
		h = s.phone(n)
	}
	label := s.label(n)
	s.unlock()
	if h == nil {
		http.Error(w, "There is no such phone here. "+errNotFiction.Error()+".", http.StatusNotFound)
		return
	}
	showPage(w, "handset.html", pageData{Title: label, Number: n, Label: label})
}

func showPage(w http.ResponseWriter, name string, data pageData) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		panic(err) // a broken template is found by the tests
	}
}
