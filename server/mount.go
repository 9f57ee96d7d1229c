package server

import (
	"net/http"
	"strings"

	"caseway/auth"
	"caseway/server/site"
)

// maxFormBody is how long a body for what is mounted may be, in bytes.
const maxFormBody = 256 << 10

// mountPages puts the documents under /docs, the authorization server with its
// pages under /auth and the sample app under /app. They answer for themselves: with pages, redirects and
// OAuth's errors, not FHIR's; they guard their forms and say which web pages of
// elsewhere may call them.
func (s *Server) mountPages(app http.Handler) {
	s.mountAt("/docs", site.Handler())
	if app != nil {
		s.mountAt("/app", app)
	}
	if s.login != nil && s.login.Handler != nil {
		s.mountAt("/auth", s.login.Handler)
	}
}

func (s *Server) mountAt(path string, h http.Handler) {
	answer := s.answer(&route{path: path, public: true, mounted: true, handle: serveWith(h)})
	for _, m := range methods {
		s.mux.Handle(m, path, answer)
		s.mux.Handle(m, path+"/*rest", answer)
	}
}

// serveWith hands a request on, with what the server knows of it in its context.
func serveWith(h http.Handler) func(*exchange) error {
	return func(x *exchange) error {
		if x.isMisnamed() {
			http.Redirect(x.c.Writer, x.c.Request, x.server.baseURL+x.c.Request.URL.RequestURI(), http.StatusTemporaryRedirect)
			return nil
		}
		r := x.c.Request
		r.Body = http.MaxBytesReader(x.c.Writer, r.Body, maxFormBody)
		x.c.Writer.Header().Set("Cache-Control", "no-store")
		r = r.WithContext(x.context())
		r.RemoteAddr = x.client.address // which a trusted proxy may have said
		h.ServeHTTP(x.c.Writer, r)
		return nil
	}
}

// isMisnamed reports whether a person looks at a page by another of loopback's
// names than the server's own: cookies and tokens are for that one.
func (x *exchange) isMisnamed() bool {
	r := x.c.Request
	own := hostOf(x.server.baseURL)
	return r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") && own != "" && r.Host != own &&
		isLoopbackName(own) && isLoopbackName(r.Host)
}

func isLoopbackName(host string) bool { return auth.IsLoopback(nameOf(host)) }
