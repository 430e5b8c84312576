// Package web is what the pages of every audience share: handlers that return errors and the
// one mapping of errors to statuses, form decoding, flash, fragments, languages, limits and
// the security of each request.
//
// A handler looks like this:
//
//	func (h *handlers) callMe(w http.ResponseWriter, r *http.Request) error {
//		f, err := h.site.Form(w, r)
//		if err != nil {
//			return err
//		}
//		name := f.Text("name", web.Max(80))
//		phone := f.Text("phone")
//		if !f.OK() {
//			return h.site.Render(w, r, http.StatusUnprocessableEntity, h.callMePage(r, f))
//		}
//		if err := h.people.CallMe(r.Context(), f.Once(), name, phone); err != nil {
//			return fmt.Errorf("ask for a call: %w", err)
//		}
//		h.site.Flash(r, view.Done, h.site.T(r, "callme.thanks"))
//		return web.Redirect(w, r, "/join/thanks")
//	}
//
// and is mounted with router.Handle("/call-me", site.Handle(h.callMe)).Methods("POST").
package web
