package login

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"
)

//go:embed templates style.css icon.svg
var files embed.FS

// templates has one set for each page: the layout and the page's own part.
var templates = parse("signin", "patient", "consent", "apps", "setup", "signout", "problem", "done")

func parse(names ...string) map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.ParseFS(files, "templates/layout.html", "templates/"+name+".html"))
	}
	return all
}

// pageData is what every page shows; Page is its own part.
type pageData struct {
	Title  string
	Text   string  // a sentence below the title
	Form   string  // the token that forms bring along
	User   string  // who has signed in, "" for nobody
	Errors []fault // what to mend before the form can be taken
	Page   any     // the page's own
}

// fault is something to mend in a form's field.
type fault struct{ Field, Text string }

// For gives what is wrong with a field, "" for nothing.
func (d pageData) For(field string) string {
	for _, f := range d.Errors {
		if f.Field == field {
			return f.Text
		}
	}
	return ""
}

// show renders a page as a whole before it sends anything.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, status int, name string, d pageData) {
	var page bytes.Buffer
	if err := templates[name].ExecuteTemplate(&page, "layout", d); err != nil {
		p.Log.ErrorContext(r.Context(), "login page", "page", name, "cause", err)
		http.Error(w, errInside.title, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // a visitor who has gone doesn't miss it
}

// file serves one of the files that go with the pages. Browsers ask again after
// an hour.
func file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		guard(w.Header(), nil)
		w.Header().Del("Pragma")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		http.ServeFileFS(w, r, files, name)
	}
}

// plural counts things: "1 minute", "2 minutes".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
