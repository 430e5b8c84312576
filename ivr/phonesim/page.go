package phonesim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Twilio's page sizes.
const (
	defaultPageSize = 50
	maxPageSize     = 1000
)

// page is one page of a list; the resources are under the list's own name.
func page[T any](r *http.Request, name string, all []T, sid func(T) string, show func(T) any) (map[string]any, *apiError) {
	q := r.URL.Query()
	size := defaultPageSize
	if v := q.Get("PageSize"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return nil, refuseAs(http.StatusBadRequest, 20001, "PageSize is not a number from 1 to 1000")
		}
		size = min(n, maxPageSize)
	}
	number, _ := strconv.Atoi(q.Get("Page"))
	start := number * size
	// A token names the last resource of the page before, so that new resources
	// arriving meanwhile neither repeat nor hide any.
	if token := q.Get("PageToken"); token != "" {
		at := slices.IndexFunc(all, func(v T) bool { return strings.HasSuffix(token, sid(v)) })
		if at < 0 || len(token) < 2 {
			return nil, refuseAs(http.StatusBadRequest, 21481, "The PageToken is not valid")
		}
		start = at + 1
		if strings.HasPrefix(token, "PB") {
			start = max(0, at-size)
		}
	}
	start = min(max(start, 0), len(all))
	end := min(start+size, len(all))
	items := []any{}
	for _, v := range all[start:end] {
		items = append(items, show(v))
	}
	filters := ""
	for _, pair := range sortedPairs(q) {
		filters += pair + "&"
	}
	uri := func(n int, token string) string {
		u := r.URL.Path + "?" + filters + "PageSize=" + strconv.Itoa(size) + "&Page=" + strconv.Itoa(n)
		if token != "" {
			u += "&PageToken=" + token
		}
		return u
	}
	last := start + len(items) - 1
	out := map[string]any{
		name: items, "page": number, "page_size": size, "start": start, "end": max(last, start),
		"uri": uri(number, q.Get("PageToken")), "first_page_uri": uri(0, ""),
		"next_page_uri": nil, "previous_page_uri": nil,
	}
	if len(items) == 0 {
		out["start"], out["end"] = 0, 0
	}
	if end < len(all) && len(items) > 0 {
		out["next_page_uri"] = uri(number+1, "PA"+sid(all[end-1]))
	}
	if number > 0 && start > 0 {
		out["previous_page_uri"] = uri(number-1, "PB"+sid(all[min(start, len(all)-1)]))
	}
	return out, nil
}

// sortedPairs are a list's filters without its paging.
func sortedPairs(q url.Values) []string {
	var out []string
	for k, v := range q {
		if k == "PageSize" || k == "Page" || k == "PageToken" {
			continue
		}
		for _, x := range v {
			out = append(out, url.QueryEscape(k)+"="+url.QueryEscape(x))
		}
	}
	slices.Sort(out)
	return out
}
