package server

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// maxFormBody is how long a body for what is mounted may be, in bytes.
const maxFormBody = 256 << 10

// scriptedLogin are the endpoints under /auth that apps in browsers call by
// script. Pages, and what redirects to them, aren't among them.
var scriptedLogin = []string{
	"/auth/token", "/auth/revoke", "/auth/introspect", "/auth/userinfo", "/auth/jwks",
	"/auth/.well-known/openid-configuration",
}

// mountPages puts the authorization server with its pages under /auth and the
// sample app under /app. They answer for themselves: with pages, redirects and
// OAuth's errors, not FHIR's, and they guard their forms.
func (s *Server) mountPages(app http.Handler) {
	if app != nil {
		shown := s.answer(&route{path: "/app", public: true, mounted: true, handle: serveWith(app)})
		for _, m := range methods {
			s.mux.Handle(m, "/app", shown)
			s.mux.Handle(m, "/app/*rest", shown)
		}
	}
	if s.login == nil || s.login.Handler == nil {
		return
	}
	serve := serveWith(s.login.Handler)
	page := s.answer(&route{path: "/auth", public: true, mounted: true, handle: serve})
	scripted := s.answer(&route{path: "/auth", public: true, mounted: true, anyOrigin: true, handle: serve})
	preflight := s.answer(&route{
		path: "/auth", public: true, anyOrigin: true, handle: options("GET, HEAD, OPTIONS, POST"),
	})
	for _, m := range methods {
		s.mux.Handle(m, "/auth/*rest", func(c *gin.Context) {
			switch {
			case !slices.Contains(scriptedLogin, c.Request.URL.Path):
				page(c)
			case m == http.MethodOptions:
				preflight(c)
			default:
				scripted(c)
			}
		})
	}
}

// serveWith hands a request on, with what the server knows of it in its context.
func serveWith(h http.Handler) func(*exchange) error {
	return func(x *exchange) error {
		r := x.c.Request
		r.Body = http.MaxBytesReader(x.c.Writer, r.Body, maxFormBody)
		x.c.Writer.Header().Set("Cache-Control", "no-store")
		h.ServeHTTP(x.c.Writer, r.WithContext(x.context()))
		return nil
	}
}
