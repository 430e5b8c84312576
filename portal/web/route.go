package web

import "net/http"

// Access says who may use a route. The map of the site states it; the guard of the audience and
// the roles of staff keep it.
type Access string

// Who may use a route: everybody, or who is signed in as a participant. Pages of staff say which
// permission they ask for, see StaffMay.
const (
	Public      Access = "public"
	Participant Access = "participant"
)

// StaffMay is the access of members of staff whose role has a permission.
func StaffMay(permission string) Access { return Access("staff: " + permission) }

// Route is one address of the site: the only kind there is, so that one map can be read, mounted
// and tested. Variables in Path are written {id}.
type Route struct {
	Method, Path string
	Access       Access
	Handler      http.Handler
}

// Routes collects the routes of one audience.
type Routes []Route

// Add makes a route of a handler with what its site puts around it.
func (rs *Routes) Add(s *Site, a Access, method, path string, h Handler) {
	*rs = append(*rs, Route{method, path, a, s.Handle(h)})
}
