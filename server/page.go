package server

import (
	"context"
	"net/http"

	"caseway/fhir/search"
	"caseway/server/site"
)

// shownCases is how many cases the page at / names.
const shownCases = "6"

// page is GET /: what is here, for a person who looks.
func page(x *exchange) error {
	s := x.server
	start := site.Start{Version: s.version, Login: s.login != nil && s.login.Handler != nil, App: s.app}
	if s.login == nil && s.cases != nil {
		start.Cases = s.someCases(x.context())
	}
	text, err := start.Page()
	if err != nil {
		return err
	}
	h := x.c.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", site.Policy())
	x.write(http.StatusOK, text)
	return nil
}

// someCases are a few to look at. A store that can't be searched now has none to
// show, which the page needn't explain.
func (s *Server) someCases(ctx context.Context) (all []site.Case) {
	list, err := s.cases.List(ctx, []search.Pair{{Name: "count", Value: shownCases}})
	if err != nil {
		return nil
	}
	for _, c := range list.Cases {
		name := c.Client.Name
		if name == "" {
			name = string(c.Client.Ref)
		}
		all = append(all, site.Case{ID: c.ID, Client: name, Phase: string(c.Phase)})
	}
	return all
}
