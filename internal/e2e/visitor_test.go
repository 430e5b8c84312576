package e2e

import "testing"

// visitor is somebody at a web browser: a real one, or one made of requests. What cannot be done
// fails the test.
type visitor interface {
	// open goes to an address of the site and returns the status of the page.
	open(path string) int
	// press presses the button or link that reads so, and returns the status of the page that
	// follows. Where there are several, near is text beside the right one.
	press(label string, near ...string) int
	// fill types into the field of that name, picks the option, or ticks the box, by value or label.
	fill(name, value string)
	// path is where the visitor is now.
	path() string
	// says is the text of the page's main part.
	says() string
	// links are where the links of the page's main part lead.
	links() []string
	// look keeps a picture of the page at both widths.
	look(name string)
}

// door makes visitors of a site.
type door func(t *testing.T, h *house, width int) visitor

// sees fails the test unless the page says each of words.
func sees(t *testing.T, v visitor, words ...string) {
	t.Helper()
	has(t, "the page "+v.path(), v.says(), words...)
}

// goes opens a page that must be there.
func goes(t *testing.T, v visitor, path string) {
	t.Helper()
	if status := v.open(path); status != 200 {
		t.Fatalf("%s answers %d:\n%s", path, status, v.says())
	}
}

// on fails the test unless the visitor is at the address.
func on(t *testing.T, v visitor, path string) {
	t.Helper()
	if got := v.path(); got != path {
		t.Fatalf("at %s, want %s:\n%s", got, path, v.says())
	}
}
