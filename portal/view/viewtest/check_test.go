package viewtest

import (
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct{ page, want string }{
		"good":              {`<main id="m"><h1>A</h1><p>b<br></p><a href="#m">x</a><svg><path d=""/></svg></main>`, ""},
		"not closed":        {`<div><p>a</p>`, "never closed"},
		"crossed":           {`<b><i>a</b></i>`, "where"},
		"inline style":      {`<p style="color:red">a</p>`, "style="},
		"style element":     {`<style>p{}</style>`, "<style>"},
		"inline script":     {`<script>1</script>`, "<script>"},
		"handler":           {`<p onclick="x()">a</p>`, "scripts stay out"},
		"htmx handler":      {`<p hx-on:click="x()">a</p>`, "scripts stay out"},
		"htmx eval":         {`<p hx-vals="js:{a:1}">a</p>`, "needs eval"},
		"htmx filter":       {`<p hx-trigger="click[ctrlKey]">a</p>`, "needs eval"},
		"script address":    {`<a href="javascript:x()">a</a>`, "runs a script"},
		"same id":           {`<p id="a">a</p><p id="a">b</p>`, "twice"},
		"dead label":        {`<label for="x">a</label>`, "not there"},
		"dead description":  {`<p aria-describedby="x">a</p>`, "not there"},
		"unlabelled":        {`<input name="a" id="a">`, "no label"},
		"labelled":          {`<label for="a">A</label><input name="a" id="a">`, ""},
		"hidden":            {`<input type="hidden" name="a">`, ""},
		"skipped heading":   {`<h1>a</h1><h3>b</h3>`, "<h3> after <h1>"},
		"form in form":      {`<form><form></form></form>`, "in a <form>"},
		"block in a line":   {`<p><div>a</div></p>`, "in a <p>"},
		"unsafe address":    {`<a href="#ZgotmplZ">a</a>`, "ZgotmplZ"},
		"missing value":     {`<p>&lt;no value&gt;<no value></p>`, "no value"},
		"link to nowhere":   {`<a href="">a</a>`, "goes nowhere"},
		"picture, no words": {`<img src="a.png">`, "without alt"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(Problems([]byte(c.page)), "; ")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
